<?php

declare(strict_types=1);

namespace Qisma\Tests\Unit;

use PHPUnit\Framework\TestCase;
use Qisma\Tests\Testdata;
use Qisma\Webhook;
use Qisma\WebhookVerificationException;

/** Webhooks: the cases that all client kits share, and how headers arrive. */
final class WebhookTest extends TestCase
{
    public function test_the_shared_cases_are_accepted_and_refused(): void
    {
        foreach (Testdata::webhooks() as $case) {
            try {
                $verified = (new Webhook($case['secret']))
                    ->verify($case['body'], $case['headers'], $case['now_secs']);
                self::assertTrue($case['genuine'], "accepted: {$case['name']}");
                self::assertSame($case['headers']['webhook-id'], $verified->id);
            } catch (WebhookVerificationException) {
                self::assertFalse($case['genuine'], "refused: {$case['name']}");
            }
        }
    }

    public function test_a_post_tells_its_event(): void
    {
        $event = $this->verify($this->posted()['headers']);
        self::assertSame('FoPKKHqfQIKfBqhEj8M47A', $event['payment_id'] ?? null);
        self::assertSame('طلب 42', $event['developer_tracking_id'] ?? null);
    }

    public function test_a_get_tells_no_event(): void
    {
        $isGet = static fn (array $case) => $case['genuine'] && $case['body'] === '';
        [$case] = array_values(array_filter(Testdata::webhooks(), $isGet));
        $verified = (new Webhook($case['secret']))->verify('', $case['headers'], $case['now_secs']);
        self::assertNull($verified->event);
    }

    public function test_headers_may_be_those_of_psr_7_and_in_any_letters(): void
    {
        $loud = [];
        foreach ($this->posted()['headers'] as $name => $value) {
            $loud[strtoupper($name)] = [$value];
        }
        self::assertNotNull($this->verify($loud));
    }

    public function test_two_headers_of_one_name_are_refused(): void
    {
        $headers = $this->posted()['headers'];
        $this->expectException(WebhookVerificationException::class);
        $this->verify(['webhook-id' => [$headers['webhook-id'], 'msg_2']] + $headers);
    }

    public function test_an_empty_secret_is_refused(): void
    {
        foreach (['', 'whsec_', 'whsec_***'] as $secret) {
            try {
                new Webhook($secret);
                self::fail("took $secret");
            } catch (\ValueError $error) {
                self::assertStringContainsString('whsec_', $error->getMessage());
            }
        }
    }

    /** @return array<string, mixed> */
    private function posted(): array
    {
        $isPosted = static fn (array $case) => str_contains($case['body'], 'payment_id');
        return array_values(array_filter(Testdata::webhooks(), $isPosted))[0];
    }

    /**
     * @param array<string, string|list<string>> $headers
     * @return array<string, mixed>|null
     */
    private function verify(array $headers): ?array
    {
        $case = $this->posted();
        return (new Webhook($case['secret']))->verify($case['body'], $headers, $case['now_secs'])->event;
    }
}
