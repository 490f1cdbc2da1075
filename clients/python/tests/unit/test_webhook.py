"""Webhooks: the cases that all client kits share, and how headers arrive."""

from typing import Any

import pytest

from qisma import Webhook, WebhookVerificationError

from ..testdata import WEBHOOKS

POSTED = next(case for case in WEBHOOKS if "payment_id" in case["body"])


@pytest.mark.parametrize("case", WEBHOOKS, ids=lambda case: str(case["name"]))
def test_shared_case(case: dict[str, Any]) -> None:
    def verify() -> str:
        return Webhook(case["secret"]).verify(case["body"], case["headers"], case["now_secs"]).id

    if case["genuine"]:
        assert verify() == case["headers"]["webhook-id"]
    else:
        with pytest.raises(WebhookVerificationError):
            verify()


def verify(body: bytes, headers: dict[str, str]) -> Any:
    return Webhook(POSTED["secret"]).verify(body, headers, POSTED["now_secs"]).event


def test_a_post_tells_its_event() -> None:
    event = verify(POSTED["body"].encode(), POSTED["headers"])
    assert event["payment_id"] == "FoPKKHqfQIKfBqhEj8M47A"
    assert event["developer_tracking_id"] == "طلب 42"


def test_a_get_tells_no_event() -> None:
    case = next(case for case in WEBHOOKS if case["genuine"] and case["body"] == "")
    assert Webhook(case["secret"]).verify(b"", case["headers"], case["now_secs"]).event is None


def test_the_letters_of_header_names_do_not_matter() -> None:
    loud = {name.upper(): value for name, value in POSTED["headers"].items()}
    assert verify(POSTED["body"].encode(), loud) is not None


def test_two_headers_of_one_name_are_refused() -> None:
    two = {**POSTED["headers"], "Webhook-Id": "msg_2"}
    with pytest.raises(WebhookVerificationError):
        verify(POSTED["body"].encode(), two)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***"])
def test_an_empty_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        Webhook(secret)
