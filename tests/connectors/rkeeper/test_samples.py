"""Whether others read the same: people who collected what r_keeper documents."""

from datetime import UTC, datetime
from pathlib import Path

from collected_samples import collected, decided
from uzel.connector import Element, Received
from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.connectors.rkeeper.webhook import parse
from uzel.kit.http_file import read_http_file

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "src/uzel/connectors/rkeeper/samples"


def read(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), RkeeperConfig.model_construct())


def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    for name, body, judged in collected("rkeeper"):
        assert [decided(element) for element in read(body)] == judged, name


def test_every_reason_in_our_samples_is_explained_in_the_readme() -> None:
    readme = (SAMPLES.parent / "README.md").read_text()
    bodies = [read_http_file(path.read_bytes()).body for path in SAMPLES.glob("*.http")]
    reasons = {element.reason for body in bodies for element in read(body)} - {None}
    assert len(bodies) >= 14
    assert len(reasons) >= 8
    assert {reason for reason in reasons if f"| `{reason}` |" not in readme} == set()
