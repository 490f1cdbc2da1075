<?php

// A caller without strict types, as most shops are written.

use Qisma\Client;
use Qisma\Destination;

return [
    'payment' => static fn (Client $client, mixed $amount) => $client->generatePayment(
        amount: $amount,
        successLink: 'https://a.example',
        failLink: 'https://a.example',
    ),
    'destination' => static fn (Client $client, mixed $amount) => new Destination('1234', $amount),
    'refund' => static fn (Client $client, mixed $amount) => $client->refundPayment('x', $amount),
];
