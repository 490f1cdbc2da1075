<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

/** Against a running gateway: what was answered is told again. */
final class LostAnswersTest extends GatewayTestCase
{
    public function test_the_answer_of_a_payment_that_was_asked_for_is_told_again(): void
    {
        $key = 'order/' . self::key() . '?a=%2F';
        $created = $this->ask($this->demo->get, idempotencyKey: $key);
        $result = $this->client->lostAnswer($key)['result'];
        self::assertSame([$created->paymentId, $created->link], [$result['payment_id'], $result['link']]);
    }

    public function test_the_answer_of_a_refund_is_told_again_for_its_payment_only(): void
    {
        $id = $this->pay($this->demo->get, $this->demo->phones[11]);
        $key = self::key();
        $refund = $this->client->refundPayment($id, 4_000, idempotencyKey: $key);
        $result = $this->client->lostAnswer($key, $id)['result'];
        self::assertSame([$refund->refundId, '4000'], [$result['refund_id'], $result['amount']]);
        $error = $this->apiError(fn () => $this->client->lostAnswer($key));
        self::assertSame([404, 'idempotency_key_not_found'], [$error->status, $error->errorCode]);
    }

    public function test_a_key_that_was_never_sent_has_no_answer(): void
    {
        $error = $this->apiError(fn () => $this->client->lostAnswer(self::key()));
        self::assertSame([404, 'idempotency_key_not_found'], [$error->status, $error->errorCode]);
    }
}
