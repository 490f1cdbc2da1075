<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Destination;
use Qisma\PaymentStatus;
use Qisma\Webhook;

/** Against a running gateway: what it offers is what the client speaks. */
final class GatewayTest extends GatewayTestCase
{
    public function test_a_payment_that_was_just_asked_for_is_pending_with_its_split(): void
    {
        $created = $this->ask($this->demo->get);
        self::assertSame(self::TRACKING_ID, $created->developerTrackingId);
        $payment = $this->client->verifyPayment($created->paymentId);
        self::assertSame(['online', 10_000], [$payment->type, $payment->amount]);
        self::assertSame(PaymentStatus::Pending, $payment->status);
        self::assertSame('NOT_APPLICABLE', $payment->settlementStatus);
        self::assertSame(self::TRACKING_ID, $payment->developerTrackingId);
        $legs = array_map(
            static fn (array $leg) => new Destination($leg['destination'], $leg['amount']),
            $payment->details['destinations'],
        );
        self::assertEquals($this->split(), $legs);
    }

    public function test_the_same_key_gives_the_same_payment(): void
    {
        $key = self::key();
        $first = $this->ask($this->demo->get, idempotencyKey: $key);
        self::assertEquals($first, $this->ask($this->demo->get, idempotencyKey: $key));
        $error = $this->apiError(
            fn () => $this->ask($this->demo->get, amount: 20_000, idempotencyKey: $key),
        );
        self::assertSame([422, 'idempotency_key_reused'], [$error->status, $error->errorCode]);
    }

    public function test_a_payment_is_paid_by_wallet_and_the_get_webhook_is_genuine(): void
    {
        $receiver = new Receiver();
        $id = $this->pay($this->demo->get, $this->demo->phones[0], webhook: $receiver->url);
        $received = $receiver->receive();
        self::assertSame('GET', $received->method);
        self::assertSame(['payment_id' => $id, 'success' => 'True'], $received->query);
        $webhook = new Webhook($this->demo->get['webhook_secret']);
        self::assertNull($webhook->verify($received->body, $received->headers)->event);
        $payment = $this->client->verifyPayment($id);
        self::assertSame([PaymentStatus::Success, 'wallet'], [$payment->status, $payment->type]);
        self::assertSame('AVAILABLE', $payment->settlementStatus);
    }

    public function test_a_payment_is_paid_by_card_and_its_money_is_on_its_way(): void
    {
        $created = $this->ask($this->demo->get, acceptCard: true);
        (new Payer($this->demo->sandbox))->payByCard((string) $created->link, ...self::CARD);
        $payment = $this->client->verifyPayment($created->paymentId);
        self::assertSame([PaymentStatus::Success, 'card'], [$payment->status, $payment->type]);
        self::assertSame('PROCESSING', $payment->settlementStatus);
        self::assertSame('450921**1119', $payment->details['pan']);
    }

    public function test_a_post_webhook_is_genuine_and_tells_what_happened(): void
    {
        $receiver = new Receiver();
        $id = $this->pay($this->demo->post, $this->demo->phones[1], webhook: $receiver->url);
        $received = $receiver->receive();
        self::assertSame('POST', $received->method);
        $webhook = new Webhook($this->demo->post['webhook_secret']);
        $event = $webhook->verify($received->body, $received->headers)->event;
        self::assertNotNull($event);
        self::assertSame([$id, 'SUCCESS'], [$event['payment_id'], $event['status']]);
        self::assertSame(self::TRACKING_ID, $event['developer_tracking_id']);
    }

    public function test_an_unknown_payment_is_not_found(): void
    {
        $error = $this->apiError(fn () => $this->client->verifyPayment(self::UNKNOWN));
        self::assertSame([404, 'payment_not_found'], [$error->status, $error->errorCode]);
        self::assertNotEmpty($error->requestId);
    }

    public function test_wrong_keys_are_refused(): void
    {
        $client = $this->demo->client(['private_key' => 'wrong'] + $this->demo->get);
        $error = $this->apiError(static fn () => $client->verifyPayment(self::UNKNOWN));
        self::assertSame([401, 'credentials_invalid'], [$error->status, $error->errorCode]);
    }

    public function test_mistakes_are_reported_field_by_field(): void
    {
        $error = $this->apiError(fn () => $this->ask($this->demo->get, amount: 0, failLink: 'x'));
        self::assertSame([400, 'request_invalid'], [$error->status, $error->errorCode]);
        self::assertSame(['amount', 'fail_link'], $this->fields($error));
    }
}
