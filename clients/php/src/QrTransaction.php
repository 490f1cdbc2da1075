<?php

declare(strict_types=1);

namespace Qisma;

/** A payment by QR code. */
final readonly class QrTransaction
{
    /** @param string $link the page to which the code leads */
    public function __construct(
        public string $operationUuid,
        public string $paymentId,
        public string $link,
        public int $amountInMillimes,
        public PaymentStatus $status,
        public string $createdAt,
        public string $updatedAt,
    ) {
    }
}
