<?php

declare(strict_types=1);

namespace Qisma;

/** A payment in the history. */
final readonly class HistoryRow
{
    /**
     * @param int $amount in millimes
     * @param array<string, mixed> $all the whole row as it came
     */
    public function __construct(
        public string $paymentId,
        public string $type,
        public int $amount,
        public string $status,
        public string $settlementStatus,
        public ?string $developerTrackingId,
        public array $all,
    ) {
    }
}
