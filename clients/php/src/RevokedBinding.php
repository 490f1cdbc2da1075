<?php

declare(strict_types=1);

namespace Qisma;

/** A saved card that cannot be charged any more. */
final readonly class RevokedBinding
{
    public function __construct(
        public string $bindingId,
        public string $clientId,
        public string $status,
    ) {
    }
}
