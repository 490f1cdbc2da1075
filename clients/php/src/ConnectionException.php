<?php

declare(strict_types=1);

namespace Qisma;

/**
 * No whole answer of the gateway came, in time or at all; an error page of a proxy is none either. What
 * became of a change is unknown.
 */
final class ConnectionException extends CallException
{
}
