<?php

declare(strict_types=1);

namespace Qisma;

/** A saved card. */
final readonly class Binding
{
    public function __construct(
        public string $bindingId,
        public string $clientId,
        public string $cardLastFour,
        public string $cardBrand,
        public string $status,
        public ?string $createdAt,
    ) {
    }
}
