<?php

declare(strict_types=1);

namespace Qisma;

use GuzzleHttp\Client as Http;
use GuzzleHttp\Exception\GuzzleException;
use Psr\Http\Message\ResponseInterface;

/**
 * One request: time limit, repetition where it is safe, and errors read from answers.
 *
 * @internal
 */
final class Transport
{
    /** The statuses that say "later". 409 says it, with a time, while the same key is at work. */
    private const LATER = [409, 429, 503];
    private const FIRST_PAUSE_SECS = 0.5;

    private readonly string $root;
    private readonly Http $http;

    /**
     * @param \Closure(float): void $sleep
     * @param callable|null $handler Guzzle's handler
     */
    public function __construct(
        string $baseUrl,
        float $timeoutSecs,
        private readonly int $retriesMax,
        private readonly float $retryWaitSecsMax,
        private readonly \Closure $sleep,
        ?callable $handler,
    ) {
        $url = parse_url($baseUrl);
        $parts = is_array($url) ? array_keys($url) : [];
        $isPlain = array_diff($parts, ['scheme', 'host', 'port', 'path']) === [];
        if (!$isPlain || !in_array($url['scheme'] ?? '', ['http', 'https'], true) || !isset($url['host'])) {
            throw new \ValueError('baseUrl must be an address such as https://pay.example');
        }
        $this->root = rtrim($baseUrl, '/');
        $options = [
            'timeout' => $timeoutSecs,
            'connect_timeout' => $timeoutSecs,
            // The API never redirects; whoever does must not be handed the keys.
            'allow_redirects' => false,
            'http_errors' => false,
            'headers' => ['Accept' => 'application/json', 'User-Agent' => 'qisma-php/0.1.0'],
        ];
        $this->http = new Http($handler === null ? $options : $options + ['handler' => $handler]);
    }

    /**
     * Sends a request, again where that is safe, and gives the answer's JSON.
     *
     * @param array<string, string> $query
     * @param array<string, mixed>|null $body
     */
    public function call(
        string $method,
        string $path,
        #[\SensitiveParameter] string $authorization,
        array $query = [],
        #[\SensitiveParameter] ?array $body = null,
        ?string $idempotencyKey = null,
    ): Answer {
        $headers = ['Authorization' => $authorization];
        if ($idempotencyKey !== null) {
            $headers['Idempotency-Key'] = $idempotencyKey;
        }
        $options = ['headers' => $headers] + ($body === null ? [] : ['json' => $body]);
        $words = http_build_query($query, '', '&', PHP_QUERY_RFC3986);
        $url = $this->root . $path . ($words === '' ? '' : "?$words");
        // Reading changes nothing; writing twice is safe only under one key.
        $isRepeatable = $method === 'GET' || $idempotencyKey !== null;
        for ($tried = 0; ; $tried += 1) {
            $isLast = $tried >= $this->retriesMax || !$isRepeatable;
            $outcome = $this->send($method, $url, $options);
            if (is_string($outcome)) {
                if ($isLast) {
                    throw new ConnectionException("no answer came: $outcome", $idempotencyKey);
                }
                ($this->sleep)(self::pauseSecs($tried));
                continue;
            }
            $members = json_decode((string) $outcome->getBody(), true);
            $error = self::refusal($outcome, $members, $idempotencyKey);
            if ($error === null) {
                return is_array($members)
                    ? new Answer($members)
                    : throw new UnexpectedAnswerException('the answer is not a JSON object');
            }
            $wait = in_array($error->status, self::LATER, true) ? $error->retryAfterSecs : null;
            if ($isLast || $wait === null || $wait > $this->retryWaitSecsMax) {
                throw $error;
            }
            ($this->sleep)((float) $wait);
        }
    }

    /**
     * The answer, or why there is none.
     *
     * Guzzle's own exceptions hold the request, with its keys and perhaps a CVC; they go no further.
     *
     * @param array<string, mixed> $options
     */
    private function send(
        string $method,
        string $url,
        #[\SensitiveParameter] array $options,
    ): ResponseInterface|string {
        try {
            return $this->http->request($method, $url, $options);
        } catch (GuzzleException $cause) {
            return $cause->getMessage();
        }
    }

    /** Half a second, doubled each time, of which a part is left to chance so that clients spread out. */
    private static function pauseSecs(int $tried): float
    {
        return self::FIRST_PAUSE_SECS * 2 ** $tried * random_int(500, 1000) / 1000;
    }

    private static function refusal(
        ResponseInterface $answer,
        mixed $members,
        ?string $idempotencyKey,
    ): ?ApiException {
        $body = is_array($members) ? $members : [];
        $status = $answer->getStatusCode();
        $isOk = $status >= 200 && $status < 300;
        if ($isOk && ($body['status'] ?? null) !== 'error' && ($body['success'] ?? null) !== false) {
            return null;
        }
        $result = is_array($body['result'] ?? null) ? $body['result'] : [];
        $flouciCode = $body['code'] ?? null;
        $flouciCode = is_int($flouciCode) || is_string($flouciCode) ? $flouciCode : null;
        $errorCode = $result['error'] ?? (is_string($flouciCode) ? $flouciCode : '');
        $message = $body['message'] ?? $result['message'] ?? null;
        return new ApiException(
            message: is_string($message) ? $message : "the answer has the status $status",
            status: $status,
            errorCode: is_string($errorCode) ? $errorCode : '',
            flouciCode: $flouciCode,
            mistakes: self::mistakes($result['errors'] ?? null),
            requestId: $answer->hasHeader('X-Request-Id') ? $answer->getHeaderLine('X-Request-Id') : null,
            retryAfterSecs: self::retryAfterSecs($answer->getHeaderLine('Retry-After')),
            idempotencyKey: $idempotencyKey,
        );
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
