"""Against a running gateway: what it offers is what the client speaks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Queue
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from qisma import ApiError, Destination, Webhook

from ..server import Handler, serving
from .demo import GET, PHONES, POST
from .orders import CARD, PAYMENT, SPLIT, paid
from .payer import pay_by_card


@dataclass
class Received:
    method: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@contextmanager
def receiver() -> Iterator[tuple[str, "Queue[Received]"]]:
    received: Queue[Received] = Queue()

    class Hook(Handler):
        def answer(self, body: bytes) -> None:
            self.send_response(204)
            self.end_headers()
            query = parse_qs(urlsplit(self.path).query)
            received.put(Received(self.command, query, dict(self.headers.items()), body))

    with serving(Hook) as url:
        yield f"{url}/hook", received


def test_a_payment_that_was_just_asked_for_is_pending_with_its_split() -> None:
    with GET.client() as client:
        created = client.generate_payment(**PAYMENT)
        payment = client.verify_payment(created.payment_id)
    assert created.developer_tracking_id == payment.developer_tracking_id == "طلب 42"
    assert (payment.type, payment.amount) == ("online", 10_000)
    assert (payment.status, payment.settlement_status) == ("PENDING", "NOT_APPLICABLE")
    legs = [Destination(leg["destination"], leg["amount"]) for leg in payment.details["destinations"]]
    assert legs == SPLIT


def test_the_same_key_gives_the_same_payment() -> None:
    key = str(uuid4())
    with GET.client() as client:
        first = client.generate_payment(**PAYMENT, idempotency_key=key)
        assert client.generate_payment(**PAYMENT, idempotency_key=key) == first
        with pytest.raises(ApiError) as caught:
            client.generate_payment(**{**PAYMENT, "amount": 20_000}, idempotency_key=key)
    assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")


def test_a_payment_is_paid_by_wallet_and_the_get_webhook_is_genuine() -> None:
    with receiver() as (url, received):
        payment_id = paid(GET, PHONES[0], webhook=url)
        webhook = received.get(timeout=20)
    assert webhook.method == "GET"
    assert (webhook.query["payment_id"], webhook.query["success"]) == ([payment_id], ["True"])
    assert Webhook(GET.webhook_secret).verify(webhook.body, webhook.headers).event is None
    with GET.client() as client:
        payment = client.verify_payment(payment_id)
    assert (payment.status, payment.type) == ("SUCCESS", "wallet")
    assert payment.settlement_status == "AVAILABLE"


def test_a_payment_is_paid_by_card_and_its_money_is_on_its_way() -> None:
    with GET.client() as client:
        created = client.generate_payment(**PAYMENT, accept_card=True)
        assert created.link is not None
        pay_by_card(created.link, *CARD)
        payment = client.verify_payment(created.payment_id)
    assert (payment.status, payment.type) == ("SUCCESS", "card")
    assert payment.settlement_status == "PROCESSING"
    assert payment.details["pan"] == "450921**1119"


def test_a_post_webhook_is_genuine_and_tells_what_happened() -> None:
    with receiver() as (url, received):
        payment_id = paid(POST, PHONES[1], webhook=url)
        webhook = received.get(timeout=20)
    assert webhook.method == "POST"
    event = Webhook(POST.webhook_secret).verify(webhook.body, webhook.headers).event
    assert event is not None
    assert (event["payment_id"], event["status"]) == (payment_id, "SUCCESS")
    assert event["developer_tracking_id"] == "طلب 42"


def test_an_unknown_payment_is_not_found() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.verify_payment("FoPKKHqfQIKfBqhEj8M47A")
    assert (caught.value.status, caught.value.code) == (404, "payment_not_found")
    assert caught.value.request_id


def test_wrong_keys_are_refused() -> None:
    stranger = replace(GET, private_key=str(uuid4()))
    with stranger.client() as client, pytest.raises(ApiError) as caught:
        client.verify_payment("FoPKKHqfQIKfBqhEj8M47A")
    assert (caught.value.status, caught.value.code) == (401, "credentials_invalid")


def test_mistakes_are_reported_field_by_field() -> None:
    wrong = {**PAYMENT, "amount": 0, "fail_link": "x"}
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.generate_payment(**wrong)
    assert (caught.value.status, caught.value.code) == (400, "request_invalid")
    assert [mistake.field for mistake in caught.value.mistakes] == ["amount", "fail_link"]
