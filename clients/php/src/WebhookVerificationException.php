<?php

declare(strict_types=1);

namespace Qisma;

/** A webhook is not proved to come from the gateway. Answer it with 400 and do nothing. */
final class WebhookVerificationException extends QismaException
{
}
