<?php

declare(strict_types=1);

namespace Qisma;

/** A payment that was made. */
final readonly class CreatedPayment
{
    /** @param string|null $link where the payer goes; null when a binding was charged without a page */
    public function __construct(
        public string $paymentId,
        public ?string $link,
        public ?string $developerTrackingId,
    ) {
    }
}
