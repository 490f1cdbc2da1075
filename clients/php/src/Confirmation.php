<?php

declare(strict_types=1);

namespace Qisma;

/** A hold that was captured; the rest of it is released. */
final readonly class Confirmation
{
    /** @param int $amount what was captured, in millimes */
    public function __construct(
        public string $paymentId,
        public string $status,
        public int $amount,
        public ?string $confirmedAt,
    ) {
    }
}
