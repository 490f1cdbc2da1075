<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Destination;
use Qisma\PaymentStatus;

/** Against a running gateway: money goes back, once. */
final class RefundsTest extends GatewayTestCase
{
    public function test_a_payment_is_given_back_whole_and_not_twice(): void
    {
        $id = $this->paid(2);
        $refund = $this->client->refundPayment($id);
        self::assertSame([$id, 10_000, 'success'], [$refund->paymentId, $refund->amount, $refund->status]);
        self::assertEquals($this->shares(), $refund->reversals);
        self::assertNotNull($refund->refundedAt);
        $payment = $this->client->verifyPayment($id);
        self::assertSame([PaymentStatus::Success, 'NOT_APPLICABLE'], [$payment->status, $payment->settlementStatus]);
        $error = $this->apiError(fn () => $this->client->refundPayment($id));
        self::assertSame([409, 'refund_not_allowed'], [$error->status, $error->errorCode]);
        self::assertSame(['REFUND_NOT_ALLOWED', false], [$error->flouciCode, $error->outcomeUnknown]);
    }

    public function test_a_payment_is_given_back_in_parts_and_no_more_than_is_left(): void
    {
        $id = $this->paid(3);
        $first = $this->client->refundPayment($id, 2_000);
        self::assertSame([2_000, 'success'], [$first->amount, $first->status]);
        $fifth = static fn (Destination $share) => new Destination($share->destination, intdiv($share->amount, 5));
        self::assertEquals(array_map($fifth, $this->shares()), $first->reversals);
        $error = $this->apiError(fn () => $this->client->refundPayment($id, 8_001));
        self::assertSame(['amount'], $this->fields($error));
        self::assertSame(8_000, $this->client->refundPayment($id)->amount);
        $refunds = $this->client->verifyPayment($id)->details['refunds'];
        self::assertSame(['success', 'success'], array_column($refunds, 'status'));
    }

    public function test_a_refund_is_taken_from_the_shares_that_are_named(): void
    {
        $id = $this->paid(4);
        $named = [new Destination('4321', 1_000)];
        $alone = $this->client->refundPayment($id, reversals: $named);
        self::assertSame(1_000, $alone->amount);
        self::assertEquals($named, $alone->reversals);
        // What the named ones leave of the amount comes from the caller's own share.
        $both = $this->client->refundPayment($id, 3_300, [new Destination('1234', 3_000)]);
        self::assertEquals([new Destination('1234', 3_000), new Destination('1000', 300)], $both->reversals);
        $stranger = [new Destination('5678', 1)];
        $error = $this->apiError(fn () => $this->client->refundPayment($id, reversals: $stranger));
        self::assertSame([400, 'request_invalid'], [$error->status, $error->errorCode]);
        self::assertSame(['reversals[0].destination'], $this->fields($error));
    }

    public function test_the_same_key_gives_back_once(): void
    {
        $id = $this->paid(5);
        $key = self::key();
        $first = $this->client->refundPayment($id, 4_000, idempotencyKey: $key);
        self::assertEquals($first, $this->client->refundPayment($id, 4_000, idempotencyKey: $key));
        $error = $this->apiError(fn () => $this->client->refundPayment($id, 5_000, idempotencyKey: $key));
        self::assertSame([422, 'idempotency_key_reused'], [$error->status, $error->errorCode]);
        self::assertSame(6_000, $this->client->refundPayment($id)->amount);
    }

    public function test_what_nobody_paid_is_not_given_back(): void
    {
        $id = $this->ask($this->demo->get)->paymentId;
        $error = $this->apiError(fn () => $this->client->refundPayment($id));
        self::assertSame([409, 'refund_not_allowed'], [$error->status, $error->errorCode]);
    }

    public function test_an_unknown_payment_is_not_given_back(): void
    {
        $error = $this->apiError(fn () => $this->client->refundPayment(self::UNKNOWN));
        self::assertSame([404, 'payment_not_found'], [$error->status, $error->errorCode]);
    }

    private function paid(int $phone): string
    {
        return $this->pay($this->demo->get, $this->demo->phones[$phone]);
    }

    /** @return list<Destination> the calling merchant's own is what the split leaves */
    private function shares(): array
    {
        return [...$this->split(), new Destination('1000', 500)];
    }
}
