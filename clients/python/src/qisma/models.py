"""What is sent and what comes back. Amounts are whole numbers of millimes: 1 TND is 1000."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PaymentStatus = Literal[
    "SUCCESS", "PENDING", "EXPIRED", "FAILURE", "PREAUTH_SUCCESS", "SYSTEM_FAILURE"
]
"""How a payment stands; one of these six words, for ever."""

PosMethod = Literal["NFC", "CARD", "WALLET", "CHECK"]


@dataclass(frozen=True)
class Destination:
    """A share of a payment and the merchant that gets it; in a refund, what is taken back."""

    destination: str
    """The merchant's id: digits."""
    amount: int


@dataclass(frozen=True)
class CreatedPayment:
    """A payment that was made."""

    payment_id: str
    link: str | None
    """Where the payer goes. Of a saved card: only while ``status`` is ``PENDING``."""
    developer_tracking_id: str | None
    status: PaymentStatus | None = None
    """How the charge of a saved card stands; None for every other payment."""


@dataclass(frozen=True)
class Payment:
    """A payment as it stands."""

    payment_id: str
    type: str
    """``card``, ``wallet``, ...; ``online`` before anybody tried to pay."""
    amount: int
    status: PaymentStatus
    settlement_status: str
    """``PROCESSING``, ``AVAILABLE``, ``IN_PAYOUT``, ``PAID`` or ``NOT_APPLICABLE``."""
    developer_tracking_id: str | None
    details: Mapping[str, Any]
    """What is known of how it was paid, as it came; ``destinations`` is the split."""


@dataclass(frozen=True)
class Refund:
    refund_id: str
    payment_id: str
    amount: int
    status: str
    """``success``, or ``pending`` while only the acquirer knows: it goes on by itself."""
    refunded_at: str | None
    """None while it is pending."""
    reversals: tuple[Destination, ...] = ()
    """Whose shares it is taken from."""


@dataclass(frozen=True)
class Confirmation:
    payment_id: str
    status: str
    """``confirmed``, or ``pending`` while only the acquirer knows: it goes on by itself."""
    amount: int
    """What is captured; the rest of the hold is released."""
    confirmed_at: str | None
    """None while it is pending."""


@dataclass(frozen=True)
class Cancellation:
    payment_id: str
    status: str
    cancelled_at: str | None


@dataclass(frozen=True)
class Binding:
    """A saved card."""

    binding_id: str
    client_id: str
    card_last_four: str
    card_brand: str
    status: str
    created_at: str | None


@dataclass(frozen=True)
class RevokedBinding:
    """A saved card that cannot be charged any more."""

    binding_id: str
    client_id: str
    status: str


@dataclass(frozen=True)
class HistoryRow:
    """A payment in the history."""

    payment_id: str
    type: str
    amount: int
    status: str
    settlement_status: str
    developer_tracking_id: str | None
    all: Mapping[str, Any]
    """The whole row as it came."""


@dataclass(frozen=True)
class StartedPosTransaction:
    """An amount that waits at a terminal."""

    terminal_id: str
    transaction_id: str | None
    """Names it for :meth:`QismaClient.pos_transactions`; Flouci leaves it out."""


@dataclass(frozen=True)
class PosTransaction:
    developer_tracking_id: str | None
    payment_status: str
    """``P`` waiting, ``PS`` paid, ``PF`` declined or called off, ``PE`` not paid in time."""
    transaction_id: str


@dataclass(frozen=True)
class QrCode:
    qr_code: str
    """A PNG, in base64."""
    operation_uuid: str


@dataclass(frozen=True)
class QrTransaction:
    """A payment by QR code."""

    operation_uuid: str
    payment_id: str
    link: str
    """The page to which the code leads."""
    amount_in_millimes: int
    status: PaymentStatus
    created_at: str
    updated_at: str
