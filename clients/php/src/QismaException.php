<?php

declare(strict_types=1);

namespace Qisma;

/** Whatever this package throws on purpose, but for errors about an argument. */
class QismaException extends \RuntimeException
{
}
