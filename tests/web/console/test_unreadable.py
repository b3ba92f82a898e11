"""Another master key than the one in use when secrets were saved: said wherever one looks."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console_visitor import Visitor
from running_web import WebApp, running_web
from sample_data import READ_TOKEN

REASON = "секрет запечатан другим мастер-ключом"


@pytest.fixture
def locked(sample_dsn: str, tmp_path: Path) -> Iterator[WebApp]:
    """The sample, served with another master key."""
    other = base64.b64encode(b"?" * 32).decode()
    with running_web(sample_dsn, tmp_path, master_key=other) as running:
        yield running


def test_the_console_says_it(locked: WebApp) -> None:
    visitor = Visitor(locked.url).sign_in()
    page = visitor.page("/")
    assert "SMS.ru · main" in page and REASON in page
    listed = visitor.page("/connections")
    assert listed.count('class="light tone-good"') == 1
    assert listed.count('class="light tone-bad"') == 2
    assert REASON in visitor.page("/connections/2")
    checked = visitor.post("/connections/2/test").text
    assert "Проверка не прошла." in checked and REASON in checked


def test_metrics_and_api_say_it(locked: WebApp) -> None:
    text = locked.client.get("/metrics").text
    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert figures["uzel_connection_state", "main", "smsru", "paused"] == 1
    assert ("uzel_connection_state", "main", "smsru", "active") not in figures
    assert figures["uzel_connection_unreadable", "main", "smsru"] == 1
    assert figures["uzel_connection_unreadable", "main", "iiko"] == 0
    headers = {"authorization": f"Bearer {READ_TOKEN}"}
    paused = locked.client.get("/api/v1/overview", headers=headers).json()["paused"]
    reasons = {(item["connector"], item["name"]): item["reason"] for item in paused}
    assert set(reasons) == {("smsru", "main"), ("smsru", "spare")}
    assert all("UZEL_MASTER_KEY" in reason for reason in reasons.values())


def test_typing_the_secret_anew_mends_it(locked: WebApp) -> None:
    visitor = Visitor(locked.url).sign_in()
    refused = visitor.post("/connections/2/edit", sender="Uzel")
    assert refused.status_code == 422
    visitor.done("/connections/2/edit", api_id="typed-anew")
    assert REASON not in visitor.page("/connections/2")
    assert visitor.page("/connections").count('class="light tone-good"') == 2


def test_what_a_person_switched_off_stays_off(locked: WebApp) -> None:
    visitor = Visitor(locked.url).sign_in()
    visitor.done("/connections/2/off")
    assert "SMS.ru · main" not in visitor.page("/").partition('id="flow"')[0]
    active = locked.deps.registry.get(2)
    assert active is not None and (active.state, active.config) == ("off", None)
    assert 2 not in locked.deps.registry.unreadable()
