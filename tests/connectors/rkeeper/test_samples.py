"""Whether others read the same: people who collected what r_keeper documents."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from uzel.connector import Element, Received
from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.connectors.rkeeper.webhook import parse
from uzel.kit.http_file import read_http_file
from uzel.model.phone import parse_phone
from uzel.model.visit import Visit

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "src/uzel/connectors/rkeeper/samples"
PUBLIC_SAMPLES = ROOT / ".." / "shared" / "samples" / "rkeeper"


def read(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), RkeeperConfig.model_construct())


@pytest.mark.skipif(not PUBLIC_SAMPLES.is_dir(), reason="the collected samples are not here")
def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    expected = json.loads((PUBLIC_SAMPLES / "EXPECTED.json").read_text())["samples"]
    assert expected
    for name, decisions in expected.items():
        elements = read((PUBLIC_SAMPLES / name).read_bytes())
        assert [decided(element) for element in elements] == [
            (given["decision"], given.get("reason"), given.get("phone")) for given in decisions
        ], name


def decided(element: Element) -> tuple[str, str | None, str | None]:
    if element.reason is not None:
        return "skip", element.reason, None
    assert isinstance(element.data, Visit)
    decision = "request" if element.type == "visit.completed" else "cancel"
    return decision, None, parse_phone(element.data.phone).e164


def test_every_reason_in_our_samples_is_explained_in_the_readme() -> None:
    readme = (SAMPLES.parent / "README.md").read_text()
    bodies = [read_http_file(path.read_bytes()).body for path in SAMPLES.glob("*.http")]
    reasons = {element.reason for body in bodies for element in read(body)} - {None}
    assert len(bodies) >= 14
    assert len(reasons) >= 8
    assert {reason for reason in reasons if f"| `{reason}` |" not in readme} == set()
