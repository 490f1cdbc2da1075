"""Drives the sandbox with PyPI's btipay, an independent client of this family of acquirers, unmodified.

Usage: python btipay_client.py http://127.0.0.1:8081

Exits 0 when an order can be registered and read, and a second order of the same number is refused.
"""

import sys
import uuid

from btipay.btipay import BTIPayClient
from btipay.exceptions import BTIPayException


def main(base_url: str) -> None:
    # The client joins its paths to the address as it is, so the slash must be there.
    client = BTIPayClient(base_url.rstrip("/") + "/", "btipay", "secret")
    # Numbers are unique for ever, and this may run twice against the same books.
    number = uuid.uuid4().hex
    order = dict(
        order_number=number,
        amount=12345,
        description="Commande n° 7",
        return_url="http://127.0.0.1/back?basket=7",
        email="payer@example.com",
        phone="40740123456",
        city="Tunis",
        address="1 rue de Marseille",
    )

    registered = client.register_payment(**order)
    assert len(registered.orderId) == 36, registered
    assert registered.formUrl.startswith(base_url.rstrip("/")), registered
    assert registered.orderId in registered.formUrl, registered

    status = client.get_payment_status(registered.orderId)
    assert status.errorCode == "0", status
    assert status.orderNumber == number, status
    assert status.orderStatus == 0, status
    assert status.actionCode == -100, status
    assert status.amount == 12345, status
    assert status.currency == "946", status
    assert status.orderDescription == "Commande n° 7", status
    assert {"name": "mdOrder", "value": registered.orderId} in status.attributes, status

    try:
        client.register_payment(**order)
    except BTIPayException as refused:
        assert refused.args[0]["errorCode"] == 1, refused
    else:
        raise AssertionError("an order number was taken twice")

    print("btipay: registered, read, and refused a duplicate")


if __name__ == "__main__":
    main(sys.argv[1])
