<?php

declare(strict_types=1);

namespace Qisma;

/** A QR code to pay an amount by wallet. */
final readonly class QrCode
{
    /** @param string $png the picture, in base64 */
    public function __construct(public string $png, public string $operationUuid)
    {
    }
}
