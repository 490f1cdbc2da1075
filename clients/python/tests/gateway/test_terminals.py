"""Against a running gateway: payments at a terminal."""

from uuid import uuid4

import pytest

from qisma import ApiError, StartedPosTransaction

from .demo import GET
from .payer import press_at_terminal


def started(name: str, idempotency_key: str | None = None) -> StartedPosTransaction:
    # A terminal of its own, so that nobody else's payment waits there; the history wants 16 characters.
    terminal = f"till-{name}"[:16]
    with GET.client() as client:
        return client.init_pos_transaction(
            id_terminal=terminal,
            serial_number="SN-0001",
            amount_in_millimes=2_000,
            payment_method="CARD",
            developer_tracking_id=name,
            idempotency_key=idempotency_key,
        )


def status_of(transaction: StartedPosTransaction) -> str:
    with GET.client() as client:
        found = client.pos_transactions(flouci_transaction_id=transaction.transaction_id)
    return found[0].payment_status


@pytest.mark.parametrize(("button", "wanted"), [("pay", "PS"), ("decline", "PF")])
def test_what_happens_at_the_terminal_is_told(button: str, wanted: str) -> None:
    transaction = started(str(uuid4()))
    assert status_of(transaction) == "P"
    press_at_terminal("1000", transaction.terminal_id, button)
    assert status_of(transaction) == wanted


def test_a_transaction_is_found_by_the_callers_own_reference() -> None:
    name = str(uuid4())
    transaction = started(name)
    with GET.client() as client:
        [found] = client.pos_transactions(developer_tracking_id=name)
    assert found.developer_tracking_id == name
    assert found.transaction_id == transaction.transaction_id


def test_payments_at_a_terminal_are_listed_by_it() -> None:
    name = str(uuid4())
    transaction = started(name)
    with GET.client() as client:
        [row] = client.history("pos", terminal_id=transaction.terminal_id)
    assert (row.type, row.amount, row.developer_tracking_id) == ("pos", 2_000, name)


def test_the_same_key_asks_the_terminal_once() -> None:
    name, key = str(uuid4()), str(uuid4())
    assert started(name, key) == started(name, key)
    with GET.client() as client:
        assert len(client.pos_transactions(developer_tracking_id=name)) == 1


def test_an_unknown_transaction_is_not_found() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.pos_transactions(developer_tracking_id=str(uuid4()))
    assert (caught.value.status, caught.value.code) == (404, "transaction_not_found")
