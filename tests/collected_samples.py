"""Bodies that people collected from what providers document, and how they judged them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from uzel.connector import Element
from uzel.model.phone import parse_phone
from uzel.model.visit import Visit

COLLECTED = Path(__file__).resolve().parents[1] / ".." / "shared" / "samples"

# Decision, reason, phone (E.164).
Decision = tuple[str, str | None, str | None]


def collected(connector: str) -> Iterator[tuple[str, bytes, list[Decision]]]:
    """Name, body, and what is decided on each of its elements; skips where there are none."""
    folder = COLLECTED / connector
    if not folder.is_dir():
        pytest.skip("the collected samples are not here")
    expected = json.loads((folder / "EXPECTED.json").read_text())["samples"]
    assert expected
    for name, decisions in expected.items():
        judged = [(it["decision"], it.get("reason"), it.get("phone")) for it in decisions]
        yield name, (folder / name).read_bytes(), judged


def decided(element: Element) -> Decision:
    """What we decide on an element, in the collectors' words."""
    if element.reason is not None:
        return "skip", element.reason, None
    assert isinstance(element.data, Visit)
    decision = "request" if element.type == "visit.completed" else "cancel"
    return decision, None, parse_phone(element.data.phone).e164
