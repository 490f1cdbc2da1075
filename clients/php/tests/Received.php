<?php

declare(strict_types=1);

namespace Qisma\Tests;

/** A request, as a server of a test read it. */
final readonly class Received
{
    /**
     * @param array<string, string> $query
     * @param array<string, string> $headers by their names in small letters
     */
    public function __construct(
        public string $method,
        public string $path,
        public array $query,
        public array $headers,
        public string $body,
    ) {
    }

    /**
     * Reads one request from a connection.
     *
     * @param resource $connection
     */
    public static function from($connection): self
    {
        [$method, $target] = explode(' ', (string) fgets($connection));
        $headers = [];
        while (($line = trim((string) fgets($connection))) !== '') {
            [$name, $value] = explode(':', $line, 2);
            $headers[strtolower($name)] = trim($value);
        }
        $body = '';
        $length = (int) ($headers['content-length'] ?? 0);
        while (strlen($body) < $length && !feof($connection)) {
            $body .= fread($connection, $length - strlen($body));
        }
        [$path, $words] = explode('?', $target, 2) + [1 => ''];
        parse_str($words, $query);
        return new self($method, $path, $query, $headers, $body);
    }
}
