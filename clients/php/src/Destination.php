<?php

declare(strict_types=1);

namespace Qisma;

/** A share of a payment and the merchant that gets it; in a refund, what is taken back. */
final readonly class Destination
{
    public int $amount;

    /**
     * @param string $destination the merchant's id: digits
     * @param int $amount in millimes
     */
    public function __construct(public string $destination, mixed $amount)
    {
        $this->amount = Millimes::check('amount', $amount);
    }
}
