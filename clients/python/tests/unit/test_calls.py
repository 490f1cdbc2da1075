"""Every call sends what the contract asks for and reads what it promises."""

import re
from typing import Any

import pytest

from qisma import Destination, QismaClient, StartedPosTransaction, UnexpectedAnswerError

from .stub import stub

ID = "FoPKKHqfQIKfBqhEj8M47A"
PAYMENT: Any = {
    "amount": 10_000,
    "success_link": "https://shop.example/thanks",
    "fail_link": "https://shop.example/sorry",
}


def test_a_payment_is_asked_for_with_its_split() -> None:
    with stub("generate_payment") as gateway:
        split = [Destination("1234", 8_000)]
        created = gateway.client.generate_payment(**PAYMENT, destination=split, accept_card=True)
        assert created.payment_id == ID
        assert created.link == f"https://pay.example/pay/{ID}"
        assert created.developer_tracking_id == "order-42"
        [asked] = gateway.asked
        assert (asked.method, asked.path) == ("POST", "/api/v2/generate_payment")
        sent_split = [{"amount": 8_000, "destination": "1234"}]
        assert asked.body == {**PAYMENT, "destination": sent_split, "accept_card": True}
        assert asked.headers["Authorization"] == "Bearer public:private"


def test_a_hold_and_a_saved_card_are_asked_for_by_their_fields() -> None:
    fields: Any = {
        "pre_authorization": True,
        "client_id": "amira@example.com",
        "binding_id": "b",
        "cvc": "748",
    }
    with stub("generate_payment") as gateway:
        created = gateway.client.generate_payment(**PAYMENT, **fields)
        assert created.status is None
        assert gateway.asked[0].body == {**PAYMENT, **fields}


def test_a_saved_card_that_was_charged_says_so() -> None:
    with stub("generate_payment_with_binding") as gateway:
        fields: Any = {"client_id": "amira@example.com", "binding_id": "b", "cvc": "748"}
        assert gateway.client.generate_payment(**PAYMENT, **fields).status == "SUCCESS"


def test_an_empty_tracking_id_is_sent() -> None:
    with stub("generate_payment") as gateway:
        gateway.client.generate_payment(**PAYMENT, developer_tracking_id="")
        assert gateway.asked[0].body["developer_tracking_id"] == ""


def test_a_payment_is_read() -> None:
    with stub("verify_payment") as gateway:
        payment = gateway.client.verify_payment(ID)
        assert (payment.payment_id, payment.amount) == (ID, 1_250)
        assert (payment.status, payment.settlement_status) == ("SUCCESS", "PROCESSING")
        assert payment.details["destinations"] == [{"amount": 1_000, "destination": "1234"}]
        assert gateway.asked[0].path == f"/api/v2/verify_payment/{ID}"


@pytest.mark.parametrize("payment_id", ["..", "a/../b?c", "a\n", ""])
def test_an_id_cannot_lead_to_another_path(payment_id: str) -> None:
    with stub("verify_payment") as gateway:
        with pytest.raises(ValueError, match="no payment id"):
            gateway.client.verify_payment(payment_id)
        assert gateway.asked == []


def test_a_refund_sends_its_amount_and_reversals_and_reads_digits_as_a_number() -> None:
    with stub("refund_payment") as gateway:
        reversals = [Destination("1234", 6_000)]
        refund = gateway.client.refund_payment(ID, amount=10_000, reversals=reversals)
        assert (refund.refund_id, refund.amount) == ("ref_1", 10_000)
        [asked] = gateway.asked
        assert asked.path == "/api/v2/refund_payment"
        sent = [{"amount": 6_000, "destination": "1234"}]
        assert asked.body == {"payment_id": ID, "amount": 10_000, "reversals": sent}


def test_a_refund_of_everything_sends_the_payment_alone() -> None:
    with stub("refund_payment") as gateway:
        gateway.client.refund_payment(ID)
        assert gateway.asked[0].body == {"payment_id": ID}


def test_a_refund_that_only_the_acquirer_knows_is_pending_with_its_shares() -> None:
    with stub("refund_payment_pending") as gateway:
        refund = gateway.client.refund_payment(ID)
        assert (refund.status, refund.refunded_at) == ("pending", None)
        assert refund.reversals == (Destination("1234", 6_000), Destination("1000", 4_000))


