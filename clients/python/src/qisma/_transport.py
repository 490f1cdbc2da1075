"""One request: time limit, repetition where it is safe, and errors read from answers."""

from __future__ import annotations

import email.utils
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from ._read import Json, Unreadable
from .errors import ApiError, CallFacts, ConnectionError, FieldMistake, UnexpectedAnswerError

T = TypeVar("T")

# The statuses that say "later". 409 says it, with a time, while the same key is at work.
_LATER = (409, 429, 503)
# Says "later", but of another request: the same key finds the payment that was called off.
_CALLED_OFF = "terminal_unavailable"
_FIRST_PAUSE_SECS = 0.5
_DIGITS = re.compile(r"[0-9]+")
# What the gateway takes (docs/api.md).
_KEY = re.compile(r"[!-~]{1,255}")
_DAY_SECS = 86_400.0


@dataclass(frozen=True)
class Refusal:
    """An answer that does not grant the request."""

    message: str
    status: int
    code: str
    has_gateway_code: bool
    flouci_code: int | str | None
    mistakes: tuple[FieldMistake, ...]
    request_id: str | None
    retry_after_secs: float | None

    def is_foreign(self) -> bool:
        """Whether something before the gateway answered: its own 5xx have a code."""
        return self.status >= 500 and not self.has_gateway_code

    def is_final(self) -> bool:
        """Whether this also tells what became of earlier tries under the same key."""
        says_later = self.status >= 500 or self.retry_after_secs is not None
        is_of_the_key = not says_later and self.status not in (401, 429)
        return is_of_the_key or self.code == _CALLED_OFF

    def wait_secs(self) -> float | None:
        """How long to wait before the same request makes sense again; None if never."""
        is_later = self.status in _LATER and self.code != _CALLED_OFF
        return self.retry_after_secs if is_later else None

    def error(self, facts: CallFacts) -> ApiError:
        return ApiError(
            self.message,
            facts,
            status=self.status,
            code=self.code,
            flouci_code=self.flouci_code,
            mistakes=self.mistakes,
            request_id=self.request_id,
            retry_after_secs=self.retry_after_secs,
        )


class Transport:
    def __init__(
        self,
        base_url: str,
        *,
        timeout_secs: float,
        retries_max: int,
        retry_wait_secs_max: float,
        transport: httpx.BaseTransport | None,
        sleep: Callable[[float], None],
    ) -> None:
        url = httpx.URL(base_url)
        is_plain = not (url.query or url.fragment or url.userinfo)
        if url.scheme not in ("http", "https") or not url.host or not is_plain:
            raise ValueError("base_url must be an address such as https://pay.example")
        _check_range("timeout_secs", timeout_secs, 0.001, _DAY_SECS)
        _check_range("retries_max", retries_max, 0, 100)
        _check_range("retry_wait_secs_max", retry_wait_secs_max, 0, _DAY_SECS)
        self._root = str(url).rstrip("/")
        self._retries_max = retries_max
        self._retry_wait_secs_max = retry_wait_secs_max
        self._sleep = sleep
        self._http = httpx.Client(
            timeout=timeout_secs,
            transport=transport,
            # The API never redirects; whoever does must not be handed the keys.
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": "qisma-python/0.1.0"},
        )

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        read: Callable[[Json], T],
        *,
        authorization: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
        operation_uuid: str | None = None,
    ) -> T:
        """Sends a request, again where that is safe, and gives what is read from the answer.

        ``operation_uuid`` makes a GET that changes something the same one again.
        """
        headers = {"Authorization": authorization}
        if idempotency_key is not None:
            check_idempotency_key(idempotency_key)
            headers["Idempotency-Key"] = idempotency_key
        request = self._written(method, self._root + path, query, body, headers)
        is_change = idempotency_key is not None or operation_uuid is not None

        def facts(is_unknown: bool) -> CallFacts:
            return CallFacts(idempotency_key, operation_uuid, is_unknown and is_change)

        # Reading changes nothing; writing twice is safe only under one key.
        is_repeatable = method == "GET" or idempotency_key is not None
        is_unknown = False
        tried = 0
        while True:
            is_last = tried >= self._retries_max or not is_repeatable
            answer = self._send(request)
            refusal = None if isinstance(answer, str) else _refusal(answer)
            if isinstance(answer, str) or (refusal is not None and refusal.is_foreign()):
                is_unknown = True
                wait = None if refusal is None else refusal.retry_after_secs
                if is_last or (wait is not None and wait > self._retry_wait_secs_max):
                    raise ConnectionError(f"no answer came: {_why(answer)}", facts(True))
                self._sleep(_pause_secs(tried) if wait is None else wait)
            elif refusal is None:
                return _understood(answer, read, facts(True))
            else:
                is_unknown = is_unknown or refusal.code == "outcome_unknown"
                wait = refusal.wait_secs()
                if is_last or wait is None or wait > self._retry_wait_secs_max:
                    raise refusal.error(facts(is_unknown and not refusal.is_final()))
                self._sleep(wait)
            tried += 1

    def _written(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
        headers: dict[str, str],
    ) -> httpx.Request:
        """Writes a request once, so that every try sends the same."""
        content = None
        try:
            if body is not None:
                written = json.dumps(body, ensure_ascii=False, allow_nan=False)
                content = written.encode()
                headers["Content-Type"] = "application/json"
            return self._http.build_request(
                method, url, params=query, content=content, headers=headers
            )
        except (TypeError, ValueError):
            pass
        # Raised here, because the error of the codec holds what it could not write.
        raise ValueError("an argument cannot be written as JSON in UTF-8")

    def _send(self, request: httpx.Request) -> httpx.Response | str:
        """The answer, or why there is none.

        httpx's own errors hold the request, with its keys and perhaps a CVC; they go no further.
        """
        try:
            return self._http.send(request)
        except (httpx.TransportError, httpx.DecodingError) as cause:
            return type(cause).__name__


