<?php

declare(strict_types=1);

namespace Qisma;

/**
 * The answer says that all is well, and is not what the API promises: is that really a gateway? What became
 * of a change is unknown.
 */
final class UnexpectedAnswerException extends CallException
{
}
