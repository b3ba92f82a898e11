"""iiko in miniature, against a real receiver on loopback."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from iikocloudapi.webhooks import parse_webhook

from miniatures import finished_run
from uzel.connector import Config
from uzel.connectors.iiko import CONNECTOR
from uzel.connectors.iiko.webhook import parse
from uzel.sandbox.server import running
from visit_receiver import VisitReceiver


class Receiver(VisitReceiver[Config]):
    def __init__(self) -> None:
        super().__init__("iiko", parse, CONNECTOR.config())

    def updates(self) -> list[dict[str, Any]]:
        events = [event for _, body in self.got for event in json.loads(body)]
        return [event for event in events if "Order" in event["eventType"]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def receiver(sandbox: httpx2.Client) -> Iterator[Receiver]:
    sandbox.delete("/_journal")
    sandbox.delete("/_faults")
    with Receiver() as server:
        yield server


def run(sandbox: httpx2.Client, hook: str, **plan: Any) -> dict[str, Any]:
    """Start a run and wait until it has finished; returns its progress."""
    asked = {"hook": hook, "per_s": 2000, "concurrency": 4, **plan}
    return finished_run(sandbox, "iiko", asked)


def journal(sandbox: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = sandbox.get("/_journal?connector=iiko").json()
    return entries


def test_every_order_lives_its_life_and_becomes_one_visit(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    progress = run(sandbox, receiver.hook, count=40, first_phone="+79990000101")
    lives: dict[str, set[str]] = {}
    for update in receiver.updates():
        lives.setdefault(update["eventInfo"]["id"], set()).add(
            update["eventInfo"]["order"]["status"]
        )
    assert len(lives) == 40
    assert set(map(frozenset, lives.values())) == {
        frozenset({"CookingStarted", "OnWay", "Delivered", "Closed"})
    }
    phones = {visit.phone for visit in receiver.visits()}
    assert phones == {f"+79990000{number}" for number in range(101, 141)}
    keys = {element.key for element in receiver.elements()} - {None}
    assert len(keys) == progress["visits"] == progress["distinct_orders"] == 40
    assert progress["sent"] == progress["acknowledged"] == len(receiver.got)
    assert (progress["failed"], progress["lost"], progress["waiting"]) == (0, 0, 0)
    assert {len(json.loads(body)) for _, body in receiver.got} >= {1, 2}


def test_the_journal_has_every_post_and_no_key(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(sandbox, receiver.hook, count=5)
    entries = journal(sandbox)
    assert len(entries) == len(receiver.got)
    assert {entry["request"]["run"] for entry in entries} == {progress["run"]}
    assert {(e["operation"], e["path"], e["status"], e["effect"]) for e in entries} == {
        ("webhook", "/api/webhook/iiko", 200, True)
    }
    orders = [order for entry in entries for order in entry["request"]["orders"]]
    assert len(orders) == len(receiver.updates()) == 20
    assert "k-secret" not in json.dumps(entries)


def test_an_independent_library_accepts_the_arrays(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    run(sandbox, receiver.hook, count=60, noise=0.5, no_phone=0.3)
    kinds = {event.event_type for _, body in receiver.got for event in parse_webhook(body)}
    assert {"DeliveryOrderUpdate", "TableOrderUpdate", "StopListUpdate"} <= kinds


def test_a_duplicate_is_the_same_body_again(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(sandbox, receiver.hook, count=10, duplicates=1)
    assert set(Counter(body for _, body in receiver.got).values()) == {2}
    assert progress["visits"] == len({visit.visit for visit in receiver.visits()}) == 10


def test_out_of_order_comes_last_first_but_keeps_its_times(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    run(sandbox, receiver.hook, count=3, out_of_order=1, concurrency=1)
    lives: dict[str, list[tuple[str, str]]] = {}
    for update in receiver.updates():
        life = lives.setdefault(update["eventInfo"]["id"], [])
        life.append((update["eventTime"], update["eventInfo"]["order"]["status"]))
    assert len(lives) == 3
    for life in lives.values():
        assert [status for _, status in life] == ["Closed", "Delivered", "OnWay", "CookingStarted"]
        assert life == sorted(life, key=lambda update: update[0], reverse=True)


def test_a_life_can_be_a_single_status(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(
        sandbox, receiver.hook, count=5, statuses=["Delivered"], first_phone="+77010000001"
    )
    assert (progress["acknowledged"], progress["visits"]) == (5, 5)
    assert {visit.phone for visit in receiver.visits()} == {f"+7701000000{n}" for n in range(1, 6)}


def test_noise_and_orders_without_a_phone_lead_to_nothing(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    progress = run(sandbox, receiver.hook, count=10, noise=1, no_phone=1)
    reasons = Counter(element.reason for element in receiver.elements())
    assert reasons == {"status_not_completed": 20, "no_phone": 10, "event_type": 10}
    assert (progress["visits"], progress["distinct_orders"]) == (0, 10)


def test_a_post_is_repeated_until_the_answer_is_200(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    receiver.statuses = [503, 500, 204, 302]
    progress = run(sandbox, receiver.hook, count=4)
    assert progress["sent"] == progress["acknowledged"] + 4 == len(receiver.got)
    assert (progress["visits"], progress["failed"]) == (4, 0)
    assert Counter(entry["effect"] for entry in journal(sandbox))[False] == 4


def test_nobody_there_is_a_failure(sandbox: httpx2.Client, receiver: Receiver) -> None:
    receiver.server_close()
    progress = run(sandbox, receiver.hook, count=2, give_up_s=0)
    assert progress["failed"] == progress["sent"] > 0
    assert (progress["acknowledged"], progress["visits"]) == (0, 0)
    assert {entry["status"] for entry in journal(sandbox)} == {None}


def test_webhooks_get_lost_and_doubled_on_request(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    sandbox.post("/_faults", json={"connector": "iiko", "kind": "lost_webhook", "times": 1})
    progress = run(sandbox, receiver.hook, count=1, largest_array=1)
    assert (progress["lost"], progress["acknowledged"], len(receiver.got)) == (1, 3, 3)
    assert [e["fault"] for e in journal(sandbox) if e["fault"]] == ["lost_webhook"]
    sandbox.post("/_faults", json={"connector": "iiko", "kind": "duplicate_webhook", "times": 1})
    run(sandbox, receiver.hook, count=1, largest_array=1)
    assert len(receiver.got) == 3 + 5


def test_the_same_seed_gives_the_same_orders(sandbox: httpx2.Client, receiver: Receiver) -> None:
    ids = []
    for seed in (7, 7, None, None):
        receiver.got.clear()
        run(sandbox, receiver.hook, count=3, seed=seed)
        ids.append({update["eventInfo"]["id"] for update in receiver.updates()})
    assert ids[0] == ids[1]
    assert len(ids[1] | ids[2] | ids[3]) == 9


def test_one_order_at_once(sandbox: httpx2.Client, receiver: Receiver) -> None:
    asked = {"hook": receiver.hook, "phone": "+79990000777", "authorization": "Bearer k-secret"}
    made = sandbox.post("/iiko/_order", json=asked).json()
    assert made["status"] == 200
    (visit,) = receiver.visits()
    assert (visit.phone, visit.visit.split(":")[1]) == ("+79990000777", made["order_id"])
    assert receiver.got[0][0]["authorization"] == "Bearer k-secret"
    off = {**asked, "status": "Cancelled", "order_id": made["order_id"]}
    assert sandbox.post("/iiko/_order", json=off).json()["order_id"] == made["order_id"]
    table = {**asked, "is_table": True, "status": "Closed", "phone": None}
    sandbox.post("/iiko/_order", json=table)
    assert [(e.type, e.reason) for e in receiver.elements()] == [
        ("visit.completed", None),
        ("visit.cancelled", None),
        ("visit.completed", "no_phone"),
    ]


@pytest.mark.parametrize("door", ["_run", "_order"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"hook": "ftp://127.0.0.1/"}',
        b'{"hook": "http://["}',
        b'{"hook": "http://127.0.0.1:9/", "unknown": 1}',
        b'{"hook": "http://127.0.0.1:9/", "authorization": "\\u0416"}',
    ],
)
def test_what_cannot_be_done_is_refused(sandbox: httpx2.Client, door: str, body: bytes) -> None:
    refused = sandbox.post(f"/iiko/{door}", content=body)
    assert refused.status_code == 400
    assert refused.json()["errors"]


@pytest.mark.parametrize("share", ["duplicates", "out_of_order", "noise", "no_phone"])
def test_shares_are_between_0_and_1(sandbox: httpx2.Client, share: str) -> None:
    asked = {"hook": "http://127.0.0.1:9/", share: 1.5}
    assert sandbox.post("/iiko/_run", json=asked).status_code == 400


def test_an_unknown_run_is_not_found(sandbox: httpx2.Client) -> None:
    assert sandbox.get("/iiko/_run/none").status_code == 404
