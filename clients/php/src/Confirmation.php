<?php

declare(strict_types=1);

namespace Qisma;

/** A hold that is captured; the rest of it is released. */
final readonly class Confirmation
{
    /**
     * @param string $status `confirmed`, or `pending` while only the acquirer knows: it goes on by itself
     * @param int $amount what is captured, in millimes
     * @param string|null $confirmedAt null while it is pending
     */
    public function __construct(
        public string $paymentId,
        public string $status,
        public int $amount,
        public ?string $confirmedAt,
    ) {
    }
}
