"""Figures for Prometheus: right, open to whom they should be, and there without a database."""

import socket
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from acceptance_demo import until
from running_web import WebApp, running_web
from sample_data import READ_TOKEN, REPLAY_TOKEN, delivery
from uzel import migrations
from uzel.kit.embedded import EmbeddedPostgres
from uzel.kit.secrets import fingerprint
from uzel.people.store import add_token

READ = {"authorization": f"Bearer {READ_TOKEN}"}


def read(answer: httpx2.Response) -> dict[tuple[str, ...], float]:
    """Name and label values, in the order of the labels' names → value."""
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_sample(shared_web: WebApp) -> None:
    figures = read(shared_web.client.get("/metrics"))
    assert figures["uzel_database_up",] == 1
    assert figures["uzel_events", "request"] == 5
    assert figures["uzel_messages", "delivered"] == 1
    assert figures["uzel_calls", "unknown"] == figures["uzel_stuck", "unknown_calls"] == 1
    assert figures["uzel_raw_events", "parked"] == figures["uzel_stuck", "parked"] == 1
    assert figures["uzel_stuck_oldest_age_seconds", "parked"] > 0
    assert figures["uzel_stuck", "undecided"] == 0
    assert figures["uzel_queue_jobs", "events"] > 0
    assert figures["uzel_connection_state", "spare", "smsru", "paused"] == 1
    assert figures["uzel_breaker_open", "main", "smsru"] == 0
    assert figures["uzel_breaker_failures", "main", "smsru"] == 1, "an answer was lost"
    assert figures["process_resident_memory_bytes",] > 10_000_000
    assert figures["uzel_ingest_waiting",] == 0


def test_the_door_counts_what_it_lets_in_and_what_not(web_app: WebApp) -> None:
    order = delivery(1, "Closed", None)
    key = "hook_sample-iiko"
    for address in (f"iiko?key={key}", f"iiko?key={key}", "iiko?key=wrong", "nobody?key=x"):
        web_app.client.post(f"/api/webhook/{address}", json=order)
    figures = read(web_app.client.get("/metrics"))
    assert figures["uzel_door_requests_total", "iiko", "stored"] == 1
    assert figures["uzel_door_requests_total", "iiko", "duplicate"] == 1
    assert figures["uzel_door_requests_total", "iiko", "key"] == 1
    assert figures["uzel_door_requests_total", "?", "key"] == 1


def test_what_the_protocol_refuses_is_counted(web_app: WebApp) -> None:
    port = int(web_app.url.rpartition(":")[2])
    for sent in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 70_000):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sender:
            sender.sendall(sent)
            while sender.recv(65536):
                pass
    figures = read(web_app.client.get("/metrics"))
    assert figures["uzel_http_refused_total", "400"] == 2
    assert figures["uzel_http_refused_total", "431"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x-real-ip": "203.0.113.9"},
        {"host": "rebound.example"},
    ],
)
def test_what_came_through_somebody_else_needs_a_token(
    shared_web: WebApp, headers: dict[str, str]
) -> None:
    answer = shared_web.client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="uzel"')
    assert "uzel_" not in answer.text
    for token in (READ_TOKEN, REPLAY_TOKEN):
        with_token = {**headers, "authorization": f"Bearer {token}"}
        assert shared_web.client.get("/metrics", headers=with_token).status_code == 200
    wrong = {**headers, "authorization": "Bearer wrong"}
    assert shared_web.client.get("/metrics", headers=wrong).status_code == 401


def test_a_published_installation_always_wants_a_token(sample_dsn: str, tmp_path: Path) -> None:
    with running_web(sample_dsn, tmp_path, public_url="https://uzel.example") as web_app:
        assert web_app.client.get("/metrics").status_code == 401
        assert web_app.client.get("/metrics", headers=READ).status_code == 200


def test_a_token_without_the_scope_sees_nothing(web_app: WebApp) -> None:
    async def add() -> None:
        async with web_app.deps.pool.acquire() as connection:
            await add_token(connection, "narrow", fingerprint("narrow"), ["replay"])

    web_app.run(add)
    headers = {"x-forwarded-for": "203.0.113.9", "authorization": "Bearer narrow"}
    assert web_app.client.get("/metrics", headers=headers).status_code == 401


def test_the_scrape_goes_on_without_a_database(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "server")
    dsn = server.start()
    try:
        migrations.upgrade_now(dsn)
        with running_web(dsn, tmp_path / "data", public_url="https://uzel.example") as web_app:

            async def add() -> None:
                async with web_app.deps.pool.acquire() as connection:
                    await add_token(connection, "prometheus", fingerprint(READ_TOKEN), ["read"])

            web_app.run(add)
            assert web_app.client.get("/metrics", headers=READ).status_code == 200
            server.stop()

            def gone() -> dict[tuple[str, ...], float] | None:
                figures = read(web_app.client.get("/metrics", headers=READ))
                return figures if figures["uzel_database_up",] == 0 else None

            figures = until(gone)
            assert figures["process_resident_memory_bytes",] > 0
            assert ("uzel_workers",) not in figures
            unknown = {"authorization": "Bearer never-seen"}
            assert web_app.client.get("/metrics", headers=unknown).status_code == 401
    finally:
        server.stop()
