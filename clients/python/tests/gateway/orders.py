"""Payments that tests ask for."""

from typing import Any

from qisma import Destination

from .demo import App
from .payer import pay_by_wallet

SPLIT = [Destination("1234", 8_000), Destination("4321", 1_500)]
PAYMENT: Any = {
    "amount": 10_000,
    "success_link": "https://shop.example/thanks",
    "fail_link": "https://shop.example/sorry",
    "developer_tracking_id": "طلب 42",
    "destination": SPLIT,
}
# Number, expiry and CVC of a card of the sandbox that pays.
CARD = ("4509211111111119", "12/26", "748")


def paid(app: App, phone: str, **other: Any) -> str:
    """Asks for a payment, pays it by wallet and gives its id."""
    with app.client() as client:
        created = client.generate_payment(**PAYMENT, **other)
    assert created.link is not None
    pay_by_wallet(created.link, phone)
    return created.payment_id
