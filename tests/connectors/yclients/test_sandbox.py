"""YCLIENTS in miniature, against a real receiver on loopback."""

import json
from collections import Counter
from typing import Any

import httpx2
import pytest

from connectors.yclients.listening import Listener
from miniatures import finished_run
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.sandbox import SETTINGS
from uzel.model.visit import Visit

WAIT_S = 30
AUTHORIZATION = f"Bearer {SETTINGS['partner_token']}, User {SETTINGS['user_token']}"


def run_of(control: httpx2.Client, **plan: Any) -> dict[str, Any]:
    """Start a run and wait until it has finished; returns its progress."""
    asked = {"per_s": 2000, "concurrency": 4, "pause_s": 0, **plan}
    return finished_run(control, "yclients", asked)


def journal(control: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = control.get("/_journal?operation=webhook").json()
    return entries


def phones_to_ask(listener: Listener) -> set[str | int | None]:
    """Whose newest word is that they came."""
    newest: dict[str, Any] = {}
    for element in listener.elements():
        if isinstance(element.data, Visit) and element.reason is None:
            part = str(element.data.part)
            if part not in newest or newest[part].occurred_at <= element.occurred_at:
                newest[part] = element
    return {it.data.phone for it in newest.values() if it.type == "visit.completed"}


def test_every_record_lives_its_life_and_becomes_one_visit(
    control: httpx2.Client, listener: Listener
) -> None:
    progress = run_of(control, hook=listener.hook, count=40, first_phone="+79990000101", noise=0.5)
    lives = Counter(event["resource_id"] for event in listener.events())
    assert (len(lives), set(lives.values())) == (40, {5})
    keys = Counter(element.key for element in listener.elements() if element.key)
    assert (len(keys), set(keys.values())) == (40, {3})
    assert phones_to_ask(listener) == {f"+79990000{number}" for number in range(101, 141)}
    assert progress["visits"] == progress["distinct_orders"] == 40
    assert progress["sent"] == progress["acknowledged"] == len(listener.got)
    kinds = {type(json.loads(body)) for _, _, body in listener.got}
    assert kinds == {dict, list}


def test_a_mark_taken_back_leaves_nobody_to_ask(control: httpx2.Client, listener: Listener) -> None:
    progress = run_of(control, hook=listener.hook, count=30, unmarked=1, out_of_order=0.5)
    notes = {e.data.note for e in listener.elements() if isinstance(e.data, Visit)}
    assert notes == {None, "unmarked", "no_show", "deleted"}
    assert (progress["visits"], phones_to_ask(listener)) == (0, set())


def test_out_of_order_comes_last_first_but_keeps_its_times(
    control: httpx2.Client, listener: Listener
) -> None:
    plan = {"count": 3, "out_of_order": 1, "concurrency": 1, "life": [0, 2, 1]}
    progress = run_of(control, hook=listener.hook, **plan)
    lives: dict[int, list[tuple[str, int]]] = {}
    for event in listener.events():
        data = event["data"]
        change = (data["last_change_date"], data["visit_attendance"])
        lives.setdefault(event["resource_id"], []).append(change)
    assert [[code for _, code in life] for life in lives.values()] == [[1, 2, 0]] * 3
    assert all(life == sorted(life, reverse=True) for life in lives.values())
    assert progress["visits"] == len(phones_to_ask(listener)) == 3


def test_a_visit_may_hold_two_records(control: httpx2.Client, listener: Listener) -> None:
    progress = run_of(control, hook=listener.hook, count=5, several=1, life=[1])
    assert (progress["visits"], progress["distinct_orders"]) == (5, 10)
    assert len({element.key for element in listener.elements()}) == 5


def test_duplicates_and_guests_without_a_phone(control: httpx2.Client, listener: Listener) -> None:
    plan = {"count": 10, "duplicates": 1, "no_phone": 1, "life": [1]}
    progress = run_of(control, hook=listener.hook, **plan)
    assert set(Counter(body for _, _, body in listener.got).values()) == {2}
    assert {element.reason for element in listener.elements()} == {"no_phone"}
    assert progress["visits"] == 0


def test_what_is_not_taken_is_sent_twice_more(control: httpx2.Client, listener: Listener) -> None:
    listener.replies = [(503, b""), (500, b"")]
    taken = run_of(control, hook=listener.hook, count=1, life=[1], concurrency=1)
    assert (taken["sent"], taken["acknowledged"], taken["visits"]) == (3, 1, 1)
    listener.replies = [(503, b"")] * 3 + [(401, b"")]
    lost = run_of(control, hook=listener.hook, count=2, life=[1], concurrency=1)
    assert (lost["sent"], lost["failed"], lost["visits"]) == (4, 2, 0)
    assert Counter(entry["effect"] for entry in journal(control)) == {False: 6, True: 1}


def test_webhooks_get_lost_and_doubled_on_request(
    control: httpx2.Client, listener: Listener
) -> None:
    for kind, sent in (("lost_webhook", 0), ("duplicate_webhook", 2)):
        fault = {"connector": "yclients", "kind": kind, "times": 1}
        control.post("/_faults", json=fault).raise_for_status()
        listener.got.clear()
        run_of(control, hook=listener.hook, count=1, life=[1])
        assert len(listener.got) == sent
    assert [entry["fault"] for entry in journal(control)] == ["lost_webhook", None, None]


def test_the_journal_has_no_key(control: httpx2.Client, listener: Listener) -> None:
    run_of(control, hook=listener.hook, count=2)
    entries = journal(control)
    assert {entry["path"] for entry in entries} == {"/api/webhook/yclients"}
    assert len([one for entry in entries for one in entry["request"]["records"]]) == 10
    assert "k-secret" not in json.dumps(entries)


def test_events_go_where_the_api_was_told(
    control: httpx2.Client, listener: Listener, config: YclientsConfig
) -> None:
    asked = {"company_id": config.company_id}
    assert control.post("/yclients/_order", json=asked).status_code == 400
    settings = {"urls": [listener.hook, f"{listener.hook}2"], "active": 1, "record": 1}
    path = f"/yclients/api/v1/hooks_settings/{config.company_id}"
    headers = {"authorization": AUTHORIZATION}
    assert control.post(path, json=settings, headers=headers).status_code == 201
    assert control.post("/yclients/_order", json=asked).json()["status"] == 200
    assert len(listener.got) == 2
    assert run_of(control, **asked, count=1, life=[1])["visits"] == 1
    control.post(path, json={**settings, "record": 0}, headers=headers)
    assert control.post("/yclients/_run", json=asked).status_code == 400


def test_one_record_at_once(control: httpx2.Client, listener: Listener) -> None:
    asked = {"hook": listener.hook, "phone": "+79990000777"}
    made = control.post("/yclients/_order", json={**asked, "in_array": True}).json()
    for change in ({"attendance": 2}, {"attendance": -1}, {"status": "delete"}):
        body = {**asked, "order_id": made["order_id"], "visit_id": made["visit_id"], **change}
        assert control.post("/yclients/_order", json=body).json()["visit_id"] == made["visit_id"]
    visits = [e.data for e in listener.elements() if isinstance(e.data, Visit)]
    assert [visit.note for visit in visits] == [None, "unmarked", "no_show", "deleted"]
    assert {(visit.phone, visit.part) for visit in visits} == {
        ("+79990000777", str(made["order_id"]))
    }


def test_the_same_seed_gives_the_same_records(control: httpx2.Client, listener: Listener) -> None:
    ids = []
    for seed in (7, 7, None, None):
        listener.got.clear()
        run_of(control, hook=listener.hook, count=3, seed=seed)
        ids.append({event["resource_id"] for event in listener.events()})
    assert ids[0] == ids[1]
    assert len(ids[1] | ids[2] | ids[3]) == 9


@pytest.mark.parametrize("door", ["_run", "_order"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"hook": "ftp://127.0.0.1/"}',
        b'{"hook": "http://["}',
        b'{"hook": "http://127.0.0.1:9/", "unknown": 1}',
        b'{"hook": "http://127.0.0.1:9/", "company_id": 0}',
    ],
)
def test_what_cannot_be_done_is_refused(control: httpx2.Client, door: str, body: bytes) -> None:
    refused = control.post(f"/yclients/{door}", content=body)
    assert refused.status_code == 400
    assert refused.json()["errors"]


@pytest.mark.parametrize(
    "settings", [{}, {"urls": []}, {"urls": ["https://a.test"]}, {"urls": "x", "active": 1}]
)
def test_settings_need_addresses_and_a_switch(control: httpx2.Client, settings: Any) -> None:
    path, headers = "/yclients/api/v1/hooks_settings/5001", {"authorization": AUTHORIZATION}
    refused = control.post(path, json=settings, headers=headers)
    assert (refused.status_code, refused.json()["success"]) == (422, False)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer a", "Bearer a, User bad-b", "Bearer a,User b"]
)
def test_who_has_not_both_tokens_is_refused(control: httpx2.Client, authorization: str) -> None:
    path = "/yclients/api/v1/records/5001"
    refused = control.get(path, headers={"authorization": authorization})
    assert (refused.status_code, refused.json()["success"]) == (401, False)


def test_an_unknown_run_is_not_found(control: httpx2.Client) -> None:
    assert control.get("/yclients/_run/none").status_code == 404
