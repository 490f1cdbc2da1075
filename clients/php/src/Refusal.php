<?php

declare(strict_types=1);

namespace Qisma;

use Psr\Http\Message\ResponseInterface;

/**
 * An answer that does not grant the request.
 *
 * @internal
 */
final readonly class Refusal
{
    /** @param list<FieldMistake> $mistakes */
    private function __construct(
        public string $message,
        public int $status,
        public string $errorCode,
        private bool $hasGatewayCode,
        public int|string|null $flouciCode,
        public array $mistakes,
        public ?string $requestId,
        public ?int $retryAfterSecs,
    ) {
    }

    /** Null when the request was granted. */
    public static function from(ResponseInterface $answer, mixed $members): ?self
    {
        $body = is_array($members) ? $members : [];
        $status = $answer->getStatusCode();
        $isOk = $status >= 200 && $status < 300;
        if ($isOk && ($body['status'] ?? null) !== 'error' && ($body['success'] ?? null) !== false) {
            return null;
        }
        $result = is_array($body['result'] ?? null) ? $body['result'] : [];
        $gatewayCode = is_string($result['error'] ?? null) ? $result['error'] : null;
        $flouciCode = $body['code'] ?? null;
        $flouciCode = is_int($flouciCode) || is_string($flouciCode) ? $flouciCode : null;
        $message = $body['message'] ?? $result['message'] ?? null;
        return new self(
            message: is_string($message) ? $message : "the answer has the status $status",
            status: $status,
            errorCode: $gatewayCode ?? (is_string($flouciCode) ? $flouciCode : ''),
            hasGatewayCode: $gatewayCode !== null,
            flouciCode: $flouciCode,
            mistakes: self::mistakes($result['errors'] ?? null),
            requestId: $answer->hasHeader('X-Request-Id') ? $answer->getHeaderLine('X-Request-Id') : null,
            retryAfterSecs: self::retryAfterSecs($answer->getHeaderLine('Retry-After')),
        );
    }

    /** Whether something before the gateway answered: its own errors of 500 and above have a code. */
    public function isForeign(): bool
    {
        return $this->status >= 500 && !$this->hasGatewayCode;
    }

    /** Whether this also tells what became of earlier tries under the same key. */
    public function isFinal(): bool
    {
        $saysLater = $this->status >= 500 || $this->retryAfterSecs !== null;
        return $this->isCalledOff() || (!$saysLater && !in_array($this->status, [401, 429], true));
    }

    /** Whether this says "later" of another request: the same key finds the payment that was called off. */
    public function isCalledOff(): bool
    {
        return $this->errorCode === 'terminal_unavailable';
    }

    /** @return list<FieldMistake> */
    private static function mistakes(mixed $errors): array
    {
        $mistakes = [];
        foreach (is_array($errors) ? $errors : [] as $error) {
            if (is_string($error['field'] ?? null) && is_string($error['message'] ?? null)) {
                $mistakes[] = new FieldMistake($error['field'], $error['message']);
            }
        }
        return $mistakes;
    }

    /** Seconds, or a date. */
    private static function retryAfterSecs(string $value): ?int
    {
        if (preg_match('/^[0-9]{1,9}$/D', $value)) {
            return (int) $value;
        }
        $at = $value === '' ? false : strtotime($value);
        return $at === false ? null : max(0, $at - time());
    }
}
