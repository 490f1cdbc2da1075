<?php

declare(strict_types=1);

namespace Qisma;

/** Money that was given back. */
final readonly class Refund
{
    /** @param int $amount in millimes */
    public function __construct(
        public string $refundId,
        public string $paymentId,
        public int $amount,
        public string $status,
        public ?string $refundedAt,
    ) {
    }
}
