"""The running gateway that tests speak to, as ``cargo xtask ci --only clients`` describes it."""

import json
import os
from dataclasses import dataclass

from qisma import QismaClient


@dataclass(frozen=True)
class App:
    public_key: str
    private_key: str
    webhook_secret: str

    def client(self) -> QismaClient:
        return QismaClient(GATEWAY, self.public_key, self.private_key, api_key=API_KEY)


if "QISMA_DEMO" not in os.environ:
    raise RuntimeError("run these with: cargo xtask ci --only clients")
_DESCRIBED = json.loads(os.environ["QISMA_DEMO"])


def _app(name: str) -> App:
    app = _DESCRIBED[name]
    return App(app["public_key"], app["private_key"], app["webhook_secret"])


GATEWAY: str = _DESCRIBED["gateway"]
SANDBOX: str = _DESCRIBED["sandbox"]
GET, POST = _app("get"), _app("post")
"""Apps whose webhooks come as GET and as POST."""
API_KEY: str = _DESCRIBED["api_key"]
"""Of the merchant whose apps these are."""
PHONES: list[str] = _DESCRIBED["phones"]
"""Phones with a wallet, each good for one code now."""
