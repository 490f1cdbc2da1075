<?php

declare(strict_types=1);

namespace Qisma;

/** A transaction of a terminal. */
final readonly class PosTransaction
{
    /** @param string $paymentStatus P waiting, PS paid, PF declined or called off, PE not paid in time */
    public function __construct(
        public ?string $developerTrackingId,
        public string $paymentStatus,
        public string $transactionId,
    ) {
    }
}
