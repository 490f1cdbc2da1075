"""A typed client of the Qisma gateway."""

from .client import QismaClient
from .errors import (
    ApiError,
    CallError,
    ConnectionError,
    FieldMistake,
    QismaError,
    UnexpectedAnswerError,
    WebhookVerificationError,
)
from .models import (
    Binding,
    Cancellation,
    Confirmation,
    CreatedPayment,
    Destination,
    HistoryRow,
    Payment,
    PaymentStatus,
    PosTransaction,
    QrCode,
    QrTransaction,
    Refund,
    RevokedBinding,
    StartedPosTransaction,
)
from .webhook import VerifiedWebhook, Webhook

__all__ = [
    "ApiError",
    "Binding",
    "CallError",
    "Cancellation",
    "Confirmation",
    "ConnectionError",
    "CreatedPayment",
    "Destination",
    "FieldMistake",
    "HistoryRow",
    "Payment",
    "PaymentStatus",
    "PosTransaction",
    "QismaClient",
    "QismaError",
    "QrCode",
    "QrTransaction",
    "Refund",
    "RevokedBinding",
    "StartedPosTransaction",
    "UnexpectedAnswerError",
    "VerifiedWebhook",
    "Webhook",
    "WebhookVerificationError",
]