def test_a_hold_is_confirmed_in_part() -> None:
    with stub("confirm_payment") as gateway:
        confirmed = gateway.client.confirm_payment(ID, amount=8_500)
        assert (confirmed.status, confirmed.amount) == ("confirmed", 8_500)
        assert gateway.asked[0].path == "/api/v2/confirm_payment"
        assert gateway.asked[0].body == {"payment_id": ID, "amount": 8_500}


def test_a_hold_is_confirmed_whole_by_the_payment_alone() -> None:
    with stub("confirm_payment") as gateway:
        gateway.client.confirm_payment(ID)
        assert gateway.asked[0].body == {"payment_id": ID}


def test_a_capture_that_only_the_acquirer_knows_is_pending() -> None:
    with stub("confirm_payment_pending") as gateway:
        confirmed = gateway.client.confirm_payment(ID)
        assert (confirmed.status, confirmed.confirmed_at) == ("pending", None)


def test_a_hold_is_released() -> None:
    with stub("cancel_payment") as gateway:
        canceled = gateway.client.cancel_payment(ID)
        assert (canceled.status, canceled.cancelled_at) == ("cancelled", "2025-01-15T10:30:00Z")
        assert gateway.asked[0].path == "/api/v2/cancel_payment"
        assert gateway.asked[0].body == {"payment_id": ID}


def test_bindings_are_listed() -> None:
    with stub("bindings_list") as gateway:
        [binding] = gateway.client.list_bindings("amira@example.com")
        assert binding.card_last_four == "4012"
        assert gateway.asked[0].path == "/api/v2/bindings/list"
        assert gateway.asked[0].query == {"client_id": "amira@example.com"}


def test_a_binding_whose_time_nobody_knows_is_listed() -> None:
    with stub("bindings_list_without_a_time") as gateway:
        [binding] = gateway.client.list_bindings("amira@example.com")
        assert binding.created_at is None


def test_a_binding_is_given_up() -> None:
    with stub("bindings_revoke") as gateway:
        revoked = gateway.client.revoke_binding("amira@example.com", "b")
        assert revoked.status == "revoked"
        [asked] = gateway.asked
        assert (asked.method, asked.path) == ("POST", "/api/v2/bindings/revoke")
        assert asked.body == {"client_id": "amira@example.com", "binding_id": "b"}


def test_the_history_goes_on_from_page_to_page_and_never_to_another_host() -> None:
    with stub("history_first_page", "history_last_page") as gateway:
        rows = list(gateway.client.history("online", operation_status="S", limit=2))
        assert [row.amount for row in rows] == [1_250, 700, 300]
        first, second = gateway.asked
        assert first.path == "/api/developers/history"
        assert first.query == {"type": "online", "operation_status": "S", "limit": "2"}
        assert second.query == {"type": "online", "cursor": "a+b="}


def test_an_empty_page_that_leads_on_is_not_the_end_of_the_history() -> None:
    with stub("history_empty_page", "history_last_page") as gateway:
        assert [row.amount for row in gateway.client.history("online")] == [300]
        assert gateway.asked[1].query == {"type": "online", "cursor": "c"}


def test_a_next_page_without_a_query_is_not_taken_for_the_history_that_was_asked_for() -> None:
    with stub("history_next_without_query") as gateway:
        with pytest.raises(UnexpectedAnswerError):
            list(gateway.client.history("online"))
        assert len(gateway.asked) == 1


def test_a_page_that_nobody_needs_is_not_asked_for() -> None:
    with stub("history_first_page") as gateway:
        assert next(gateway.client.history("online")).payment_id == ID
        assert len(gateway.asked) == 1


def test_a_terminal_is_sent_an_amount() -> None:
    transaction: Any = {
        "id_terminal": "testing1234",
        "serial_number": "s",
        "amount_in_millimes": 1_000,
        "payment_method": "CARD",
        "developer_tracking_id": "order-42",
    }
    with stub("init_pos_transaction") as gateway:
        started = gateway.client.init_pos_transaction(**transaction)
        assert started == StartedPosTransaction("testing1234", None)
        assert gateway.asked[0].path == "/api/transactions/init_pos_transaction"
        assert gateway.asked[0].body == transaction


def test_a_terminals_transaction_has_an_id_without_a_name_of_the_callers() -> None:
    names = ("init_pos_transaction_with_its_id", "get_pos_transaction_status_without_a_name")
    with stub(*names) as gateway:
        started = gateway.client.init_pos_transaction(
            id_terminal="testing1234",
            serial_number="s",
            amount_in_millimes=1_000,
            payment_method="NFC",
        )
        [found] = gateway.client.pos_transactions(flouci_transaction_id=started.transaction_id)
        assert (found.developer_tracking_id, found.payment_status) == (None, "P")
        assert found.transaction_id == started.transaction_id


