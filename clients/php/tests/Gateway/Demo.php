<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Client;

/** The running gateway that tests speak to, as `cargo xtask ci --only clients` describes it. */
final readonly class Demo
{
    /**
     * @param array<string, string> $get the app whose webhooks come as GET
     * @param array<string, string> $post the app whose webhooks come as POST
     * @param string $apiKey of the merchant whose apps these are
     * @param list<string> $phones phones with a wallet, each good for one code now
     */
    private function __construct(
        public string $gateway,
        public string $sandbox,
        public array $get,
        public array $post,
        public string $apiKey,
        public array $phones,
    ) {
    }

    public static function open(): self
    {
        $described = getenv('QISMA_DEMO');
        if ($described === false) {
            throw new \RuntimeException('run these with: cargo xtask ci --only clients');
        }
        $told = json_decode($described, true, flags: JSON_THROW_ON_ERROR);
        return new self(
            $told['gateway'],
            $told['sandbox'],
            $told['get'],
            $told['post'],
            $told['api_key'],
            $told['phones'],
        );
    }

    /** @param array<string, string> $app */
    public function client(array $app): Client
    {
        return new Client($this->gateway, $app['public_key'], $app['private_key'], $this->apiKey);
    }
}
