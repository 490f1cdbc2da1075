<?php

declare(strict_types=1);

namespace Qisma;

/**
 * An object of an answer, checked where money depends on it.
 *
 * @internal
 */
final readonly class Answer
{
    /** @param array<mixed> $members */
    public function __construct(public array $members)
    {
    }

    public function object(string $name): self
    {
        $value = $this->members[$name] ?? null;
        return self::isObject($value) ? new self($value) : throw self::unexpected($name, 'an object');
    }

    /** @return list<self> */
    public function objects(string $name): array
    {
        $value = $this->members[$name] ?? null;
        if (!is_array($value) || !array_is_list($value)) {
            throw self::unexpected($name, 'a list');
        }
        return array_map(
            fn (mixed $item) => self::isObject($item)
                ? new self($item)
                : throw self::unexpected($name, 'a list of objects'),
            $value,
        );
    }

    public function text(string $name): string
    {
        $value = $this->members[$name] ?? null;
        return is_string($value) ? $value : throw self::unexpected($name, 'a text');
    }

    public function optionalText(string $name): ?string
    {
        return isset($this->members[$name]) ? $this->text($name) : null;
    }

    public function status(): PaymentStatus
    {
        return PaymentStatus::tryFrom($this->text('status'))
            ?? throw new UnreadableAnswer('the status is none of the six words');
    }

    /** Refunds and confirmations carry their amount as digits in a text. */
    public function millimes(string $name): int
    {
        $value = $this->members[$name] ?? null;
        if (is_string($value) && preg_match('/^[0-9]{1,18}$/D', $value)) {
            return (int) $value;
        }
        return is_int($value) ? $value : throw self::unexpected($name, 'a whole number of millimes');
    }

    /** An empty object and an empty list look the same in PHP. */
    private static function isObject(mixed $value): bool
    {
        return is_array($value) && ($value === [] || !array_is_list($value));
    }

    /** The value itself is not shown: it may be a payer's. */
    private static function unexpected(string $name, string $wanted): UnreadableAnswer
    {
        return new UnreadableAnswer("the answer's `$name` is not $wanted");
    }
}
