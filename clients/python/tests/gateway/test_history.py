"""Against a running gateway: payments are found again, page by page."""

from collections.abc import Iterable

import pytest

from qisma import ApiError, HistoryRow

from .demo import GET, PHONES, POST
from .orders import PAYMENT, SPLIT, paid

A_DAY_LONG_AGO = "2020-01-01"


def asked(count: int) -> list[str]:
    """The ids of new payments, the newest first."""
    with GET.client() as client:
        ids = [client.generate_payment(**PAYMENT).payment_id for _ in range(count)]
    return ids[::-1]


def of(ids: list[str], rows: Iterable[HistoryRow]) -> list[HistoryRow]:
    """Those of these payments, in the order of the rows."""
    return [row for row in rows if row.payment_id in ids]


def test_payments_are_listed_from_the_newest_over_several_pages() -> None:
    ids = asked(3)
    with GET.client() as client:
        rows = of(ids, client.history("online", limit=2))
    assert [row.payment_id for row in rows] == ids


def test_a_row_says_how_its_payment_stands() -> None:
    [payment_id] = asked(1)
    with GET.client() as client:
        [row] = of([payment_id], client.history("online"))
    assert (row.type, row.amount, row.status) == ("online", 10_000, "PENDING")
    assert row.settlement_status == "NOT_APPLICABLE"
    assert row.developer_tracking_id == PAYMENT["developer_tracking_id"]
    legs = [(leg["destination"], leg["amount"]) for leg in row.all["destinations"]]
    assert legs == [(leg.destination, leg.amount) for leg in SPLIT]


def test_paid_payments_are_told_from_open_ones() -> None:
    ids = [*asked(1), paid(GET, PHONES[6])]
    with GET.client() as client:
        for code, wanted in [("P", ids[:1]), ("S", ids[1:]), ("AS", ids[1:]), ("PF", [])]:
            rows = of(ids, client.history("online", operation_status=code))
            assert [row.payment_id for row in rows] == wanted, code


def test_payments_are_those_of_the_app_that_is_named() -> None:
    ids = asked(1)
    with GET.client() as client:
        assert len(of(ids, client.history("online", app_token=GET.public_key))) == 1
        assert of(ids, client.history("online", app_token=POST.public_key)) == []


def test_payments_are_those_of_the_days_that_are_named() -> None:
    ids = asked(1)
    with GET.client() as client:
        assert len(of(ids, client.history("online", start_date=A_DAY_LONG_AGO))) == 1
        assert list(client.history("online", end_date=A_DAY_LONG_AGO)) == []


def test_a_terminal_of_online_payments_is_refused_with_floucis_number() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        next(client.history("online", terminal_id="0123456789abcdef"))
    assert (caught.value.status, caught.value.code) == (400, "terminal_id_not_allowed")
    assert caught.value.flouci_code == 1004


def test_mistakes_of_a_filter_are_reported_all_at_once() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        next(
            client.history(
                "online", merchant_id="1234", start_date="soon", operation_status="X", limit=101
            )
        )
    assert (caught.value.status, caught.value.code) == (400, "request_invalid")
    fields = [mistake.field for mistake in caught.value.mistakes]
    assert sorted(fields) == ["limit", "merchant_id", "operation_status", "start_date"]
