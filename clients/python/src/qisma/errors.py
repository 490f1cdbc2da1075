"""What can go wrong. No error carries a key, a body that was sent, or a CVC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class QismaError(Exception):
    """Whatever this package raises on purpose, but for errors about an argument."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Python's own calls the class with the message alone, and task queues pickle errors.
        return (_remade, (type(self), self.args, self.__dict__))


def _remade(
    kind: type[QismaError], arguments: tuple[object, ...], members: dict[str, object]
) -> QismaError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(members)
    return error


@dataclass(frozen=True)
class FieldMistake:
    """A mistake in one field of a request."""

    field: str
    message: str


@dataclass(frozen=True)
class CallFacts:
    """What is known of a request that did not go as it should."""

    idempotency_key: str | None
    operation_uuid: str | None
    outcome_unknown: bool


class CallError(QismaError):
    """A call that ended without what was asked for."""

    def __init__(self, message: str, facts: CallFacts) -> None:
        super().__init__(message)
        self.idempotency_key = facts.idempotency_key
        """The key that was sent: with it the same request may be sent again."""
        self.operation_uuid = facts.operation_uuid
        """The QR operation that was asked for: ask for the same one again."""
        self.outcome_unknown = facts.outcome_unknown
        """Whether the request may have done its work all the same.

        Then send the same request with the same ``idempotency_key`` (or ``operation_uuid``) until
        it is false; with another key it may be done twice."""


class ApiError(CallError):
    """The gateway answered, and did not grant the request, or does not know (outcome_unknown)."""

    def __init__(
        self,
        message: str,
        facts: CallFacts,
        *,
        status: int,
        code: str,
        flouci_code: int | str | None,
        mistakes: tuple[FieldMistake, ...],
        request_id: str | None,
        retry_after_secs: float | None,
    ) -> None:
        super().__init__(message, facts)
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


class ConnectionError(CallError):  # noqa: A001 - it is used as qisma.ConnectionError
    """No whole answer of the gateway came, in time or at all; nor is a proxy's error page one.

    What became of a change is unknown.
    """


class UnexpectedAnswerError(CallError):
    """The answer says that all is well, and is not what the API promises: is that a gateway?

    What became of a change is unknown.
    """


class WebhookVerificationError(QismaError):
    """A webhook is not proved to come from the gateway. Answer it with 400 and do nothing."""
