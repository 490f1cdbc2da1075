"""What goes wrong: errors, repetitions, time limits."""

import re
import traceback
from typing import Any

import pytest

import qisma

from .stub import stub

PAYMENT: Any = {
    "amount": 10_000,
    "success_link": "https://a.example",
    "fail_link": "https://a.example",
}


def test_an_error_carries_what_the_body_says() -> None:
    with stub("payment_not_found") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.verify_payment("x")
    error = caught.value
    assert str(error) == error.message == "Payment not found"
    assert (error.status, error.code, error.flouci_code) == (404, "payment_not_found", 1)
    assert error.request_id == "req-1"


def test_an_invalid_request_lists_its_mistakes() -> None:
    with stub("request_invalid") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.generate_payment(**PAYMENT)
    [mistake] = caught.value.mistakes
    assert mistake == qisma.FieldMistake("amount", "the amount must be at least 1 millime")


def test_a_refused_refund_carries_both_codes() -> None:
    with stub("refund_not_allowed") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.refund_payment("x")
    assert caught.value.code == "refund_not_allowed"
    assert caught.value.flouci_code == "REFUND_NOT_ALLOWED"


def test_the_short_refusal_of_flouci_is_understood() -> None:
    answer = "refund_not_allowed_without_result"
    with stub(answer) as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.refund_payment("x")
    assert caught.value.code == "REFUND_NOT_ALLOWED"
    assert caught.value.message == "Payment cannot be refunded"


def test_an_acquirer_that_refuses_a_saved_card_is_told_apart() -> None:
    with stub("acquirer_refused") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.generate_payment(**PAYMENT, binding_id="b", cvc="748")
    assert caught.value.status == 412


def test_an_error_page_of_a_proxy_is_an_error_with_its_status() -> None:
    with stub("page_of_a_proxy") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.verify_payment("x")
    assert (caught.value.status, caught.value.code) == (502, "")


def test_a_page_where_json_should_be_is_not_taken_for_success() -> None:
    with stub("not_json") as gateway, pytest.raises(qisma.UnexpectedAnswerError):
        gateway.client.verify_payment("x")


def test_a_redirect_is_not_followed() -> None:
    with stub("redirect") as gateway:
        with pytest.raises(qisma.ApiError) as caught:
            gateway.client.verify_payment("x")
        assert caught.value.status == 302
        assert len(gateway.asked) == 1


def test_an_answer_without_the_promised_fields_is_not_taken_for_success() -> None:
    with stub("verify_payment") as gateway, pytest.raises(qisma.UnexpectedAnswerError):
        gateway.client.generate_payment(**PAYMENT)


def test_every_change_carries_a_key_of_its_own() -> None:
    with stub("generate_payment", "generate_payment") as gateway:
        gateway.client.generate_payment(**PAYMENT)
        gateway.client.generate_payment(**PAYMENT)
        one, other = [asked.headers["Idempotency-Key"] for asked in gateway.asked]
        assert re.fullmatch(r"[0-9a-f-]{36}", one)
        assert one != other


def test_a_key_that_the_caller_chose_is_sent() -> None:
    with stub("refund_payment") as gateway:
        gateway.client.refund_payment("x", idempotency_key="refund-1")
        assert gateway.asked[0].headers["Idempotency-Key"] == "refund-1"


def test_a_busy_gateway_is_asked_again_after_its_time_with_the_same_key_and_body() -> None:
    with stub("rate_limited", "outcome_unknown", "generate_payment") as gateway:
        gateway.client.generate_payment(**PAYMENT)
        assert gateway.waited == [7, 5]
        assert len({asked.headers["Idempotency-Key"] for asked in gateway.asked}) == 1
        assert gateway.asked[2].body == PAYMENT


def test_a_broken_connection_is_tried_again_with_the_same_key() -> None:
    with stub("hang up", "generate_payment") as gateway:
        gateway.client.generate_payment(**PAYMENT)
        one, other = [asked.headers["Idempotency-Key"] for asked in gateway.asked]
        assert one == other


def test_a_connection_that_stays_broken_is_an_error_with_the_key() -> None:
    with stub("hang up", "hang up", "hang up") as gateway:
        with pytest.raises(qisma.ConnectionError) as caught:
            gateway.client.generate_payment(**PAYMENT)
        assert len(gateway.asked) == 3
        assert caught.value.idempotency_key == gateway.asked[0].headers["Idempotency-Key"]


def test_no_error_leads_to_the_request_with_its_keys() -> None:
    with stub("hang up", retries_max=0) as gateway, pytest.raises(qisma.ConnectionError) as caught:
        gateway.client.generate_payment(**PAYMENT, cvc="748")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "748" not in "".join(traceback.format_exception_only(caught.value))


def test_a_gateway_that_does_not_answer_in_time_is_given_up() -> None:
    options: Any = {"timeout_secs": 0.05, "retries_max": 0}
    with stub("hang", **options) as gateway, pytest.raises(qisma.ConnectionError):
        gateway.client.verify_payment("x")


def test_a_refusal_that_is_final_is_not_tried_again() -> None:
    with stub("request_invalid") as gateway:
        with pytest.raises(qisma.ApiError):
            gateway.client.generate_payment(**PAYMENT)
        assert len(gateway.asked) == 1


def test_a_gateway_that_names_no_time_is_not_asked_again() -> None:
    with stub("unavailable_without_a_time") as gateway:
        with pytest.raises(qisma.ApiError):
            gateway.client.verify_payment("x")
        assert len(gateway.asked) == 1


def test_a_long_wait_is_reported_rather_than_waited_for() -> None:
    with stub("rate_limited_for_an_hour") as gateway:
        with pytest.raises(qisma.ApiError) as caught:
            gateway.client.verify_payment("x")
        assert caught.value.retry_after_secs == 3_600
        assert gateway.waited == []


def test_after_the_last_try_the_error_is_reported() -> None:
    with stub("rate_limited", "rate_limited", retries_max=1) as gateway:
        with pytest.raises(qisma.ApiError) as caught:
            gateway.client.verify_payment("x")
        assert caught.value.status == 429
        assert len(gateway.asked) == 2