def check_idempotency_key(key: str) -> None:
    """Refuses what the gateway would."""
    if not _KEY.fullmatch(key):
        raise ValueError("an idempotency key is 1 to 255 visible ASCII characters")


def _check_range(name: str, value: float, least: float, most: float) -> None:
    # Written so that what is no number is refused, too.
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}")


def _why(answer: httpx.Response | str) -> str:
    if isinstance(answer, str):
        return answer
    return f"the status {answer.status_code} is not the gateway's"


def _pause_secs(tried: int) -> float:
    """Half a second, doubled each time, of which a part is left to chance: clients spread out."""
    longest: float = _FIRST_PAUSE_SECS * 2**tried
    return longest * random.uniform(0.5, 1)


def _parsed(answer: httpx.Response) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _understood(answer: httpx.Response, read: Callable[[Json], T], facts: CallFacts) -> T:
    value = _parsed(answer)
    if not isinstance(value, dict):
        raise UnexpectedAnswerError("the answer is not a JSON object", facts)
    try:
        return read(value)
    except Unreadable as unreadable:
        raise UnexpectedAnswerError(str(unreadable), facts) from None


def _refusal(answer: httpx.Response) -> Refusal | None:
    value = _parsed(answer)
    body = value if isinstance(value, dict) else {}
    if answer.is_success and body.get("status") != "error" and body.get("success") is not False:
        return None
    result = body.get("result")
    if not isinstance(result, dict):
        result = {}
    flouci_code = body.get("code")
    if not isinstance(flouci_code, (int, str)):
        flouci_code = None
    code = result.get("error")
    has_gateway_code = isinstance(code, str)
    if not isinstance(code, str):
        code = flouci_code if isinstance(flouci_code, str) else ""
    message = body.get("message") or result.get("message")
    if not isinstance(message, str):
        message = f"the answer has the status {answer.status_code}"
    return Refusal(
        message,
        status=answer.status_code,
        code=code,
        has_gateway_code=has_gateway_code,
        flouci_code=flouci_code,
        mistakes=_mistakes(result.get("errors")),
        request_id=answer.headers.get("x-request-id"),
        retry_after_secs=_retry_after_secs(answer.headers.get("retry-after")),
    )


def _mistakes(errors: object) -> tuple[FieldMistake, ...]:
    if not isinstance(errors, list):
        return ()
    return tuple(
        FieldMistake(str(error.get("field")), str(error.get("message")))
        for error in errors
        if isinstance(error, dict)
    )


def _retry_after_secs(value: str | None) -> float | None:
    """Seconds, or a date."""
    if value is None:
        return None
    if _DIGITS.fullmatch(value):
        return float(value)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())
