<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use PHPUnit\Framework\TestCase;
use Qisma\ApiException;
use Qisma\CreatedPayment;
use Qisma\Destination;
use Qisma\FieldMistake;
use Qisma\PaymentStatus;
use Qisma\Webhook;

/** Against a running gateway: what it offers is what the client speaks. */
final class GatewayTest extends TestCase
{
    private const TRACKING_ID = 'طلب 42';
    private const UNKNOWN = 'FoPKKHqfQIKfBqhEj8M47A';

    private Demo $demo;

    protected function setUp(): void
    {
        $this->demo = Demo::open();
    }

    public function test_a_payment_that_was_just_asked_for_is_pending_with_its_split(): void
    {
        $created = $this->ask($this->demo->get);
        self::assertSame(self::TRACKING_ID, $created->developerTrackingId);
        $payment = $this->demo->client($this->demo->get)->verifyPayment($created->paymentId);
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
        $key = 'php-' . bin2hex(random_bytes(16));
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
        $created = $this->pay($this->demo->get, $receiver, $this->demo->phones[0]);
        $received = $receiver->receive();
        self::assertSame('GET', $received->method);
        self::assertSame(['payment_id' => $created->paymentId, 'success' => 'True'], $received->query);
        $webhook = new Webhook($this->demo->get['webhook_secret']);
        self::assertNull($webhook->verify($received->body, $received->headers)->event);
        $payment = $this->demo->client($this->demo->get)->verifyPayment($created->paymentId);
        self::assertSame([PaymentStatus::Success, 'wallet'], [$payment->status, $payment->type]);
        self::assertSame('AVAILABLE', $payment->settlementStatus);
    }

    public function test_a_post_webhook_is_genuine_and_tells_what_happened(): void
    {
        $receiver = new Receiver();
        $created = $this->pay($this->demo->post, $receiver, $this->demo->phones[1]);
        $received = $receiver->receive();
        self::assertSame('POST', $received->method);
        $webhook = new Webhook($this->demo->post['webhook_secret']);
        $event = $webhook->verify($received->body, $received->headers)->event;
        self::assertNotNull($event);
        self::assertSame([$created->paymentId, 'SUCCESS'], [$event['payment_id'], $event['status']]);
        self::assertSame(self::TRACKING_ID, $event['developer_tracking_id']);
    }

    public function test_an_unknown_payment_is_not_found(): void
    {
        $client = $this->demo->client($this->demo->get);
        $error = $this->apiError(static fn () => $client->verifyPayment(self::UNKNOWN));
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
        $fields = array_map(static fn (FieldMistake $mistake) => $mistake->field, $error->mistakes);
        self::assertSame(['amount', 'fail_link'], $fields);
    }

    /** @return list<Destination> */
    private function split(): array
    {
        return [new Destination('1234', 8_000), new Destination('4321', 1_500)];
    }

    /** @param array<string, string> $app */
    private function ask(array $app, mixed ...$other): CreatedPayment
    {
        return $this->demo->client($app)->generatePayment(...$other + [
            'amount' => 10_000,
            'successLink' => 'https://shop.example/thanks',
            'failLink' => 'https://shop.example/sorry',
            'developerTrackingId' => self::TRACKING_ID,
            'destination' => $this->split(),
        ]);
    }

    /** @param array<string, string> $app */
    private function pay(array $app, Receiver $receiver, string $phone): CreatedPayment
    {
        $created = $this->ask($app, webhook: $receiver->url);
        (new Payer($this->demo->sandbox))->payByWallet((string) $created->link, $phone);
        return $created;
    }

    private function apiError(callable $work): ApiException
    {
        try {
            $work();
        } catch (ApiException $error) {
            return $error;
        }
        self::fail('it succeeded');
    }
}
