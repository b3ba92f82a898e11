"""Whether others read the same: an independent library, and people who collected real payloads."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from iikocloudapi.webhooks import parse_webhook
from pydantic import ValidationError

from collected_samples import collected, decided
from uzel.connector import Element, Received
from uzel.connectors.iiko import CONNECTOR
from uzel.connectors.iiko.webhook import KINDS, UNKNOWN, parse
from uzel.kit.http_file import read_http_file
from uzel.model.visit import Visit

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "src/uzel/connectors/iiko/samples"


def read(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), CONNECTOR.config())


def accepted_by_iikocloudapi() -> dict[str, bytes]:
    """Our samples that an independent library accepts; it takes the documented shape only."""
    bodies = {path.stem: read_http_file(path.read_bytes()).body for path in SAMPLES.glob("*.http")}
    accepted = {}
    for name, body in sorted(bodies.items()):
        with suppress(ValidationError):
            parse_webhook(body)
            accepted[name] = body
    return accepted


ACCEPTED = accepted_by_iikocloudapi()


def test_the_independent_library_takes_most_of_our_samples() -> None:
    assert len(ACCEPTED) >= 18


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_independent_library_reads_the_same_types_times_and_phones(name: str) -> None:
    theirs: list[Any] = list(parse_webhook(ACCEPTED[name]))
    for element, other in zip(read(ACCEPTED[name]), theirs, strict=True):
        kind = KINDS.get(other.event_type, UNKNOWN)[0]
        assert element.type in (kind, "visit.completed", "visit.cancelled")
        assert element.occurred_at == other.event_time.replace(tzinfo=UTC)
        if isinstance(element.data, Visit) and other.event_info.order is not None:
            assert element.data.visit == f"{other.organization_id}:{other.event_info.id}"
            assert element.data.phone == phone_in(other.event_info.order)
            assert element.data.total == str(other.event_info.order.sum)


def phone_in(order: Any) -> str | None:
    extension = getattr(order, "phone_extension", None)
    return f"{order.phone};ext={extension}" if extension else order.phone or None


def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    for name, body, judged in collected("iiko"):
        assert [decided(element) for element in read(body)] == judged, name
