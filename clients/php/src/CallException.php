<?php

declare(strict_types=1);

namespace Qisma;

/** A call that ended without what was asked for. */
abstract class CallException extends QismaException
{
    /** The key that was sent: with it the same request may be sent again. */
    public readonly ?string $idempotencyKey;
    /** The QR operation that was asked for: ask for the same one again. */
    public readonly ?string $operationUuid;
    /**
     * Whether the request may have done its work all the same. Then send the same request with the same
     * idempotencyKey (or operationUuid) until it is false; with another key it may be done twice.
     */
    public readonly bool $outcomeUnknown;

    public function __construct(string $message, CallFacts $facts)
    {
        parent::__construct($message);
        $this->idempotencyKey = $facts->idempotencyKey;
        $this->operationUuid = $facts->operationUuid;
        $this->outcomeUnknown = $facts->outcomeUnknown;
    }
}
