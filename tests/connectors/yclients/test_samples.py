"""Whether people who collected real payloads read them the same, and whether the page tells all."""

import re
from datetime import UTC, datetime
from pathlib import Path

from collected_samples import Decision, collected
from uzel.connector import Element, Received
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.webhook import parse
from uzel.kit.http_file import read_http_file
from uzel.model.phone import parse_phone
from uzel.model.visit import Visit

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "src/uzel/connectors/yclients"


def read(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), YclientsConfig())


def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    for name, body, judged in collected("yclients"):
        assert [decided(element) for element in read(body)] == judged, name


def decided(element: Element) -> Decision:
    """In the collectors' words: they skip where we also call off, and name the entity."""
    if element.reason is not None:
        return "skip", {"event_type": "resource"}.get(element.reason, element.reason), None
    assert isinstance(element.data, Visit)
    if element.type == "visit.cancelled":
        return "skip", element.data.note, None
    return "request", None, parse_phone(element.data.phone).e164


def test_the_page_explains_every_reason_of_the_samples() -> None:
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", (FOLDER / "README.md").read_text(), re.M))
    given: set[str] = set()
    for path in FOLDER.glob("samples/*.http"):
        for element in read(read_http_file(path.read_bytes()).body):
            note = element.data.note if isinstance(element.data, Visit) else None
            given |= {word for word in (element.reason, note) if word}
    assert len(given) >= 12
    assert given <= explained
