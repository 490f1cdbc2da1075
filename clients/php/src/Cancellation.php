<?php

declare(strict_types=1);

namespace Qisma;

/** A hold that was released. */
final readonly class Cancellation
{
    public function __construct(
        public string $paymentId,
        public string $status,
        public ?string $cancelledAt,
    ) {
    }
}
