<?php

declare(strict_types=1);

namespace Qisma;

/**
 * An answer that cannot be read. Who knows the request makes an UnexpectedAnswerException of it.
 *
 * @internal
 */
final class UnreadableAnswer extends \RuntimeException
{
}
