<?php

declare(strict_types=1);

namespace Qisma;

use GuzzleHttp\Client as Http;
use GuzzleHttp\Exception\ConnectException;
use GuzzleHttp\Exception\GuzzleException;
use GuzzleHttp\Exception\RequestException;
use GuzzleHttp\Exception\TransferException;
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
    /** What the gateway takes (docs/api.md). */
    private const KEY = '/^[!-~]{1,255}$/D';
    private const DAY_SECS = 86_400;

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
        self::checkRange('timeoutSecs', $timeoutSecs, 0.001, self::DAY_SECS);
        self::checkRange('retriesMax', $retriesMax, 0, 100);
        self::checkRange('retryWaitSecsMax', $retryWaitSecsMax, 0, self::DAY_SECS);
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
     * Sends a request, again where that is safe, and gives what is read from the answer's JSON.
     *
     * @template T
     * @param \Closure(Answer): T $read
     * @param array<string, string> $query
     * @param array<string, mixed>|null $body
     * @param string|null $operationUuid makes a GET that changes something the same one again
     * @return T
     */
    public function call(
        string $method,
        string $path,
        \Closure $read,
        #[\SensitiveParameter] string $authorization,
        #[\SensitiveParameter] array $query = [],
        #[\SensitiveParameter] ?array $body = null,
        ?string $idempotencyKey = null,
        ?string $operationUuid = null,
    ): mixed {
        $options = self::options($authorization, $body, $idempotencyKey);
        $words = http_build_query($query, '', '&', PHP_QUERY_RFC3986);
        $url = $this->root . $path . ($words === '' ? '' : "?$words");
        $isChange = $idempotencyKey !== null || $operationUuid !== null;
        $facts = static fn (bool $isUnknown) => new CallFacts(
            $idempotencyKey,
            $operationUuid,
            $isUnknown && $isChange,
        );
        // Reading changes nothing; writing twice is safe only under one key.
        $isRepeatable = $method === 'GET' || $idempotencyKey !== null;
        $isUnknown = false;
        for ($tried = 0; ; $tried += 1) {
            $isLast = $tried >= $this->retriesMax || !$isRepeatable;
            $answer = $this->send($method, $url, $options);
            $members = is_string($answer) ? null : json_decode((string) $answer->getBody(), true);
            $refusal = is_string($answer) ? null : Refusal::from($answer, $members);
            if (is_string($answer) || $refusal?->isForeign()) {
                $isUnknown = true;
                $wait = $refusal?->retryAfterSecs;
                if ($isLast || ($wait !== null && $wait > $this->retryWaitSecsMax)) {
                    $why = is_string($answer) ? $answer : "the status {$refusal->status} is not the gateway's";
                    throw new ConnectionException("no answer came: $why", $facts(true));
                }
                ($this->sleep)((float) ($wait ?? self::pauseSecs($tried)));
                continue;
            }
            if ($refusal === null) {
                return self::understood($members, $read, $facts(true));
            }
            $isUnknown = $isUnknown || $refusal->errorCode === 'outcome_unknown';
            $isLater = in_array($refusal->status, self::LATER, true) && !$refusal->isCalledOff();
            $wait = $isLater ? $refusal->retryAfterSecs : null;
            if ($isLast || $wait === null || $wait > $this->retryWaitSecsMax) {
                throw new ApiException($refusal, $facts($isUnknown && !$refusal->isFinal()));
            }
            ($this->sleep)((float) $wait);
        }
    }

    /**
     * Writes a request once, so that a mistake of the caller is not taken for a lost connection.
     *
     * @param array<string, mixed>|null $body
     * @return array<string, mixed>
     */
    private static function options(
        #[\SensitiveParameter] string $authorization,
        #[\SensitiveParameter] ?array $body,
        ?string $idempotencyKey,
    ): array {
        $headers = ['Authorization' => $authorization];
        if ($idempotencyKey !== null) {
            self::checkIdempotencyKey($idempotencyKey);
            $headers['Idempotency-Key'] = $idempotencyKey;
        }
        if ($body === null) {
            return ['headers' => $headers];
        }
        $written = json_encode($body);
        if ($written === false) {
            throw new \ValueError('an argument cannot be written as JSON in UTF-8');
        }
        return ['headers' => $headers + ['Content-Type' => 'application/json'], 'body' => $written];
    }

    /**
     * @template T
     * @param \Closure(Answer): T $read
     * @return T
     */
    private static function understood(mixed $members, \Closure $read, CallFacts $facts): mixed
    {
        try {
            return is_array($members)
                ? $read(new Answer($members))
                : throw new UnreadableAnswer('the answer is not a JSON object');
        } catch (UnreadableAnswer $unreadable) {
            throw new UnexpectedAnswerException($unreadable->getMessage(), $facts);
        }
    }

    /**
     * The answer, or why there is none.
     *
     * Guzzle's own exceptions hold the request, with its keys and perhaps a CVC, and their messages its
     * address, with what was asked for; they go no further.
     *
     * @param array<string, mixed> $options
     */
    private function send(
        string $method,
        #[\SensitiveParameter] string $url,
        #[\SensitiveParameter] array $options,
    ): ResponseInterface|string {
        try {
            return $this->http->request($method, $url, $options);
        } catch (ConnectException | RequestException $cause) {
            $number = $cause->getHandlerContext()['errno'] ?? null;
            $text = is_int($number) && function_exists('curl_strerror') ? curl_strerror($number) : null;
            return $text ?? 'the connection failed';
        } catch (TransferException) {
            return 'the connection failed';
        } catch (GuzzleException) {
            // Said below.
        }
        throw new \ValueError('Guzzle does not take this request');
    }

    /** Refuses what the gateway would. */
    public static function checkIdempotencyKey(string $key): void
    {
        if (!preg_match(self::KEY, $key)) {
            throw new \ValueError('an idempotency key is 1 to 255 visible ASCII characters');
        }
    }

    private static function checkRange(string $name, float $value, float $min, float $max): void
    {
        // Written so that what is no number is refused, too.
        if (!($value >= $min && $value <= $max)) {
            throw new \ValueError("$name must be from $min to $max");
        }
    }

    /** Half a second, doubled each time, of which a part is left to chance so that clients spread out. */
    private static function pauseSecs(int $tried): float
    {
        return self::FIRST_PAUSE_SECS * 2 ** $tried * random_int(500, 1000) / 1000;
    }
}
