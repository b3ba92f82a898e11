"""r_keeper in miniature, against a real receiver on loopback."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from miniatures import finished_run
from uzel.connectors.rkeeper.config import COMPLETED, RkeeperConfig
from uzel.connectors.rkeeper.miniature import STAFF_PHONE, Shape
from uzel.connectors.rkeeper.webhook import parse
from uzel.model.unmapped import Unmapped
from uzel.sandbox.server import running
from visit_receiver import VisitReceiver

LIFE = ["Новый", "Передан на кухню", "Доставлен", "Выполнен"]


Receiver = VisitReceiver[RkeeperConfig]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def receiver(sandbox: httpx2.Client) -> Iterator[Receiver]:
    sandbox.delete("/_journal")
    sandbox.delete("/_faults")
    with Receiver("rkeeper", parse, RkeeperConfig()) as server:
        yield server


def run(sandbox: httpx2.Client, hook: str, **plan: Any) -> dict[str, Any]:
    """Start a run and wait until it has finished; returns its progress."""
    asked = {"hook": hook, "per_s": 2000, "concurrency": 4, **plan}
    return finished_run(sandbox, "rkeeper", asked)


def journal(sandbox: httpx2.Client) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = sandbox.get("/_journal?connector=rkeeper").json()
    return entries


def test_every_order_lives_its_life_in_any_shape_and_becomes_one_visit(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    plan = {"count": 40, "first_phone": "+79990000101", "shapes": list(Shape)}
    progress = run(sandbox, receiver.hook, **plan)
    reasons = Counter(element.reason for element in receiver.elements())
    assert reasons == {None: 80, "status_not_completed": 80}
    assert {visit.phone for visit in receiver.visits()} == {
        f"79990000{number}" for number in range(101, 141)
    }
    keys = {element.key for element in receiver.elements()} - {None}
    assert len(keys) == progress["visits"] == progress["distinct_orders"] == 40
    assert progress["sent"] == progress["acknowledged"] == len(receiver.got) == 160
    assert (progress["failed"], progress["lost"], progress["waiting"]) == (0, 0, 0)


def test_staff_has_a_phone_in_each_push_and_is_never_the_guest(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    run(sandbox, receiver.hook, count=9, shapes=list(Shape), statuses=["Выполнен"])
    assert all(STAFF_PHONE.encode() in body for _, body in receiver.got)
    assert len(receiver.visits()) == 9
    assert STAFF_PHONE not in {visit.phone for visit in receiver.visits()}


def test_renamed_statuses_are_asked_about_until_somebody_tells(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    renamed = {"Выполнен": "Отдан гостю", "Доставлен": "На месте"}
    progress = run(sandbox, receiver.hook, count=5, renamed=renamed)
    unmapped = {e.data.word for e in receiver.elements() if isinstance(e.data, Unmapped)}
    assert unmapped == {"Отдан гостю", "На месте"}
    assert receiver.visits() == []
    told = RkeeperConfig(completed_statuses=(*COMPLETED, *unmapped))
    keys = {element.key for element in receiver.elements(told)} - {None}
    assert len(keys) == progress["visits"] == 5


def test_the_journal_has_every_push_and_no_key(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(sandbox, receiver.hook, count=5)
    entries = journal(sandbox)
    assert len(entries) == len(receiver.got) == 20
    assert {entry["request"]["run"] for entry in entries} == {progress["run"]}
    assert {(e["operation"], e["path"], e["status"], e["effect"]) for e in entries} == {
        ("webhook", "/api/webhook/rkeeper", 200, True)
    }
    orders = [order for entry in entries for order in entry["request"]["orders"]]
    assert Counter(order["status"] for order in orders) == dict.fromkeys(LIFE, 5)
    assert "k-secret" not in json.dumps(entries)


def test_a_duplicate_is_the_same_body_again(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(sandbox, receiver.hook, count=10, duplicates=1)
    assert set(Counter(body for _, body in receiver.got).values()) == {2}
    assert progress["visits"] == len({visit.visit for visit in receiver.visits()}) == 10


def test_out_of_order_comes_last_first_but_keeps_its_times(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    run(sandbox, receiver.hook, count=3, out_of_order=1, concurrency=1)
    lives: dict[str, list[tuple[str, str]]] = {}
    for _, body in receiver.got:
        order = json.loads(body)["order"]
        lives.setdefault(order["id"], []).append((order["updatedAt"], order["orderStatusName"]))
    assert len(lives) == 3
    for life in lives.values():
        assert [status for _, status in life] == LIFE[::-1]
        assert life == sorted(life, key=lambda update: update[0], reverse=True)


def test_noise_and_tills_lead_to_nothing(sandbox: httpx2.Client, receiver: Receiver) -> None:
    progress = run(sandbox, receiver.hook, count=20, noise=1, no_phone=1)
    reasons = Counter(element.reason for element in receiver.elements())
    assert reasons["status_not_completed"] == reasons["no_phone"] == 20
    assert reasons["unsupported_xml"] + reasons["status_missing"] == 20
    assert (progress["visits"], progress["distinct_orders"]) == (0, 20)
    types = {headers["content-type"] for headers, body in receiver.got if body[:1] == b"<"}
    assert types <= {"text/xml"}


def test_a_push_is_repeated_until_the_answer_is_2xx(
    sandbox: httpx2.Client, receiver: Receiver
) -> None:
    receiver.statuses = [503, 500, 204, 302]
    progress = run(sandbox, receiver.hook, count=4)
    assert progress["sent"] == progress["acknowledged"] + 3 == len(receiver.got)
    assert (progress["visits"], progress["failed"]) == (4, 0)
    assert Counter(entry["effect"] for entry in journal(sandbox))[False] == 3


def test_nobody_there_is_a_failure(sandbox: httpx2.Client, receiver: Receiver) -> None:
    receiver.server_close()
    progress = run(sandbox, receiver.hook, count=2, give_up_s=0)
    assert progress["failed"] == progress["sent"] == 8
    assert (progress["acknowledged"], progress["visits"]) == (0, 0)
    assert {entry["status"] for entry in journal(sandbox)} == {None}


def test_pushes_get_lost_and_doubled_on_request(sandbox: httpx2.Client, receiver: Receiver) -> None:
    sandbox.post("/_faults", json={"connector": "rkeeper", "kind": "lost_webhook", "times": 1})
    progress = run(sandbox, receiver.hook, count=1)
    assert (progress["lost"], progress["acknowledged"], len(receiver.got)) == (1, 3, 3)
    assert [e["fault"] for e in journal(sandbox) if e["fault"]] == ["lost_webhook"]
    sandbox.post("/_faults", json={"connector": "rkeeper", "kind": "duplicate_webhook", "times": 1})
    run(sandbox, receiver.hook, count=1)
    assert len(receiver.got) == 3 + 5


def test_the_same_seed_gives_the_same_orders(sandbox: httpx2.Client, receiver: Receiver) -> None:
    ids = []
    for seed in (7, 7, None, None):
        receiver.got.clear()
        run(sandbox, receiver.hook, count=3, seed=seed)
        ids.append({json.loads(body)["order"]["id"] for _, body in receiver.got})
    assert ids[0] == ids[1]
    assert len(ids[1] | ids[2] | ids[3]) == 9


def test_one_order_at_once(sandbox: httpx2.Client, receiver: Receiver) -> None:
    asked = {
        **{"hook": receiver.hook, "phone": "+79990000777", "shape": "data.order"},
        **{"token": "t-secret", "token_header": "Token"},
    }
    made = sandbox.post("/rkeeper/_order", json=asked).json()
    assert made["status"] == 200
    (visit,) = receiver.visits()
    assert (visit.phone, visit.visit) == ("79990000777", made["order_id"])
    assert receiver.got[0][0]["token"] == "t-secret"
    off = {**asked, "status": "Отменен", "order_id": made["order_id"]}
    assert sandbox.post("/rkeeper/_order", json=off).json()["order_id"] == made["order_id"]
    sandbox.post("/rkeeper/_order", json={**asked, "status": "Complited", "phone": None})
    assert [(e.type, e.reason) for e in receiver.elements()] == [
        ("visit.completed", None),
        ("visit.cancelled", None),
        ("visit.completed", "no_phone"),
    ]
    assert "t-secret" not in json.dumps(journal(sandbox))


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
        b'{"hook": "http://127.0.0.1:9/", "token": "\\u0416"}',
        b'{"hook": "http://127.0.0.1:9/", "token_header": "a: b"}',
    ],
)
def test_what_cannot_be_done_is_refused(sandbox: httpx2.Client, door: str, body: bytes) -> None:
    refused = sandbox.post(f"/rkeeper/{door}", content=body)
    assert refused.status_code == 400
    assert refused.json()["errors"]


@pytest.mark.parametrize("share", ["duplicates", "out_of_order", "noise", "no_phone"])
def test_shares_are_between_0_and_1(sandbox: httpx2.Client, share: str) -> None:
    asked = {"hook": "http://127.0.0.1:9/", share: 1.5}
    assert sandbox.post("/rkeeper/_run", json=asked).status_code == 400


def test_an_unknown_run_is_not_found(sandbox: httpx2.Client) -> None:
    assert sandbox.get("/rkeeper/_run/none").status_code == 404
