<?php

declare(strict_types=1);

namespace Qisma;

/** A mistake in one field of a request. */
final readonly class FieldMistake
{
    public function __construct(public string $field, public string $message)
    {
    }
}
