<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Tests\Received;

/** A shop that waits for one webhook. */
final class Receiver
{
    public readonly string $url;
    /** @var resource */
    private $server;

    public function __construct()
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        assert(is_resource($server));
        $this->server = $server;
        $this->url = 'http://' . stream_socket_get_name($server, false) . '/hook';
    }

    public function receive(): Received
    {
        $connection = stream_socket_accept($this->server, 20);
        assert(is_resource($connection));
        $received = Received::from($connection);
        fwrite($connection, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        fclose($connection);
        return $received;
    }
}
