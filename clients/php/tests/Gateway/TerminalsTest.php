<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\StartedPosTransaction;

/** Against a running gateway: payments at a terminal. */
final class TerminalsTest extends GatewayTestCase
{
    public function test_what_happens_at_the_terminal_is_told(): void
    {
        foreach (['pay' => 'PS', 'decline' => 'PF'] as $button => $wanted) {
            $transaction = $this->started(self::key());
            self::assertSame('P', $this->statusOf($transaction));
            (new Payer($this->demo->sandbox))->pressAtTerminal('1000', $transaction->terminalId, $button);
            self::assertSame($wanted, $this->statusOf($transaction));
        }
    }

    public function test_a_transaction_is_found_by_the_callers_own_reference(): void
    {
        $name = self::key();
        $transaction = $this->started($name);
        [$found] = $this->client->posTransactions(developerTrackingId: $name);
        self::assertSame($name, $found->developerTrackingId);
        self::assertSame($transaction->transactionId, $found->transactionId);
    }

    public function test_payments_at_a_terminal_are_listed_by_it(): void
    {
        $name = self::key();
        $transaction = $this->started($name);
        [$row] = iterator_to_array($this->client->history('pos', terminalId: $transaction->terminalId));
        self::assertSame(['pos', 2_000, $name], [$row->type, $row->amount, $row->developerTrackingId]);
    }

    public function test_the_same_key_asks_the_terminal_once(): void
    {
        [$name, $key] = [self::key(), self::key()];
        self::assertEquals($this->started($name, $key), $this->started($name, $key));
        self::assertCount(1, $this->client->posTransactions(developerTrackingId: $name));
    }

    public function test_an_unknown_transaction_is_not_found(): void
    {
        $error = $this->apiError(fn () => $this->client->posTransactions(developerTrackingId: self::key()));
        self::assertSame([404, 'transaction_not_found'], [$error->status, $error->errorCode]);
    }

    private function started(string $name, ?string $idempotencyKey = null): StartedPosTransaction
    {
        // A terminal of its own, so that nobody else's payment waits there; the history wants 16 characters.
        $terminal = 'till' . substr($name, -12);
        return $this->client->initPosTransaction(
            $terminal,
            'SN-0001',
            2_000,
            'CARD',
            $name,
            idempotencyKey: $idempotencyKey,
        );
    }

    private function statusOf(StartedPosTransaction $transaction): string
    {
        return $this->client->posTransactions(flouciTransactionId: $transaction->transactionId)[0]->paymentStatus;
    }
}
