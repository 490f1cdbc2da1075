<?php

// A server that gives canned answers in order and writes down what it was asked:
// `php server.php FILE NAME...`. `hang-up` for a name closes the connection, and `hang` never answers.

declare(strict_types=1);

namespace Qisma\Tests;

require __DIR__ . '/../bootstrap.php';

[, $file] = $argv;
$names = array_slice($argv, 2);
$server = stream_socket_server('tcp://127.0.0.1:0');
echo stream_socket_get_name($server, false), "\n";

$answers = Testdata::answers();
$open = [];
// Should nobody end it: a test takes far less.
const IDLE_SECS = 30;
while ($connection = @stream_socket_accept($server, IDLE_SECS)) {
    $received = Received::from($connection);
    file_put_contents($file, json_encode($received) . "\n", FILE_APPEND);
    $name = array_shift($names) ?? 'nothing is left';
    if ($name === 'hang') {
        $open[] = $connection;
        continue;
    }
    if (isset($answers[$name])) {
        $answer = $answers[$name];
        $text = $answer['text'] ?? json_encode($answer['body'], JSON_THROW_ON_ERROR);
        $headers = ['Connection' => 'close', 'Content-Length' => strlen($text)] + ($answer['headers'] ?? []);
        $lines = array_map(static fn ($name, $value) => "$name: $value\r\n", array_keys($headers), $headers);
        fwrite($connection, "HTTP/1.1 {$answer['status']} Canned\r\n" . implode('', $lines) . "\r\n$text");
    }
    fclose($connection);
}
