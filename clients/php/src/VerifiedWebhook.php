<?php

declare(strict_types=1);

namespace Qisma;

/** A webhook that the gateway sent. */
final readonly class VerifiedWebhook
{
    /**
     * @param string $id the event, the same at every try: act once on each
     * @param array<string, mixed>|null $event what a POST says: payment_id, success, status,
     *     developer_tracking_id, type, timestamp and data (docs/events has its schemas). A GET has an
     *     empty body, and its query is signed by nobody: ask verifyPayment
     */
    public function __construct(
        public string $id,
        public int $sentAtSecs,
        public ?array $event,
    ) {
    }
}
