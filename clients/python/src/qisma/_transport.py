"""One request: time limit, repetition where it is safe, and errors read from answers."""

from __future__ import annotations

import email.utils
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from ._read import Json
from .errors import ApiError, ConnectionError, FieldMistake, UnexpectedAnswerError

# The statuses that say "later". 409 says it, with a time, while the same key is at work.
_LATER = (409, 429, 503)
_FIRST_PAUSE_SECS = 0.5
_DIGITS = re.compile(r"[0-9]+")


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
        *,
        authorization: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> Json:
        """Sends a request, again where that is safe, and gives the answer's JSON."""
        headers = {"Authorization": authorization}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        request = self._http.build_request(
            method, self._root + path, params=query, json=body, headers=headers
        )
        # Reading changes nothing; writing twice is safe only under one key.
        is_repeatable = method == "GET" or idempotency_key is not None
        tried = 0
        while True:
            is_last = tried >= self._retries_max or not is_repeatable
            outcome = self._send(request)
            if isinstance(outcome, str):
                if is_last:
                    raise ConnectionError(
                        f"no answer came: {outcome}", idempotency_key=idempotency_key
                    )
                self._sleep(_pause_secs(tried))
            else:
                error = _refusal(outcome, idempotency_key)
                if error is None:
                    return _object(outcome)
                wait = error.retry_after_secs if error.status in _LATER else None
                if is_last or wait is None or wait > self._retry_wait_secs_max:
                    raise error
                self._sleep(wait)
            tried += 1

    def _send(self, request: httpx.Request) -> httpx.Response | str:
        """The answer, or why there is none.

        httpx's own errors hold the request, with its keys and perhaps a CVC; they go no further.
        """
        try:
            return self._http.send(request)
        except (httpx.TransportError, httpx.DecodingError) as cause:
            return str(cause) or type(cause).__name__


def _pause_secs(tried: int) -> float:
    """Half a second, doubled each time, of which a part is left to chance: clients spread out."""
    longest: float = _FIRST_PAUSE_SECS * 2**tried
    return longest * random.uniform(0.5, 1)


def _parsed(answer: httpx.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _object(answer: httpx.Response) -> Json:
    value = _parsed(answer)
    if not isinstance(value, dict):
        raise UnexpectedAnswerError("the answer is not a JSON object")
    return value


def _refusal(answer: httpx.Response, idempotency_key: str | None) -> ApiError | None:
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
    if not isinstance(code, str):
        code = flouci_code if isinstance(flouci_code, str) else ""
    message = body.get("message") or result.get("message")
    if not isinstance(message, str):
        message = f"the answer has the status {answer.status_code}"
    return ApiError(
        message,
        status=answer.status_code,
        code=code,
        flouci_code=flouci_code,
        mistakes=_mistakes(result.get("errors")),
        request_id=answer.headers.get("x-request-id"),
        retry_after_secs=_retry_after_secs(answer.headers.get("retry-after")),
        idempotency_key=idempotency_key,
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
