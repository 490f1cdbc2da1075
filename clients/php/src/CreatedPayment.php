<?php

declare(strict_types=1);

namespace Qisma;

/** A payment that was made. */
final readonly class CreatedPayment
{
    /**
     * @param string|null $link where the payer goes; of a saved card only while the status is PENDING
     * @param PaymentStatus|null $status how the charge of a saved card stands; null of every other payment
     */
    public function __construct(
        public string $paymentId,
        public ?string $link,
        public ?string $developerTrackingId,
        public ?PaymentStatus $status = null,
    ) {
    }
}
