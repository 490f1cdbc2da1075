<?php

declare(strict_types=1);

namespace Qisma\Tests;

/** The cases that all client kits share. */
final class Testdata
{
    /** @return array<mixed> */
    public static function answers(): array
    {
        return self::read('answers');
    }

    /** @return array<mixed> */
    public static function webhooks(): array
    {
        return self::read('webhooks');
    }

    /** @return array<mixed> */
    private static function read(string $name): array
    {
        $text = file_get_contents(__DIR__ . "/../../testdata/$name.json");
        return json_decode((string) $text, true, flags: JSON_THROW_ON_ERROR);
    }
}
