<?php

declare(strict_types=1);

namespace Qisma;

/** How a payment stands; one of these six words, for ever. */
enum PaymentStatus: string
{
    case Success = 'SUCCESS';
    case Pending = 'PENDING';
    case Expired = 'EXPIRED';
    case Failure = 'FAILURE';
    case PreauthSuccess = 'PREAUTH_SUCCESS';
    case SystemFailure = 'SYSTEM_FAILURE';
}
