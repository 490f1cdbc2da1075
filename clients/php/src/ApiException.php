<?php

declare(strict_types=1);

namespace Qisma;

/** The gateway answered, and did not grant the request, or does not know (outcomeUnknown). */
final class ApiException extends CallException
{
    /** The HTTP status. */
    public readonly int $status;
    /** The code of docs/errors.md, such as `payment_not_found`; empty when there is none. */
    public readonly string $errorCode;
    /** The body's own `code`, as Flouci spells it: 1, or `REFUND_NOT_ALLOWED`. */
    public readonly int|string|null $flouciCode;
    /** @var list<FieldMistake> every mistake of a request that is `request_invalid` */
    public readonly array $mistakes;
    /** What to tell whoever runs the gateway. */
    public readonly ?string $requestId;
    /** How long the gateway asks to wait. */
    public readonly ?int $retryAfterSecs;

    public function __construct(Refusal $refusal, CallFacts $facts)
    {
        parent::__construct($refusal->message, $facts);
        $this->status = $refusal->status;
        $this->errorCode = $refusal->errorCode;
        $this->flouciCode = $refusal->flouciCode;
        $this->mistakes = $refusal->mistakes;
        $this->requestId = $refusal->requestId;
        $this->retryAfterSecs = $refusal->retryAfterSecs;
    }
}
