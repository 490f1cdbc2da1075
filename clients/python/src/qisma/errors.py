"""What can go wrong. No error carries a key, a body that was sent, or a CVC."""

from __future__ import annotations

from dataclasses import dataclass


class QismaError(Exception):
    """Whatever this package raises on purpose, but for errors about an argument."""


@dataclass(frozen=True)
class FieldMistake:
    """A mistake in one field of a request."""

    field: str
    message: str


class ApiError(QismaError):
    """The gateway answered, and did not grant the request."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        flouci_code: int | str | None,
        mistakes: tuple[FieldMistake, ...],
        request_id: str | None,
        retry_after_secs: float | None,
        idempotency_key: str | None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        """The HTTP status."""
        self.code = code
        """The code of docs/errors.md, such as ``payment_not_found``; empty when there is none."""
        self.flouci_code = flouci_code
        """The body's own ``code``, as Flouci spells it: 1, or ``REFUND_NOT_ALLOWED``."""
        self.mistakes = mistakes
        """Every mistake of a request that is ``request_invalid``."""
        self.request_id = request_id
        """What to tell whoever runs the gateway."""
        self.retry_after_secs = retry_after_secs
        """How long the gateway asks to wait."""
        self.idempotency_key = idempotency_key
        """The key that was sent: with it the same request may be sent again."""


class ConnectionError(QismaError):  # noqa: A001 - it is used as qisma.ConnectionError
    """No whole answer came, in time or at all.

    What became of the request is unknown: send it again with the same idempotency key.
    """

    def __init__(self, message: str, *, idempotency_key: str | None) -> None:
        super().__init__(message)
        self.idempotency_key = idempotency_key


class UnexpectedAnswerError(QismaError):
    """The answer says that all is well, and is not what the API promises: is that a gateway?"""


class WebhookVerificationError(QismaError):
    """A webhook is not proved to come from the gateway. Answer it with 400 and do nothing."""
