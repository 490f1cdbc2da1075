<?php

declare(strict_types=1);

namespace Qisma\Tests\Unit;

use Qisma\Client;

/** A running stub server, and a client of it. */
final class Stub
{
    public readonly Client $client;
    /** @var \ArrayObject<int, float> */
    private readonly \ArrayObject $waited;

    private readonly string $file;
    /** @var resource */
    private $process;

    /**
     * @param list<string> $answers their names, in order
     * @param array<string, mixed> $options of the client
     */
    public function __construct(array $answers, array $options = [])
    {
        $this->file = (string) tempnam(sys_get_temp_dir(), 'qisma-stub-');
        $command = [PHP_BINARY, __DIR__ . '/server.php', $this->file, ...$answers];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        assert(is_resource($process));
        $this->process = $process;
        // The client must not hold this stub, or neither would end: PHP frees at once only what no cycle holds.
        $waited = $this->waited = new \ArrayObject();
        $options += [
            'publicKey' => 'public',
            'privateKey' => 'private',
            'apiKey' => 'api-key',
            'sleep' => static function (float $secs) use ($waited): void {
                $waited[] = $secs;
            },
        ];
        $this->client = new Client('http://' . trim((string) fgets($pipes[1])), ...$options);
    }

    public function __destruct()
    {
        proc_terminate($this->process);
        proc_close($this->process);
        unlink($this->file);
    }

    /** @return list<array<string, mixed>> what was asked: method, path, query, headers and body */
    public function asked(): array
    {
        $lines = file($this->file, FILE_IGNORE_NEW_LINES) ?: [];
        return array_map(static function (string $line): array {
            $asked = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
            $asked['body'] = $asked['body'] === '' ? null : json_decode($asked['body'], true);
            return $asked;
        }, $lines);
    }

    /** @return list<float> how long the client would have waited before each repetition, in seconds */
    public function waited(): array
    {
        return $this->waited->getArrayCopy();
    }

    /** @return list<string> the idempotency key of each request */
    public function keys(): array
    {
        return array_map(static fn (array $asked) => $asked['headers']['idempotency-key'], $this->asked());
    }
}
