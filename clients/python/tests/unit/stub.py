"""A server that gives canned answers in order and remembers what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from qisma import QismaClient

from ..server import Handler, serving
from ..testdata import ANSWERS


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: Any


@dataclass
class Stub:
    client: QismaClient
    asked: list[Asked] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    """How long the client would have waited before each repetition."""


@contextmanager
def stub(*names: str, **options: Any) -> Iterator[Stub]:
    """Starts one; ``hang up`` for a name closes the connection, and ``hang`` never answers."""
    left, over, made = list(names), Event(), None

    class Canned(Handler):
        def answer(self, body: bytes) -> None:
            assert made is not None
            target = urlsplit(self.path)
            made.asked.append(
                Asked(
                    method=self.command,
                    path=target.path,
                    query=dict(parse_qsl(target.query)),
                    headers=self.headers,
                    body=json.loads(body) if body else None,
                )
            )
            name = left.pop(0) if left else "nothing is left"
            if name == "hang":
                over.wait(30)
            canned = ANSWERS.get(name)
            if canned is None:
                self.close_connection = True
                return
            self.send_response(canned["status"])
            for header, value in canned.get("headers", {}).items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write((canned.get("text") or json.dumps(canned.get("body"))).encode())

    waited: list[float] = []
    with serving(Canned) as url:
        settings = {"api_key": "api-key", "sleep": waited.append, **options}
        with QismaClient(url, "public", settings.pop("private_key", "private"), **settings) as client:
            made = Stub(client, waited=waited)
            try:
                yield made
            finally:
                over.set()
