<?php

declare(strict_types=1);

namespace Qisma;

/**
 * What is known of a request that did not go as it should.
 *
 * @internal
 */
final readonly class CallFacts
{
    public function __construct(
        public ?string $idempotencyKey,
        public ?string $operationUuid,
        public bool $outcomeUnknown,
    ) {
    }
}
