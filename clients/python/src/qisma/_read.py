"""Reads answers, and checks them where money depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .models import Destination

Json = Mapping[str, Any]

_DIGITS = re.compile(r"[0-9]{1,18}")


class Unreadable(Exception):
    """An answer that cannot be read. Who knows the request raises UnexpectedAnswerError for it."""


def _unexpected(name: str, wanted: str) -> Unreadable:
    # The value itself is not shown: it may be a payer's.
    return Unreadable(f"the answer's `{name}` is not {wanted}")


def as_object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise _unexpected(name, "an object")
    return value


def objects(parent: Json, name: str) -> list[Json]:
    value = parent.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _unexpected(name, "a list of objects")
    return value


def text(parent: Json, name: str) -> str:
    value = parent.get(name)
    if not isinstance(value, str):
        raise _unexpected(name, "a text")
    return value


def optional_text(parent: Json, name: str) -> str | None:
    return None if parent.get(name) is None else text(parent, name)


def millimes(parent: Json, name: str) -> int:
    """Refunds and confirmations carry their amount as digits in a text."""
    value = parent.get(name)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if type(value) is not int:
        raise _unexpected(name, "a whole number of millimes")
    return value


def check_millimes(name: str, amount: object) -> None:
    """Refuses, before anything is sent, an amount that is not a whole number. True is none."""
    if type(amount) is not int:
        raise TypeError(f"{name} must be a whole number of millimes (1 TND is 1000)")


def shares(name: str, given: Iterable[Destination]) -> list[dict[str, object]]:
    """A split, or the reversals of a refund, as they are sent."""
    sent: list[dict[str, object]] = []
    for index, share in enumerate(given):
        check_millimes(f"{name}[{index}].amount", share.amount)
        sent.append({"amount": share.amount, "destination": share.destination})
    return sent
