"""API v1: who may, what is answered, what an error looks like, and that replay replays."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from running_web import WebApp, running_web
from sample_data import DELIVERED_PHONE, READ_TOKEN, REPLAY_TOKEN
from uzel.kit.embedded import EmbeddedPostgres

READ = {"authorization": f"Bearer {READ_TOKEN}"}
REPLAY = {"authorization": f"Bearer {REPLAY_TOKEN}"}
PARKED, WAITING = 9, 10
ADDRESSES = (
    *("/events", "/events/1", "/raw-events", "/raw-events/1", "/messages", "/messages/1"),
    *("/calls", "/calls/1", "/overview", "/connections", "/search?q=101"),
)


def get(web_app: WebApp, path: str, **parameters: Any) -> Any:
    answer = web_app.client.get(f"/api/v1{path}", headers=READ, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx2.Response, status: int, name: str) -> dict[str, Any]:
    """The problem of an answer, after a look at its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert (found["type"], found["status"]) == (f"/problems/{name}", status)
    assert found["title"] and found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


def test_every_address_wants_a_token(shared_web: WebApp) -> None:
    for path in ADDRESSES:
        answer = shared_web.client.get(f"/api/v1{path}")
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Bearer realm="uzel"'
        assert shared_web.client.get(f"/api/v1{path}", headers=READ).status_code == 200


@pytest.mark.parametrize("token", ["wrong", READ_TOKEN + "x", READ_TOKEN[:-1], "x" * 5000, "é"])
def test_a_wrong_token_is_told_so(shared_web: WebApp, token: str) -> None:
    headers = {b"authorization": f"Bearer {token}".encode()}
    answer = shared_web.client.get("/api/v1/events", headers=headers)
    problem(answer, 401, "unauthorized")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_revoked_token_is_no_token(web_app: WebApp) -> None:
    get(web_app, "/events")
    revoke = "update api_token set revoked_at = now() where name = $1"
    web_app.run(lambda: web_app.deps.pool.execute(revoke, READ_TOKEN))
    problem(web_app.client.get("/api/v1/events", headers=READ), 401, "unauthorized")


def test_replay_wants_its_scope(shared_web: WebApp) -> None:
    answer = shared_web.client.post(f"/api/v1/raw-events/{PARKED}/replay", headers=READ)
    problem(answer, 403, "forbidden")
    assert 'scope="replay"' in answer.headers["www-authenticate"]


def test_replay_has_a_raw_event_processed_again(web_app: WebApp) -> None:
    fix = "update raw_event set body = (select body from raw_event where id = $2) where id = $1"
    web_app.run(lambda: web_app.deps.pool.execute(fix, PARKED, WAITING))
    answer = web_app.client.post(f"/api/v1/raw-events/{PARKED}/replay", headers=REPLAY)
    assert answer.status_code == 202
    assert answer.json() == {
        "raw_event_id": PARKED,
        "request_id": f"raw-{PARKED}",
        "state": "received",
    }
    jobs = "select count(*) from pgqueuer where payload = convert_to('[9]', 'UTF8')"
    assert web_app.run(lambda: web_app.deps.pool.fetchval(jobs)) == 2, "processed, and again"
    web_app.process()
    life = get(web_app, f"/raw-events/{PARKED}")
    assert (life["raw_event"]["state"], life["raw_event"]["replays"]) == ("processed", 1)
    assert [element["subject"] for element in life["elements"]] == ["заказ 108"]
    assert [(act["actor"], act["action"]) for act in life["acts"]] == [
        (f"token:{REPLAY_TOKEN}", "replay")
    ]


def test_replay_of_what_waits_or_is_not_there(shared_web: WebApp) -> None:
    def replay(raw_event_id: int) -> httpx2.Response:
        return shared_web.client.post(f"/api/v1/raw-events/{raw_event_id}/replay", headers=REPLAY)

    problem(replay(WAITING), 409, "conflict")
    problem(replay(404404), 404, "not-found")
    assert shared_web.run(lambda: shared_web.deps.pool.fetchval("select count(*) from audit")) == 0


def test_the_whole_life_of_an_event(shared_web: WebApp) -> None:
    life = get(shared_web, "/events/1")
    assert life["event"]["subject"] == "заказ 101"
    assert life["raw_event"]["body"]["kind"] == "json"
    assert [element["id"] for element in life["elements"]] == [1, 2]
    (message,) = life["messages"]
    assert (message["phone"], message["state"]) == (DELIVERED_PHONE, "delivered")
    assert (message["cost_minor"], message["currency"]) == (399, "RUB")
    (call,) = life["calls"]
    assert [attempt["state"] for attempt in call["history"]] == ["accepted"]
    assert [receipt["type"] for receipt in life["receipts"]] == ["receipt.updated"]
    assert {"received", "decided", "message_accepted", "receipt", "message_delivered"} <= {
        moment["what"] for moment in life["timeline"]
    }


