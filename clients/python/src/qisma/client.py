"""The calls of the API, one method each."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Literal, TypeVar, get_args
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from ._read import (
    Json,
    Unreadable,
    as_object,
    check_millimes,
    millimes,
    objects,
    optional_text,
    shares,
    text,
)
from ._transport import Transport, check_idempotency_key
from .models import (
    Binding,
    Cancellation,
    Confirmation,
    CreatedPayment,
    Destination,
    HistoryRow,
    Payment,
    PaymentStatus,
    PosMethod,
    PosTransaction,
    QrCode,
    QrTransaction,
    Refund,
    RevokedBinding,
    StartedPosTransaction,
)

_KEY = re.compile(r"[!-9;-~]+")
_PAYMENT_ID = re.compile(r"[A-Za-z0-9_-]+")

T = TypeVar("T")


class QismaClient:
    """A client of one app of a merchant. It keeps connections open; close it, or use ``with``."""

    def __init__(
        self,
        base_url: str,
        public_key: str,
        private_key: str,
        *,
        api_key: str | None = None,
        timeout_secs: float = 30.0,
        retries_max: int = 2,
        retry_wait_secs_max: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Takes the gateway's address and the keys that ``qisma app create`` printed.

        ``api_key`` is for the QR calls only. ``timeout_secs`` is for each step of one try:
        connecting, sending, waiting for more. A ``Retry-After`` longer than
        ``retry_wait_secs_max`` is not waited for but reported.
        """
        _check_key("public_key", public_key)
        _check_key("private_key", private_key)
        if api_key is not None:
            _check_key("api_key", api_key)
        self._authorization = f"Bearer {public_key}:{private_key}"
        self._api_key = api_key
        self._transport = Transport(
            base_url,
            timeout_secs=timeout_secs,
            retries_max=retries_max,
            retry_wait_secs_max=retry_wait_secs_max,
            transport=transport,
            sleep=sleep,
        )

    def __enter__(self) -> QismaClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def generate_payment(
        self,
        *,
        amount: int,
        success_link: str,
        fail_link: str,
        webhook: str | None = None,
        developer_tracking_id: str | None = None,
        accept_card: bool | None = None,
        image_url: str | None = None,
        session_timeout_secs: int | None = None,
        destination: Iterable[Destination] | None = None,
        pre_authorization: bool | None = None,
        client_id: str | None = None,
        binding_id: str | None = None,
        cvc: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedPayment:
        """Asks for a payment. Send the payer to its ``link``.

        ``destination`` is the split; what is left goes to the calling merchant.
        ``pre_authorization`` holds the money for :meth:`confirm_payment` or
        :meth:`cancel_payment`. A card payment with ``client_id`` makes a binding; ``binding_id``,
        ``client_id`` and ``cvc`` together charge one: then the answer's ``status`` says whether
        that is done or the payer must go to ``link``. The idempotency key is a fresh UUID when
        absent.
        """
        check_millimes("amount", amount)
        split = None if destination is None else shares("destination", destination)
        body = {
            "amount": amount,
            "success_link": success_link,
            "fail_link": fail_link,
            "webhook": webhook,
            "developer_tracking_id": developer_tracking_id,
            "accept_card": accept_card,
            "image_url": image_url,
            "session_timeout_secs": session_timeout_secs,
            "destination": split,
            "pre_authorization": pre_authorization,
            "client_id": client_id,
            "binding_id": binding_id,
            "cvc": cvc,
        }
        return self._post("/api/v2/generate_payment", body, idempotency_key, _created)

    def verify_payment(self, payment_id: str) -> Payment:
        """Asks how a payment stands. Wait for the webhook instead of asking again and again."""
        # An id such as `..` would lead to another path.
        if not _PAYMENT_ID.fullmatch(payment_id):
            raise ValueError("that is no payment id")

        def read(answer: Json) -> Payment:
            result = as_object(answer, "result")
            return Payment(
                payment_id=payment_id,
                type=text(result, "type"),
                amount=millimes(result, "amount"),
                status=_status(text(result, "status")),
                settlement_status=text(result, "settlement_status"),
                developer_tracking_id=optional_text(result, "developer_tracking_id"),
                details=as_object(result, "details"),
            )

        return self._get(f"/api/v2/verify_payment/{payment_id}", None, read)

    def refund_payment(
        self,
        payment_id: str,
        *,
        amount: int | None = None,
        reversals: Iterable[Destination] | None = None,
        idempotency_key: str | None = None,
    ) -> Refund:
        """Gives a payment back: all that is left of it, a part, or chosen parts of the shares."""
        if amount is not None:
            check_millimes("amount", amount)
        taken = None if reversals is None else shares("reversals", reversals)
        body = {"payment_id": payment_id, "amount": amount, "reversals": taken}
        return self._post("/api/v2/refund_payment", body, idempotency_key, _refund)

    def confirm_payment(
        self, payment_id: str, *, amount: int | None = None, idempotency_key: str | None = None
    ) -> Confirmation:
        """Captures money that is held, all of it or a part; the rest is released."""
        if amount is not None:
            check_millimes("amount", amount)
        body = {"payment_id": payment_id, "amount": amount}
        return self._post("/api/v2/confirm_payment", body, idempotency_key, _confirmation)

    def cancel_payment(
        self, payment_id: str, *, idempotency_key: str | None = None
    ) -> Cancellation:
        """Releases money that is held."""
        body = {"payment_id": payment_id}
        return self._post("/api/v2/cancel_payment", body, idempotency_key, _cancellation)

    def list_bindings(self, client_id: str) -> list[Binding]:
        """The saved cards of a payer."""
        return self._get("/api/v2/bindings/list", {"client_id": client_id}, _bindings)

    def revoke_binding(
        self, client_id: str, binding_id: str, *, idempotency_key: str | None = None
    ) -> RevokedBinding:
        """Gives a saved card up, for good. Of one that is not saved (any more) the same is said."""
        body = {"client_id": client_id, "binding_id": binding_id}
        return self._post("/api/v2/bindings/revoke", body, idempotency_key, _revoked)

    def history(
        self,
        type: Literal["online", "pos"],  # noqa: A002 - the API's own word
        *,
        merchant_id: str | None = None,
        start_date: str | None = None,
        end_date: str | None = None,
        operation_status: str | None = None,
        app_token: str | None = None,
        terminal_id: str | None = None,
        limit: int | None = None,
    ) -> Iterator[HistoryRow]:
        """Every payment of the filter from the newest, page by page as they are needed.

        Dates are ISO 8601 and inclusive; ``operation_status`` is ``S`` (success), ``AS`` (all
        successes), ``PF`` (failure), ``P`` (pending), ...; ``terminal_id`` goes with ``pos`` only;
        ``limit`` is how many a page has.
        """
        query = _filled(
            {
                "type": type,
                "merchant_id": merchant_id,
                "start_date": start_date,
                "end_date": end_date,
                "operation_status": operation_status,
                "app_token": app_token,
                "terminal_id": terminal_id,
                "limit": None if limit is None else str(limit),
            }
        )
        while query:
            rows, query = self._get("/api/developers/history", query, _page_of(_history_row))
            yield from rows

    def init_pos_transaction(
        self,
        *,
        id_terminal: str,
        serial_number: str,
        amount_in_millimes: int,
        payment_method: PosMethod,
        developer_tracking_id: str | None = None,
        webhook: str | None = None,
        idempotency_key: str | None = None,
    ) -> StartedPosTransaction:
        """Sends an amount to a terminal."""
        check_millimes("amount_in_millimes", amount_in_millimes)
        body = {
            "id_terminal": id_terminal,
            "serial_number": serial_number,
            "amount_in_millimes": amount_in_millimes,
            "payment_method": payment_method,
            "developer_tracking_id": developer_tracking_id,
            "webhook": webhook,
        }
        path = "/api/transactions/init_pos_transaction"
        return self._post(path, body, idempotency_key, _started)

    def pos_transactions(
        self,
        *,
        developer_tracking_id: str | None = None,
        flouci_transaction_id: str | None = None,
    ) -> list[PosTransaction]:
        """The transactions of a terminal that have this id; give one of the two."""
        if (developer_tracking_id is None) == (flouci_transaction_id is None):
            raise TypeError("give developer_tracking_id or flouci_transaction_id")
        query = _filled(
            {
                "developer_tracking_id": developer_tracking_id,
                "flouci_transaction_id": flouci_transaction_id,
            }
        )
        return self._get("/api/transactions/get_pos_transaction_status", query, _pos_transactions)

    def generate_qr_code(
        self,
        *,
        amount_in_millimes: int,
        merchant_id: str,
        operation_uuid: str | None = None,
        barcode: bool | None = None,
    ) -> QrCode:
        """Draws a QR code to pay an amount by wallet."""
        check_millimes("amount_in_millimes", amount_in_millimes)
        # The operation is named here, so that asking again after a lost answer makes no second one.
        operation_uuid = str(uuid.uuid4()) if operation_uuid is None else operation_uuid
        query = _filled(
            {
                "amount_in_millimes": str(amount_in_millimes),
                "merchant_id": merchant_id,
                "operation_uuid": operation_uuid,
                "barcode": None if barcode is None else str(barcode).lower(),
            }
        )
        return self._get_by_api_key(
            "/api/business/generate_custom_qr_code",
            query,
            lambda answer: QrCode(text(answer, "qr_code"), text(answer, "operation_uuid")),
            operation_uuid=operation_uuid,
        )

    def qr_transaction_status(self, operation_uuid: str) -> QrTransaction:
        """How the operation of a QR code stands."""
        query = {"operation_uuid": operation_uuid}
        path = "/api/business/custom_transaction/status"
        return self._get_by_api_key(path, query, _qr_transaction)

    def qr_history(
        self,
        *,
        merchant_id: str | None = None,
        start_date: str | None = None,
        end_date: str | None = None,
        limit: int | None = None,
    ) -> Iterator[QrTransaction]:
        """Every payment by QR code from the newest, page by page as they are needed."""
        path = "/api/business/custom_transaction/history"
        query = _filled(
            {
                "merchant_id": merchant_id,
                "start_date": start_date,
                "end_date": end_date,
                "limit": None if limit is None else str(limit),
            }
        )
        while True:
            rows, query = self._get_by_api_key(path, query, _page_of(_qr_transaction))
            yield from rows
            if not query:
                return

    def lost_answer(self, idempotency_key: str, *, payment_id: str | None = None) -> Json:
        """What the request with this key was answered: the body as it came, and nothing is done.

        For what was done with a payment, such as a refund, ``payment_id`` names the payment. An
        :class:`ApiError` with the code ``idempotency_key_not_found``: nothing was done by then.
        """
        check_idempotency_key(idempotency_key)
        # Proxies and libraries take these for steps in the path, however they are written.
        if idempotency_key in (".", ".."):
            raise ValueError("this idempotency key cannot be asked for")
        query = None if payment_id is None else {"payment_id": payment_id}
        path = f"/api/idempotency/{quote(idempotency_key, safe='')}"
        return self._get(path, query, lambda answer: answer)

    def _post(
        self,
        path: str,
        body: Mapping[str, object],
        idempotency_key: str | None,
        read: Callable[[Json], T],
    ) -> T:
        return self._transport.call(
            "POST",
            path,
            read,
            authorization=self._authorization,
            body={name: value for name, value in body.items() if value is not None},
            idempotency_key=str(uuid.uuid4()) if idempotency_key is None else idempotency_key,
        )

    def _get(
        self, path: str, query: Mapping[str, str] | None, read: Callable[[Json], T]
    ) -> T:
        return self._transport.call(
            "GET", path, read, authorization=self._authorization, query=query
        )

    def _get_by_api_key(
        self,
        path: str,
        query: Mapping[str, str],
        read: Callable[[Json], T],
        operation_uuid: str | None = None,
    ) -> T:
        if self._api_key is None:
            raise TypeError("the QR calls need api_key")
        return self._transport.call(
            "GET",
            path,
            read,
            authorization=f"Api-Key {self._api_key}",
            query=query,
            operation_uuid=operation_uuid,
        )


def _created(answer: Json) -> CreatedPayment:
    result = as_object(answer, "result")
    return CreatedPayment(
        payment_id=text(result, "payment_id"),
        link=optional_text(result, "link"),
        developer_tracking_id=optional_text(result, "developer_tracking_id"),
        status=None if result.get("status") is None else _status(text(result, "status")),
    )


def _refund(answer: Json) -> Refund:
    result = as_object(answer, "result")
    return Refund(
        refund_id=text(result, "refund_id"),
        payment_id=text(result, "payment_id"),
        amount=millimes(result, "amount"),
        status=text(result, "status"),
        refunded_at=optional_text(result, "refunded_at"),
        reversals=tuple(
            Destination(text(part, "destination"), millimes(part, "amount"))
            # Flouci's own answer has none.
            for part in (objects(result, "reversals") if "reversals" in result else [])
        ),
    )


def _confirmation(answer: Json) -> Confirmation:
    result = as_object(answer, "result")
    return Confirmation(
        payment_id=text(result, "payment_id"),
        status=text(result, "status"),
        amount=millimes(result, "amount"),
        confirmed_at=optional_text(result, "confirmed_at"),
    )


def _cancellation(answer: Json) -> Cancellation:
    result = as_object(answer, "result")
    return Cancellation(
        payment_id=text(result, "payment_id"),
        status=text(result, "status"),
        cancelled_at=optional_text(result, "cancelled_at"),
    )


def _bindings(answer: Json) -> list[Binding]:
    return [
        Binding(
            binding_id=text(binding, "binding_id"),
            client_id=text(binding, "client_id"),
            card_last_four=text(binding, "card_last_four"),
            card_brand=text(binding, "card_brand"),
            status=text(binding, "status"),
            created_at=optional_text(binding, "created_at"),
        )
        for binding in objects(as_object(answer, "result"), "bindings")
    ]


def _revoked(answer: Json) -> RevokedBinding:
    result = as_object(answer, "result")
    return RevokedBinding(
        binding_id=text(result, "binding_id"),
        client_id=text(result, "client_id"),
        status=text(result, "status"),
    )


def _page_of(read: Callable[[Json], T]) -> Callable[[Json], tuple[list[T], dict[str, str]]]:
    """Reads a page of rows, and the query of the next one, empty at the end."""

    def page(answer: Json) -> tuple[list[T], dict[str, str]]:
        rows = [read(row) for row in objects(answer, "results")]
        # Of the link only the query is taken: keys go to the configured address alone.
        link = optional_text(answer, "next") or ""
        query = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        if link and not query:
            # It would lead to everything, whatever was asked for.
            raise Unreadable("the answer's `next` has no query")
        return rows, query

    return page


def _history_row(row: Json) -> HistoryRow:
    return HistoryRow(
        payment_id=text(row, "payment_id"),
        type=text(row, "type"),
        amount=millimes(row, "amount"),
        status=text(row, "status"),
        settlement_status=text(row, "settlement_status"),
        developer_tracking_id=optional_text(row, "developer_tracking_id"),
        all=row,
    )


def _started(answer: Json) -> StartedPosTransaction:
    return StartedPosTransaction(
        terminal_id=text(answer, "terminal_id"),
        transaction_id=optional_text(answer, "transaction_id"),
    )


def _pos_transactions(answer: Json) -> list[PosTransaction]:
    return [
        PosTransaction(
            developer_tracking_id=optional_text(transaction, "developer_tracking_id"),
            payment_status=text(transaction, "payment_status"),
            transaction_id=text(transaction, "transaction_id"),
        )
        for transaction in objects(answer, "transactions")
    ]


def _qr_transaction(row: Json) -> QrTransaction:
    return QrTransaction(
        operation_uuid=text(row, "operation_uuid"),
        payment_id=text(row, "payment_id"),
        link=text(row, "link"),
        amount_in_millimes=millimes(row, "amount_in_millimes"),
        status=_status(text(row, "status")),
        created_at=text(row, "created_at"),
        updated_at=text(row, "updated_at"),
    )


def _check_key(name: str, value: str) -> None:
    """Also keeps line breaks out of the header."""
    if not _KEY.fullmatch(value):
        raise ValueError(f"{name} is not a key")


def _filled(query: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value is not None}


def _status(word: str) -> PaymentStatus:
    for status in get_args(PaymentStatus):
        if word == status:
            known: PaymentStatus = status
            return known
    raise Unreadable("the status is none of the six words")
