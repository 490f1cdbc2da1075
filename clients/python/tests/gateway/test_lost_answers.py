"""Against a running gateway: what was answered is told again."""

from uuid import uuid4

import pytest

from qisma import ApiError

from .demo import GET, PHONES
from .orders import PAYMENT, paid


def test_the_answer_of_a_payment_that_was_asked_for_is_told_again() -> None:
    key = f"order/{uuid4()}?a=%2F"
    with GET.client() as client:
        created = client.generate_payment(**PAYMENT, idempotency_key=key)
        result = client.lost_answer(key)["result"]
    assert (result["payment_id"], result["link"]) == (created.payment_id, created.link)


def test_the_answer_of_a_refund_is_told_again_for_its_payment_only() -> None:
    payment_id, key = paid(GET, PHONES[11]), str(uuid4())
    with GET.client() as client:
        refund = client.refund_payment(payment_id, amount=4_000, idempotency_key=key)
        result = client.lost_answer(key, payment_id=payment_id)["result"]
        assert (result["refund_id"], result["amount"]) == (refund.refund_id, "4000")
        with pytest.raises(ApiError) as caught:
            client.lost_answer(key)
    assert (caught.value.status, caught.value.code) == (404, "idempotency_key_not_found")


def test_a_key_that_was_never_sent_has_no_answer() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.lost_answer(str(uuid4()))
    assert (caught.value.status, caught.value.code) == (404, "idempotency_key_not_found")
