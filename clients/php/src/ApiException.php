<?php

declare(strict_types=1);

namespace Qisma;

/** The gateway answered, and did not grant the request. */
final class ApiException extends QismaException
{
    /**
     * @param int $status the HTTP status
     * @param string $errorCode the code of docs/errors.md, such as `payment_not_found`; empty when there is none
     * @param int|string|null $flouciCode the body's own `code`, as Flouci spells it: 1, or `REFUND_NOT_ALLOWED`
     * @param list<FieldMistake> $mistakes every mistake of a request that is `request_invalid`
     * @param string|null $requestId what to tell whoever runs the gateway
     * @param int|null $retryAfterSecs how long the gateway asks to wait
     * @param string|null $idempotencyKey the key that was sent: with it the same request may be sent again
     */
    public function __construct(
        string $message,
        public readonly int $status,
        public readonly string $errorCode,
        public readonly int|string|null $flouciCode,
        public readonly array $mistakes,
        public readonly ?string $requestId,
        public readonly ?int $retryAfterSecs,
        public readonly ?string $idempotencyKey,
    ) {
        parent::__construct($message);
    }
}
