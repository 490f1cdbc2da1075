"""Proves that a webhook comes from the gateway (Standard Webhooks; docs/webhooks.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import WebhookVerificationError

_TOLERANCE_SECS = 300
_SECONDS = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class VerifiedWebhook:
    """A webhook that the gateway sent."""

    id: str
    """The event, the same at every try: act once on each."""
    sent_at_secs: int
    event: Mapping[str, Any] | None
    """What a POST says: ``payment_id``, ``success``, ``status``, ``developer_tracking_id``,
    ``type``, ``timestamp`` and ``data`` (docs/events has its schemas). A GET has an empty body,
    and its query is signed by nobody: ask verify_payment."""


class Webhook:
    """Verifies the webhooks of one app."""

    def __init__(self, secret: str) -> None:
        """Takes the app's webhook secret, ``whsec_...``."""
        key = _base64(secret.removeprefix("whsec_"))
        if not key:
            raise ValueError("the secret is not whsec_ and base64")
        self._key = key

    def verify(
        self, body: bytes | str, headers: Mapping[str, str], now_secs: float | None = None
    ) -> VerifiedWebhook:
        """Checks signature and time of a webhook, of the raw body as it came (a GET's is empty).

        Raises WebhookVerificationError when they do not hold.
        """
        event_id = _header(headers, "webhook-id")
        sent_at = _header(headers, "webhook-timestamp")
        signatures = _header(headers, "webhook-signature")
        now_secs = time.time() if now_secs is None else now_secs
        is_recent = _SECONDS.fullmatch(sent_at) and abs(now_secs - int(sent_at)) <= _TOLERANCE_SECS
        if not is_recent:
            raise WebhookVerificationError("webhook-timestamp is more than five minutes off")
        raw = body.encode() if isinstance(body, str) else body
        signed = f"{event_id}.{sent_at}.".encode() + raw
        expected = hmac.new(self._key, signed, hashlib.sha256).digest()
        if not any(_matches(expected, word) for word in signatures.split(" ")):
            raise WebhookVerificationError("no signature in webhook-signature matches")
        return VerifiedWebhook(event_id, int(sent_at), _event(raw))


def _matches(expected: bytes, word: str) -> bool:
    if not word.startswith("v1,"):
        return False
    given = _base64(word.removeprefix("v1,"))
    return given is not None and hmac.compare_digest(given, expected)


def _header(headers: Mapping[str, str], name: str) -> str:
    values = [value for given, value in headers.items() if given.lower() == name]
    if len(values) != 1 or not values[0]:
        raise WebhookVerificationError(f"the header {name} is missing, or there are several")
    return values[0]


def _event(raw: bytes) -> Mapping[str, Any] | None:
    if not raw:
        return None
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise WebhookVerificationError("the body is signed, but is not a JSON object")
    return value


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
