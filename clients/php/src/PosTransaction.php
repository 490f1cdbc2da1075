<?php

declare(strict_types=1);

namespace Qisma;

/** A transaction of a terminal. */
final readonly class PosTransaction
{
    public function __construct(
        public string $developerTrackingId,
        public string $paymentStatus,
        public string $transactionId,
    ) {
    }
}
