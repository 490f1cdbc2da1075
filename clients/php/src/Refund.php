<?php

declare(strict_types=1);

namespace Qisma;

/** Money that goes back. */
final readonly class Refund
{
    /**
     * @param int $amount in millimes
     * @param string $status `success`, or `pending` while only the acquirer knows: it goes on by itself
     * @param string|null $refundedAt null while it is pending
     * @param list<Destination> $reversals whose shares it is taken from
     */
    public function __construct(
        public string $refundId,
        public string $paymentId,
        public int $amount,
        public string $status,
        public ?string $refundedAt,
        public array $reversals = [],
    ) {
    }
}
