<?php

declare(strict_types=1);

namespace Qisma;

/**
 * No whole answer came, in time or at all. What became of the request is unknown: send it again with
 * the same idempotency key.
 */
final class ConnectionException extends QismaException
{
    public function __construct(string $message, public readonly ?string $idempotencyKey)
    {
        parent::__construct($message);
    }
}
