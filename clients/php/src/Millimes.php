<?php

declare(strict_types=1);

namespace Qisma;

/**
 * Amounts before they are sent.
 *
 * @internal
 */
final class Millimes
{
    /**
     * Refuses an amount that is not an integer.
     *
     * Amounts are taken as `mixed` and checked here: where the caller's file has no strict types, PHP
     * would turn 1.5 into 1 and true into 1 before we see them.
     */
    public static function check(string $name, mixed $amount): int
    {
        if (!is_int($amount)) {
            throw new \TypeError("$name must be a whole number of millimes (1 TND is 1000)");
        }
        return $amount;
    }

    /** The same of an amount that may be absent. */
    public static function checkOptional(string $name, mixed $amount): ?int
    {
        return $amount === null ? null : self::check($name, $amount);
    }
}
