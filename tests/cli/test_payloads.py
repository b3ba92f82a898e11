"""`uzel replay` as it is typed."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg

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