def test_filters_reach_the_lists(shared_web: WebApp) -> None:
    skipped = get(shared_web, "/events", decision="skip", reason="phone_landline")["items"]
    assert [event["subject"] for event in skipped] == ["заказ 107"]
    assert len(get(shared_web, "/events", phone="8 (999) 000-01-01")["items"]) == 2
    assert [m["id"] for m in get(shared_web, "/messages", state="unknown")["items"]] == [3]
    assert [c["id"] for c in get(shared_web, "/calls", state="rejected")["items"]] == [1]
    assert [r["id"] for r in get(shared_web, "/raw-events", state="parked")["items"]] == [PARKED]
    assert get(shared_web, "/events", since="2099-01-01T00:00:00Z")["items"] == []
    assert get(shared_web, "/events", until="0001-01-01T00:00:00+23:00")["items"] == []


def test_connections_come_without_settings(shared_web: WebApp) -> None:
    items = get(shared_web, "/connections")["items"]
    assert [(c["connector"], c["name"], c["state"]) for c in items] == [
        ("iiko", "main", "active"),
        ("smsru", "main", "active"),
        ("smsru", "spare", "paused"),
    ]
    assert "sandbox-sample" not in json.dumps(items)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/events?limit=0", "query.limit"),
        ("/events?limit=201", "query.limit"),
        ("/events?cursor=x", "query.cursor"),
        ("/events?cursor=cffffffffffffffff", "query.cursor"),
        ("/events?desicion=skip", "query.desicion"),
        ("/events?decision=maybe", "query.decision"),
        ("/events?since=2026-11-20T00:00:00", "query.since"),
        ("/events?text=%00", "query.text"),
        ("/events/0", "path.event_id"),
        ("/events/9223372036854775808", "path.event_id"),
        ("/events/one", "path.event_id"),
        ("/search", "query.q"),
    ],
)
def test_what_is_wrong_with_a_request(shared_web: WebApp, path: str, location: str) -> None:
    answer = shared_web.client.get(f"/api/v1{path}", headers=READ)
    found = problem(answer, 422, "invalid-request")
    assert [error["location"] for error in found["errors"]] == [location]
    assert found["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/events"])
def test_what_is_not_there(shared_web: WebApp, path: str) -> None:
    problem(shared_web.client.get(path), 404, "not-found")


def test_a_wrong_method_is_told_the_right_one(shared_web: WebApp) -> None:
    answer = shared_web.client.delete("/api/v1/events", headers=READ)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


def test_an_error_of_ours_says_so_and_no_more(web_app: WebApp) -> None:
    web_app.run(lambda: web_app.deps.pool.execute("alter table audit rename column at to was"))
    answer = web_app.client.get("/api/v1/events/1", headers=READ)
    found = problem(answer, 500, "internal-error")
    assert "audit" not in found["detail"]


def test_types_of_problems_explain_themselves(shared_web: WebApp) -> None:
    kind = shared_web.client.get("/api/v1/nothing").json()["type"]
    assert "404" in shared_web.client.get(kind).text
    assert shared_web.client.get("/problems/none").status_code == 404


def test_without_a_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    from uzel import migrations

    server = EmbeddedPostgres(tmp_path_factory.mktemp("a server"))
    dsn = server.start()
    try:
        migrations.upgrade_now(dsn)
        with running_web(dsn, tmp_path_factory.mktemp("data")) as web_app:
            assert web_app.client.get("/readyz").json() == {"status": "ok"}
            server.stop()
            assert web_app.client.get("/healthz").status_code == 200
            ready = web_app.client.get("/readyz")
            assert "database does not answer" in problem(ready, 503, "unavailable")["detail"]
            assert int(ready.headers["retry-after"]) > 0
            answer = web_app.client.get("/api/v1/events", headers=READ)
            found = problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert "host" not in found["detail"]
    finally:
        server.stop()


def test_answers_keep_browsers_careful(shared_web: WebApp) -> None:
    for path in ("/api/v1/events", "/api/v1/docs", "/healthz"):
        headers = shared_web.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-request-id"].startswith("req-")
        assert "strict-transport-security" not in headers
    assert shared_web.client.get("/api/v1/events").headers["cache-control"] == "no-store"


def test_https_stays_https(sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = tmp_path_factory.mktemp("data")
    with running_web(sample_dsn, data_dir, public_url="https://uzel.example") as web_app:
        headers = web_app.client.get("/healthz").headers
        assert headers["strict-transport-security"].startswith("max-age=")


def test_two_requests_have_two_ids(shared_web: WebApp) -> None:
    async def ask() -> list[str]:
        async with httpx2.AsyncClient(base_url=shared_web.url, trust_env=False) as http:
            answers = await asyncio.gather(*(http.get("/healthz") for _ in range(20)))
        return [answer.headers["x-request-id"] for answer in answers]

    assert len(set(asyncio.run(ask()))) == 20
