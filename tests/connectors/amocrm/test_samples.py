"""Whether people who collected real payloads would decide the same."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from uzel.connector import Element, Received
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.webhook import parse
from uzel.model.visit import Visit

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT / ".." / "shared" / "samples"
JUDGED, COLLECTED = SHARED / "amocrm_webhooks", SHARED / "amocrm"
CONFIG = AmocrmConfig.model_validate({"base_url": "https://a.amocrm.ru", "access_token": "t"})

# Where nothing can follow, any reason will do.
HOSTILE = "reject_or_ignore"


def read(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), CONFIG)


def reason_of(element: Element) -> str | None:
    """The reason; a win without a phone would have to be asked about at amoCRM."""
    if element.reason is None and isinstance(element.data, Visit):
        assert element.data.guest or element.data.phone
        return None if element.data.phone else "no_phone"
    return element.reason


@pytest.mark.skipif(not JUDGED.is_dir(), reason="the collected samples are not here")
def test_public_samples_are_decided_as_their_collectors_judged() -> None:
    expected = json.loads((JUDGED / "EXPECTED.json").read_text())["samples"]
    assert expected
    for name, decisions in expected.items():
        reasons = [reason_of(element) for element in read((JUDGED / name).read_bytes())]
        assert all(decision["decision"] == "skip" for decision in decisions), name
        assert len(reasons) == len(decisions), name
        for reason, decision in zip(reasons, decisions, strict=True):
            assert reason == decision["reason"] or decision["reason"] == HOSTILE, name
            assert reason is not None


@pytest.mark.skipif(not COLLECTED.is_dir(), reason="the collected samples are not here")
def test_recorded_hooks_are_read_entity_by_entity() -> None:
    found = {
        path.name: [
            (element.type, element.reason or element.key)
            for element in read(path.read_bytes().strip())
        ]
        for path in sorted(COLLECTED.glob("webhooks_*/*"))
        if path.suffix in (".form", ".json")
    }
    assert len(found) >= 28
    assert all(len(elements) == 1 for elements in found.values())
    kinds = {elements[0] for elements in found.values()}
    assert {reason for _, reason in kinds if reason} <= {
        *("status_not_won", "no_lead_status", "company", "entity", "lead_restored"),
    }
    assert found["2023_dp_leads_status.ORIGINAL_BYTES.form"] == [
        ("lead.status_changed", "status_not_won")
    ]
    assert found["2016_lead_hook_delete.form"] == [("visit.cancelled", None)]
    assert found["2016_company_hook_delete.form"] == [("company.deleted", "company")]