def test_transactions_of_a_terminal_are_found_by_either_id() -> None:
    name = "get_pos_transaction_status"
    with stub(name, name) as gateway:
        [found] = gateway.client.pos_transactions(developer_tracking_id="order-42")
        gateway.client.pos_transactions(flouci_transaction_id="uuid")
        assert found.payment_status == "PS"
        assert gateway.asked[0].path == "/api/transactions/get_pos_transaction_status"
        assert [asked.query for asked in gateway.asked] == [
            {"developer_tracking_id": "order-42"},
            {"flouci_transaction_id": "uuid"},
        ]


def test_a_qr_code_is_drawn_with_the_api_key_for_an_operation_that_the_client_names() -> None:
    with stub("generate_custom_qr_code") as gateway:
        code = gateway.client.generate_qr_code(amount_in_millimes=1_000, merchant_id="1234")
        assert code.qr_code == "iVBORw0KGgo="
        [asked] = gateway.asked
        assert asked.path == "/api/business/generate_custom_qr_code"
        assert asked.headers["Authorization"] == "Api-Key api-key"
        assert asked.query["amount_in_millimes"] == "1000"
        assert re.fullmatch(r"[0-9a-f-]{36}", asked.query["operation_uuid"])


def test_the_status_of_a_qr_operation_is_read_with_the_api_key() -> None:
    with stub("custom_transaction_status") as gateway:
        transaction = gateway.client.qr_transaction_status("uuid")
        assert (transaction.status, transaction.payment_id) == ("SUCCESS", ID)
        assert gateway.asked[0].path == "/api/business/custom_transaction/status"
        assert gateway.asked[0].query == {"operation_uuid": "uuid"}
        assert gateway.asked[0].headers["Authorization"] == "Api-Key api-key"


def test_payments_by_qr_code_are_listed_from_page_to_page_with_the_api_key() -> None:
    page = "custom_transaction_history"
    with stub(f"{page}_first_page", f"{page}_last_page") as gateway:
        rows = list(gateway.client.qr_history(start_date="2026-11-01", limit=1))
        assert [row.amount_in_millimes for row in rows] == [1_000, 700]
        first, second = gateway.asked
        assert first.path == second.path == "/api/business/custom_transaction/history"
        assert first.query == {"start_date": "2026-11-01", "limit": "1"}
        assert second.query == {"limit": "1", "before": "1.AZPKKHqfQIKfBqhEj8M47B"}
        assert second.headers["Authorization"] == "Api-Key api-key"


def test_a_lost_answer_is_asked_for_by_its_key_whatever_that_holds() -> None:
    with stub("refund_payment") as gateway:
        answer = gateway.client.lost_answer("a/b?c%2F", payment_id=ID)
        assert answer["result"]["refund_id"] == "ref_1"
        [asked] = gateway.asked
        assert (asked.method, asked.path) == ("GET", "/api/idempotency/a%2Fb%3Fc%252F")
        assert asked.query == {"payment_id": ID}
        assert asked.headers["Idempotency-Key"] is None


@pytest.mark.parametrize("key", [".", "..", "a b", ""])
def test_a_key_that_leads_to_another_path_is_not_asked_for(key: str) -> None:
    with stub() as gateway:
        with pytest.raises(ValueError, match="idempotency key"):
            gateway.client.lost_answer(key)
        assert gateway.asked == []


@pytest.mark.parametrize("amount", [10.5, 10.0, True, "1000", None])
def test_an_amount_that_is_no_whole_number_is_refused_before_anything_is_sent(amount: Any) -> None:
    with stub() as gateway:
        with pytest.raises(TypeError):
            gateway.client.generate_payment(**{**PAYMENT, "amount": amount})
        with pytest.raises(TypeError, match=r"destination\[0\]"):
            gateway.client.generate_payment(**PAYMENT, destination=[Destination("1234", amount)])
        assert gateway.asked == []


def test_a_key_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="private_key is not a key"):
        QismaClient("https://pay.example", "public", "a\r\nX: y")


def test_a_client_shows_no_key() -> None:
    with stub() as gateway:
        assert "private" not in repr(gateway.client)
