"""The cases that all client kits share."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[2] / "testdata"


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


ANSWERS: dict[str, dict[str, Any]] = _read("answers")
WEBHOOKS: list[dict[str, Any]] = _read("webhooks")
