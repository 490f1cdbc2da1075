<?php

declare(strict_types=1);

namespace Qisma;

/** A payment as it stands. */
final readonly class Payment
{
    /**
     * @param string $type `card`, `wallet`, ...; `online` before anybody tried to pay
     * @param int $amount in millimes
     * @param string $settlementStatus PROCESSING, AVAILABLE, IN_PAYOUT, PAID or NOT_APPLICABLE
     * @param array<string, mixed> $details what is known of how it was paid, as it came; `destinations` is the split
     */
    public function __construct(
        public string $paymentId,
        public string $type,
        public int $amount,
        public PaymentStatus $status,
        public string $settlementStatus,
        public ?string $developerTrackingId,
        public array $details,
    ) {
    }
}
