<?php

declare(strict_types=1);

namespace Qisma;

/** An amount that waits at a terminal. */
final readonly class StartedPosTransaction
{
    /** @param string|null $transactionId names it for posTransactions; Flouci leaves it out */
    public function __construct(public string $terminalId, public ?string $transactionId)
    {
    }
}
