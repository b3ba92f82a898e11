import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from made_loads import made_load
from uzel.bench.bodies import ORGANIZATION_ID, DeliveryRequests
from uzel.bench.contender import Contender, Sent, error_count, missing
from uzel.bench.history import check_room, in_database, put_in_history
from uzel.bench.ingest import LABELS, Plan, overload_figures, run_ingest
from uzel.bench.load import Target, closed_loop
from uzel.bench.process import run_in_process
from uzel.bench.report import Progress, as_json, as_table
from uzel.bench.stage import Stage, ask, staged
from uzel.bench.usage import cpu_s
from uzel.connector import Received
from uzel.connectors import connectors
from uzel.connectors.iiko.config import IikoConfig
from uzel.errors import ConfigError
from uzel.events.receive import digest_of

BRIEF = Plan(warm_up_s=0.1, turn_s=0.3, half_load_s=0.4, overload_s=0.3, rounds=1)
GROWTH = {"stored", "growth_ratio"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def test_a_run_measures_both_and_loses_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    figures = run_ingest(plan=BRIEF)
    assert figures["bench"] == "ingest"
    assert (figures["void"], figures["void_because"]) == (False, [])
    assert figures["errors"] == figures["lost"] == 0
    assert LABELS.keys() - GROWTH <= figures.keys()
    assert GROWTH.isdisjoint(figures)
    assert figures["noop_per_s"] > 0
    assert figures["acknowledged"] > 0
    assert figures["ratio"] == pytest.approx(
        figures["durable_per_s"] / figures["noop_per_s"], abs=0.01
    )
    assert 0 < figures["ack_p50_ms"] <= figures["ack_p99_ms"]
    assert figures["overload_200"] + figures["overload_503"] == pytest.approx(1, abs=0.01)
    assert json.loads(as_json(figures)) == figures
    progress = capfd.readouterr()
    assert "durable: turn 1 of 1" in progress.err
    assert progress.out == "", "standard output is for the figures"


@pytest.mark.long
def test_with_a_past_the_same_run_measures_without_it_too() -> None:
    figures = run_ingest(stored=1000, plan=BRIEF)
    assert (figures["void"], figures["lost"]) == (False, 0)
    assert figures["stored"] == 1000
    assert figures["growth_ratio"] == pytest.approx(
        figures["durable_per_s"] / figures["durable_empty_per_s"], abs=0.01
    )


def test_an_acknowledged_request_that_was_not_stored_is_missed(stage: Stage) -> None:
    web, connection_id = stage.web(), stage.connections["iiko"].id
    stage.await_ready()
    durable = Contender(web, stage.hook("iiko"), stage.dsn)

    async def measured() -> tuple[int, int]:
        load = await durable.closed(connections=4, seconds=0.3)
        assert load.acknowledged
        honest = await missing(durable, connection_id)
        never_sent = made_load(acknowledged=[10**9, 10**9 + 1])
        durable.sent.append(Sent(durable.sent[0].requests, never_sent))
        return honest, await missing(durable, connection_id)

    assert asyncio.run(measured()) == (0, 2)


def test_the_noop_stores_nothing_and_answers_as_the_real_one_does(stage: Stage) -> None:
    noop, web = stage.noop(), stage.web(name="compared")
    stage.await_ready()
    bodies = [
        ask("POST", process.url + stage.hook("iiko"), body=[{"eventType": "StopListUpdate"}])
        for process in (noop, web)
    ]
    assert bodies[0] == bodies[1]

    async def stored_by(target: Target) -> int:
        requests = DeliveryRequests(
            host="test",
            path=stage.hook("iiko"),
            headers={},
            run_id=target.port,
            occurred_at=datetime.now(UTC),
        )
        connection = await asyncpg.connect(stage.dsn)
        before = await connection.fetchval("select count(*) from raw_event")
        load = await run_in_process(closed_loop, target, requests, connections=2, total=20)
        assert load.by_status == {200: 20}
        stored = await connection.fetchval("select count(*) from raw_event") - before
        await connection.close()
        return int(stored)

    assert asyncio.run(stored_by(noop.target)) == 0
    assert asyncio.run(stored_by(web.target)) == 20


def test_the_past_is_made_of_real_bodies_with_their_digests_and_events() -> None:
    async def stored(dsn: str) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
        connection = await asyncpg.connect(dsn)
        raw = await connection.fetch("select * from raw_event order by id")
        events = await connection.fetch("select * from event order by raw_event_id")
        await connection.close()
        return raw, events

    with staged() as stage:
        empty = asyncio.run(put_in_history(stage, 7, Progress(1)))
        raw, events = asyncio.run(stored(stage.dsn))
        assert asyncio.run(stored(empty)) == ([], [])
        with pytest.raises(ConfigError, match="GB left"):
            check_room(stage, 10**12)
    assert len(raw) == 7
    assert [event["raw_event_id"] for event in events] == [row["id"] for row in raw]
    assert [row["received_at"] for row in raw] == sorted(row["received_at"] for row in raw)
    webhook = connectors()["iiko"].webhook
    assert webhook is not None
    visits = set()
    for row in raw:
        assert row["digest"] == digest_of("", row["body"])
        received = Received(row["body"], json.loads(row["headers"]), "", row["received_at"])
        (element,) = webhook.parse(received, IikoConfig())
        assert element.type == "visit.completed"
        visits.add(element.key)
    assert len(visits) == 7
    assert {event["decision"] for event in events} == {"request", "skip"}
    asked = json.loads(next(event["data"] for event in events if event["data"]))
    assert asked["place"] == ORGANIZATION_ID


def test_accounts_of_the_user_stay_out_of_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSRU_API_KEY", "somebody-pays-for-this")
    monkeypatch.setenv("EXOLVE_API_KEY", "and-for-this")
    monkeypatch.setenv("UZEL_MASTER_KEY", "not even a key")

    async def names(dsn: str) -> list[str]:
        connection = await asyncpg.connect(dsn)
        rows = await connection.fetch("select connector, name from connection order by id")
        await connection.close()
        return [f"{row['connector']}/{row['name']}" for row in rows]

    with staged() as another:
        another.web()
        another.await_ready()
        assert asyncio.run(names(another.dsn)) == [
            "iiko/bench",
            "smsru/bench",
            "iiko/neighbour",
            "exolve/neighbour",
        ]


def test_a_process_that_ended_is_told_with_its_last_words(stage: Stage) -> None:
    assert stage.ended() == []
    worker = stage.worker()
    worker.running.kill()
    worker.running.wait()
    worker.log.write_text("so tired")
    assert stage.ended() == ["worker ended: so tired"]
    stage.processes.remove(worker)


def test_a_stage_leaves_nothing_behind() -> None:
    with staged() as stage:
        web, data_dir = stage.web(), stage.data_dir
        stage.await_ready()
        assert cpu_s(web.running.pid) > 0
    assert web.running.poll() is not None
    assert not data_dir.exists()


def test_it_lies_where_the_installation_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UZEL_DATA_DIR", str(tmp_path / "my data"))
    with staged() as stage:
        assert stage.data_dir.parent == tmp_path / "my data"


@pytest.mark.parametrize(
    ("by_status", "errors", "in_order", "in_overload"),
    [
        ({200: 5}, {}, 0, 0),
        ({200: 5, 503: 2}, {}, 2, 0),
        ({200: 5, 401: 3}, {}, 3, 3),
        ({200: 5}, {"reset": 2, "timeout": 1}, 3, 2),
        ({}, {"connect": 4, "queue_timeout": 1}, 5, 4),
    ],
)
def test_what_counts_as_an_error(
    by_status: dict[int, int], errors: dict[str, int], in_order: int, in_overload: int
) -> None:
    load = made_load(by_status=by_status, errors=errors)
    assert error_count(load, overload=False) == in_order
    assert error_count(load, overload=True) == in_overload


def test_an_overload_is_told_in_shares_of_everything_offered() -> None:
    figures = overload_figures(
        made_load(
            by_status={200: 20, 503: 70},
            errors={"timeout": 4, "queue_timeout": 5, "reset": 1},
            refused_s=[0.010] * 69 + [0.040],
            retry_after={"5": 68, "": 2},
            seconds=2,
        )
    )
    assert figures["overload_per_s"] == 50
    assert (figures["overload_200"], figures["overload_503"]) == (0.2, 0.7)
    assert figures["overload_503_p99_ms"] == 40
    assert figures["overload_timeouts"] == 9
    assert figures["overload_without_retry_after"] == 2


def test_a_void_run_says_why_before_any_figure() -> None:
    figures = {"bench": "ingest", "void": True, "void_because": ["lost: 1"], "durable_per_s": 12345}
    table = as_table(figures, LABELS)
    assert table.index("VOID") < table.index("lost: 1") < table.index("12 345")
    assert "durable webhooks, per second" in table


def test_an_address_of_another_database_keeps_the_rest() -> None:
    dsn = "postgresql://uzel@/uzel?host=%2Frun%2Fuzel-1&port=5432"
    assert in_database(dsn, "other") == "postgresql://uzel@/other?host=%2Frun%2Fuzel-1&port=5432"
