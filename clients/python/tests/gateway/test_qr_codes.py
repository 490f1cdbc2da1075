"""Against a running gateway: payments as QR codes."""

from base64 import b64decode
from uuid import uuid4

import pytest

from qisma import ApiError, QismaClient

from .demo import GATEWAY, GET, PHONES
from .payer import pay_by_wallet

MERCHANT = "1000"


def test_an_operation_is_one_code_and_one_payment() -> None:
    with GET.client() as client:
        code = client.generate_qr_code(amount_in_millimes=1_000, merchant_id=MERCHANT)
        assert b64decode(code.qr_code).startswith(b"\x89PNG")
        again = client.generate_qr_code(
            amount_in_millimes=1_000, merchant_id=MERCHANT, operation_uuid=code.operation_uuid
        )
        assert again == code
        transaction = client.qr_transaction_status(code.operation_uuid)
        assert (transaction.status, transaction.amount_in_millimes) == ("PENDING", 1_000)
        assert client.verify_payment(transaction.payment_id).amount == 1_000


def test_a_code_that_was_paid_by_wallet_is_paid() -> None:
    with GET.client() as client:
        code = client.generate_qr_code(amount_in_millimes=1_000, merchant_id=MERCHANT)
        pay_by_wallet(client.qr_transaction_status(code.operation_uuid).link, PHONES[10])
        assert client.qr_transaction_status(code.operation_uuid).status == "SUCCESS"


def test_payments_by_qr_code_are_listed_from_the_newest_over_several_pages() -> None:
    operations = [str(uuid4()) for _ in range(3)]
    with GET.client() as client:
        for operation in operations:
            client.generate_qr_code(
                amount_in_millimes=1_000, merchant_id=MERCHANT, operation_uuid=operation
            )
        listed = [row.operation_uuid for row in client.qr_history(limit=2)]
    assert [operation for operation in listed if operation in operations] == operations[::-1]


def test_an_operation_with_another_amount_is_refused() -> None:
    with GET.client() as client:
        code = client.generate_qr_code(amount_in_millimes=1_000, merchant_id=MERCHANT)
        with pytest.raises(ApiError) as caught:
            client.generate_qr_code(
                amount_in_millimes=2_000, merchant_id=MERCHANT, operation_uuid=code.operation_uuid
            )
    assert (caught.value.status, caught.value.code) == (409, "operation_uuid_reused")
    assert caught.value.operation_uuid == code.operation_uuid


def test_an_unknown_operation_is_not_found() -> None:
    with GET.client() as client, pytest.raises(ApiError) as caught:
        client.qr_transaction_status(str(uuid4()))
    assert (caught.value.status, caught.value.code) == (404, "transaction_not_found")


def test_a_key_of_an_app_draws_no_code() -> None:
    app_key = GET.private_key
    with QismaClient(GATEWAY, GET.public_key, app_key, api_key=app_key) as client:
        with pytest.raises(ApiError) as caught:
            client.qr_transaction_status(str(uuid4()))
    assert (caught.value.status, caught.value.code) == (401, "api_key_invalid")
