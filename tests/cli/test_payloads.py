"""`uzel replay` as it is typed."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from parts import new_phone, visit

Command = Callable[..., tuple[int, str, str]]


def rows(dsn: str, query: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_what_was_skipped_for_a_reason_is_processed_again(
    sample_dsn: str, on_sample: Command
) -> None:
    (skipped,) = rows(sample_dsn, "select raw_event_id as id from event where reason = 'no_phone'")
    status, out, _ = on_sample("replay", "--reason", "no_phone")
    assert (status, out) == (0, "to be processed again: 1\n")
    state = f"select state, replays from raw_event where id = {skipped['id']}"
    assert [tuple(row) for row in rows(sample_dsn, state)] == [("received", 1)]
    assert on_sample("replay", "--reason", "no_phone")[1] == "to be processed again: 0\n"


def test_what_came_in_long_ago_is_left_alone(sample_dsn: str, on_sample: Command) -> None:
    rows(sample_dsn, "update raw_event set received_at = received_at - interval '8 days'")
    assert on_sample("replay", "--reason", "no_phone")[1] == "to be processed again: 0\n"
    said = on_sample("replay", "--reason", "no_phone", "--days", "9")[1]
    assert said == "to be processed again: 1\n"


def test_nothing_named_is_refused(on_sample: Command) -> None:
    status, _, err = on_sample("replay")
    assert (status, "--reason CODE" in err) == (1, True)


def test_a_database_that_is_away_is_said_in_a_line(on_sample: Command, monkeypatch: "Any") -> None:
    monkeypatch.setenv("UZEL_DATABASE_URL", "postgresql://uzel:canary@127.0.0.1:1/uzel")
    status, out, err = on_sample("replay", "--parked")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "uzel doctor" in err and "canary" not in err


def test_a_dry_run_shows_place_time_and_words_and_writes_nothing(
    sample_dsn: str, on_sample: Command, tmp_path: Path
) -> None:
    tables = ("raw_event", "event", "review_request", "message", "call")
    count = "select " + ", ".join(f"(select count(*) from {table})" for table in tables)
    before = tuple(rows(sample_dsn, count)[0])
    rows(sample_dsn, 'update business set rules = \'{"delay_s": {"iiko": 3600}}\'')
    file = tmp_path / "visit.json"
    file.write_text(json.dumps(visit(str(uuid4()), phone=new_phone(), minute=-9000)))
    status, out, _ = on_sample("explain", "iiko", str(file), "--here")
    (seen,) = json.loads(out)
    assert status == 0
    # The visit of a sample lies in the past, so for the rules it comes too late.
    assert (seen["decision"], seen["reason"]) == ("skip", "too_late")
    rows(sample_dsn, "update business set rules = rules || '{\"expires_after_s\": null}'")
    (seen,) = json.loads(on_sample("explain", "iiko", str(file), "--here")[1])
    (way,) = seen["ways"]
    assert (seen["decision"], seen["place"]) == ("request", "Кофейня «Узел»")
    assert way["channel"] == "sms" and "/r/" in way["text"] and way["parts"] >= 1
    assert tuple(rows(sample_dsn, count)[0]) == before


def test_a_dry_run_needs_a_connection(on_sample: Command, tmp_path: Path) -> None:
    file = tmp_path / "visit.json"
    file.write_text("{}")
    status, _, err = on_sample("explain", "rkeeper", str(file), "--here")
    assert (status, "uzel connection add" in err) == (1, True)


def test_a_reason_nobody_knows_is_refused_with_those_there_are(on_sample: Command) -> None:
    status, out, err = on_sample("replay", "--reason", "nosuch")
    assert (status, out) == (1, "")
    assert "there is no reason nosuch" in err and "place_unknown" in err and "no_phone" in err


def test_a_dry_run_names_what_was_here_before(
    sample_dsn: str, on_sample: Command, tmp_path: Path
) -> None:
    (known,) = rows(sample_dsn, "select id, key from event where subject = 'заказ 105'")
    body = "select convert_from(body, 'UTF8') as body from raw_event r join event e "
    body += f"on e.raw_event_id = r.id where e.id = {known['id']}"
    file = tmp_path / "visit.json"
    file.write_text(rows(sample_dsn, body)[0]["body"])
    first, *_ = json.loads(on_sample("explain", "iiko", str(file), "--here")[1])
    assert (first["decision"], first["reason"]) == ("skip", "duplicate")
    assert first["earlier"] == {"event": known["id"]}
