"""Against a running gateway: money goes back, once."""

from uuid import uuid4

import pytest

from qisma import ApiError, Destination

from .demo import GET, PHONES
from .orders import PAYMENT, paid

# The calling merchant's own share is what the split leaves.
SHARES = (Destination("1234", 8_000), Destination("4321", 1_500), Destination("1000", 500))


def test_a_payment_is_given_back_whole_and_not_twice() -> None:
    payment_id = paid(GET, PHONES[2])
    with GET.client() as client:
        refund = client.refund_payment(payment_id)
        assert (refund.payment_id, refund.amount, refund.status) == (payment_id, 10_000, "success")
        assert refund.reversals == SHARES
        assert refund.refunded_at
        payment = client.verify_payment(payment_id)
        assert (payment.status, payment.settlement_status) == ("SUCCESS", "NOT_APPLICABLE")
        with pytest.raises(ApiError) as caught:
            client.refund_payment(payment_id)
    assert (caught.value.status, caught.value.code) == (409, "refund_not_allowed")
    assert caught.value.flouci_code == "REFUND_NOT_ALLOWED"
    assert not caught.value.outcome_unknown


def test_a_payment_is_given_back_in_parts_and_no_more_than_is_left() -> None:
    payment_id = paid(GET, PHONES[3])
    with GET.client() as client:
        first = client.refund_payment(payment_id, amount=2_000)
        assert (first.amount, first.status) == (2_000, "success")
        assert first.reversals == tuple(
            Destination(share.destination, share.amount // 5) for share in SHARES
        )
        with pytest.raises(ApiError) as caught:
            client.refund_payment(payment_id, amount=8_001)
        assert [mistake.field for mistake in caught.value.mistakes] == ["amount"]
        assert client.refund_payment(payment_id).amount == 8_000
        details = client.verify_payment(payment_id).details
    assert [refund["status"] for refund in details["refunds"]] == ["success", "success"]


def test_a_refund_is_taken_from_the_shares_that_are_named() -> None:
    payment_id = paid(GET, PHONES[4])
    with GET.client() as client:
        named = [Destination("4321", 1_000)]
        alone = client.refund_payment(payment_id, reversals=named)
        assert (alone.amount, alone.reversals) == (1_000, tuple(named))
        # What the named ones leave of the amount comes from the caller's own share.
        named = [Destination("1234", 3_000)]
        both = client.refund_payment(payment_id, amount=3_300, reversals=named)
        assert both.reversals == (*named, Destination("1000", 300))
        with pytest.raises(ApiError) as caught:
            client.refund_payment(payment_id, reversals=[Destination("5678", 1)])
    assert (caught.value.status, caught.value.code) == (400, "request_invalid")
    assert [mistake.field for mistake in caught.value.mistakes] == ["reversals[0].destination"]


def test_the_same_key_gives_back_once() -> None:
    payment_id, key = paid(GET, PHONES[5]), str(uuid4())
    with GET.client() as client:
        first = client.refund_payment(payment_id, amount=4_000, idempotency_key=key)
        assert client.refund_payment(payment_id, amount=4_000, idempotency_key=key) == first
        with pytest.raises(ApiError) as caught:
            client.refund_payment(payment_id, amount=5_000, idempotency_key=key)
        assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")
        assert client.refund_payment(payment_id).amount == 6_000


def test_what_nobody_paid_is_not_given_back() -> None:
    with GET.client() as client:
        created = client.generate_payment(**PAYMENT)
        with pytest.raises(ApiError) as caught:
            client.refund_payment(created.payment_id)
    assert (caught.value.status, caught.value.code) == (409, "refund_not_allowed")


def test_an_unknown_payment_is_not_given_back() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.refund_payment("FoPKKHqfQIKfBqhEj8M47A")
    assert (caught.value.status, caught.value.code) == (404, "payment_not_found")
