<?php

declare(strict_types=1);

namespace Qisma;

/** Verifies the webhooks of one app (Standard Webhooks; docs/webhooks.md). */
final class Webhook
{
    private const TOLERANCE_SECS = 300;

    /** Wrapped so that no dump shows it, and nothing writes it down. */
    private readonly \SensitiveParameterValue $key;

    /** Takes the app's webhook secret, `whsec_...`. */
    public function __construct(#[\SensitiveParameter] string $secret)
    {
        $start = str_starts_with($secret, 'whsec_') ? strlen('whsec_') : 0;
        $key = base64_decode(substr($secret, $start), true);
        if ($key === false || $key === '') {
            throw new \ValueError('the secret is not whsec_ and base64');
        }
        $this->key = new \SensitiveParameterValue($key);
    }

    /**
     * Checks signature and time of a webhook.
     *
     * @param string $body raw, as it came: `file_get_contents('php://input')`; a GET's is empty
     * @param array<string, string|list<string>> $headers such as those of `getallheaders()` or PSR-7
     * @throws WebhookVerificationException when they do not hold
     */
    public function verify(string $body, array $headers, ?float $nowSecs = null): VerifiedWebhook
    {
        $id = self::header($headers, 'webhook-id');
        $sentAt = self::header($headers, 'webhook-timestamp');
        $signatures = self::header($headers, 'webhook-signature');
        $isNumber = preg_match('/^[0-9]{1,15}$/D', $sentAt) === 1;
        if (!$isNumber || abs(($nowSecs ?? microtime(true)) - (int) $sentAt) > self::TOLERANCE_SECS) {
            throw new WebhookVerificationException('webhook-timestamp is more than five minutes off');
        }
        $key = $this->key->getValue();
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sentAt.$body", $key, true));
        foreach (explode(' ', $signatures) as $given) {
            if (hash_equals($expected, $given)) {
                return new VerifiedWebhook($id, (int) $sentAt, self::event($body));
            }
        }
        throw new WebhookVerificationException('no signature in webhook-signature matches');
    }

    /** @param array<string, string|list<string>> $headers */
    private static function header(array $headers, string $name): string
    {
        $values = [];
        foreach ($headers as $given => $value) {
            if (strtolower((string) $given) === $name) {
                array_push($values, ...(array) $value);
            }
        }
        if (count($values) !== 1 || $values[0] === '') {
            throw new WebhookVerificationException("the header $name is missing, or there are several");
        }
        return $values[0];
    }

    /** @return array<string, mixed>|null */
    private static function event(string $body): ?array
    {
        if ($body === '') {
            return null;
        }
        $event = json_decode($body, true);
        return is_array($event) && !array_is_list($event)
            ? $event
            : throw new WebhookVerificationException('the body is signed, but is not a JSON object');
    }
}
