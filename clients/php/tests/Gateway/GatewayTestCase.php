<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use PHPUnit\Framework\TestCase;
use Qisma\ApiException;
use Qisma\Client;
use Qisma\CreatedPayment;
use Qisma\Destination;
use Qisma\FieldMistake;

/** What the tests of a running gateway share. */
abstract class GatewayTestCase extends TestCase
{
    protected const TRACKING_ID = 'طلب 42';
    protected const UNKNOWN = 'FoPKKHqfQIKfBqhEj8M47A';

    /** A card of the sandbox that pays. */
    protected const CARD = ['number' => '4509211111111119', 'expiry' => '12/26', 'cvc' => '748'];

    protected Demo $demo;
    /** Of the app whose webhooks come as GET. */
    protected Client $client;

    protected function setUp(): void
    {
        $this->demo = Demo::open();
        $this->client = $this->demo->client($this->demo->get);
    }

    /** @return list<Destination> */
    protected function split(): array
    {
        return [new Destination('1234', 8_000), new Destination('4321', 1_500)];
    }

    /** @param array<string, string> $app */
    protected function ask(array $app, mixed ...$other): CreatedPayment
    {
        return $this->demo->client($app)->generatePayment(...$other + [
            'amount' => 10_000,
            'successLink' => 'https://shop.example/thanks',
            'failLink' => 'https://shop.example/sorry',
            'developerTrackingId' => self::TRACKING_ID,
            'destination' => $this->split(),
        ]);
    }

    /**
     * Asks for a payment, pays it by wallet and gives its id.
     *
     * @param array<string, string> $app
     */
    protected function pay(array $app, string $phone, mixed ...$other): string
    {
        $created = $this->ask($app, ...$other);
        (new Payer($this->demo->sandbox))->payByWallet((string) $created->link, $phone);
        return $created->paymentId;
    }

    protected static function key(): string
    {
        return 'php-' . bin2hex(random_bytes(12));
    }

    protected function apiError(callable $work): ApiException
    {
        try {
            $work();
        } catch (ApiException $error) {
            return $error;
        }
        self::fail('it succeeded');
    }

    /** @return list<string> */
    protected function fields(ApiException $error): array
    {
        return array_map(static fn (FieldMistake $mistake) => $mistake->field, $error->mistakes);
    }
}
