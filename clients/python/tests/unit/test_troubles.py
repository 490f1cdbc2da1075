"""What goes wrong: errors, repetitions, time limits."""

import pickle
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


def test_a_saved_card_that_is_declined_is_told_apart() -> None:
    with stub("charge_declined") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.generate_payment(**PAYMENT, client_id="a", binding_id="b", cvc="748")
    assert (caught.value.status, caught.value.code) == (412, "charge_declined")
    assert caught.value.mistakes[0].message == "was declined: insufficient_funds"


def test_a_key_under_which_nothing_was_done_is_told_apart() -> None:
    with stub("idempotency_key_not_found") as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.lost_answer("order-42")
    assert (caught.value.code, caught.value.outcome_unknown) == ("idempotency_key_not_found", False)


def test_a_payment_that_was_called_off_at_its_terminal_is_not_asked_for_under_the_same_key() -> None:
    with stub("outcome_unknown", "terminal_unavailable") as gateway:
        with pytest.raises(qisma.ApiError) as caught:
            gateway.client.init_pos_transaction(
                id_terminal="testing1234",
                serial_number="s",
                amount_in_millimes=1_000,
                payment_method="CARD",
            )
        assert (caught.value.code, caught.value.outcome_unknown) == ("terminal_unavailable", False)
        assert len(gateway.asked) == 2


def test_an_error_page_of_a_proxy_is_no_answer_and_is_asked_again_with_the_same_key() -> None:
    answers = ("page_of_a_proxy", "page_of_a_proxy_with_a_time", "refund_payment")
    with stub(*answers) as gateway:
        gateway.client.refund_payment("x")
        assert len({asked.headers["Idempotency-Key"] for asked in gateway.asked}) == 1
        assert gateway.waited[1] == 3


def test_a_proxy_that_goes_on_with_error_pages_leaves_the_outcome_unknown() -> None:
    with stub(*["page_of_a_proxy"] * 3) as gateway:
        with pytest.raises(qisma.ConnectionError, match="502") as caught:
            gateway.client.refund_payment("x")
        assert caught.value.outcome_unknown
        assert caught.value.idempotency_key == gateway.asked[2].headers["Idempotency-Key"]


@pytest.mark.parametrize(
    ("answers", "outcome_unknown"),
    [
        (("outcome_unknown", "outcome_unknown", "outcome_unknown"), True),
        (("hang up", "rate_limited", "rate_limited"), True),
        (("outcome_unknown", "unavailable_without_a_time"), True),
        (("hang up", "refund_not_allowed"), False),
        (("rate_limited", "rate_limited", "rate_limited"), False),
        (("unavailable_without_a_time",), False),
    ],
)
def test_a_refund_says_whether_its_outcome_is_known(
    answers: tuple[str, ...], outcome_unknown: bool
) -> None:
    with stub(*answers) as gateway, pytest.raises(qisma.ApiError) as caught:
        gateway.client.refund_payment("x")
    assert caught.value.outcome_unknown is outcome_unknown


def test_a_call_that_only_reads_leaves_nothing_unknown() -> None:
    with stub("hang up", retries_max=0) as gateway, pytest.raises(qisma.ConnectionError) as caught:
        gateway.client.verify_payment("x")
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize("answer", ["not_json", "verify_payment", "bindings_list"])
def test_a_refund_whose_answer_cannot_be_read_can_be_asked_for_again(answer: str) -> None:
    with stub(answer) as gateway:
        with pytest.raises(qisma.UnexpectedAnswerError) as caught:
            gateway.client.refund_payment("x")
        assert caught.value.outcome_unknown
        assert caught.value.idempotency_key == gateway.asked[0].headers["Idempotency-Key"]


@pytest.mark.parametrize("answer", ["hang up", "not_json", "rate_limited"])
def test_a_qr_code_that_did_not_come_can_be_asked_for_again_by_its_operation(answer: str) -> None:
    with stub(answer, retries_max=0) as gateway:
        with pytest.raises(qisma.CallError) as caught:
            gateway.client.generate_qr_code(amount_in_millimes=1_000, merchant_id="1234")
        assert caught.value.operation_uuid == gateway.asked[0].query["operation_uuid"]
        assert caught.value.outcome_unknown is (answer != "rate_limited")


@pytest.mark.parametrize("key", ["طلب", "a b", "a\r\nX: y", "", "a" * 256])
def test_a_wrong_key_is_the_callers_mistake_and_not_a_lost_answer(key: str) -> None:
    with stub() as gateway:
        with pytest.raises(ValueError, match="idempotency key"):
            gateway.client.refund_payment("x", idempotency_key=key)
        assert (gateway.asked, gateway.waited) == ([], [])


@pytest.mark.parametrize("option", ["timeout_secs", "retries_max", "retry_wait_secs_max"])
def test_a_client_with_an_option_that_is_no_number_is_refused(option: str) -> None:
    settings: Any = {option: float("nan")}
    with pytest.raises(ValueError, match=option):
        qisma.QismaClient("https://pay.example", "public", "private", **settings)


def test_a_text_that_is_not_unicode_is_the_callers_mistake_and_shows_nothing() -> None:
    with stub() as gateway:
        with pytest.raises(ValueError, match="UTF-8") as caught:
            gateway.client.generate_payment(**PAYMENT, developer_tracking_id="\ud800", cvc="748")
        assert caught.value.__context__ is None
        with pytest.raises(ValueError, match="UTF-8"):
            gateway.client.list_bindings("\ud800")
        assert (gateway.asked, gateway.waited) == ([], [])


@pytest.mark.parametrize("answer", ["request_invalid", "hang up", "not_json"])
def test_an_error_comes_whole_out_of_a_pickle(answer: str) -> None:
    with stub(answer, retries_max=0) as gateway, pytest.raises(qisma.CallError) as caught:
        gateway.client.generate_payment(**PAYMENT)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert type(copied) is type(caught.value)
    assert str(copied) == str(caught.value)
    assert vars(copied) == vars(caught.value)


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


@pytest.mark.parametrize("answer", ["charge_declined", "hang up", "not_json", "request_invalid"])
def test_no_error_holds_a_cvc(answer: str) -> None:
    with stub(answer, retries_max=0) as gateway, pytest.raises(qisma.CallError) as caught:
        fields: Any = {"client_id": "a", "binding_id": "b", "cvc": "748"}
        gateway.client.generate_payment(**PAYMENT, **fields, idempotency_key="order-42")
    assert "748" not in f"{caught.value!r} {vars(caught.value)}"


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
