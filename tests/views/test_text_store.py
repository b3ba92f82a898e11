"""Click rates and unknown places cost the same whatever the size of the tables."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from many_rows import fill
from uzel.kit import database
from uzel.views import place_store, text_store

ROWS = 66_000
LARGE = {"message", "review_request", "event"}
# One row may be looked at for each of the window, and the one behind it.
MOST = text_store.WINDOW + 1
TEXT = (
    "insert into template (business_id, purpose, channel, body) "
    "values (1, 'review_request', 'sms', 'Спасибо! {link}')"
)


@pytest.fixture(scope="module")
def busy(shared_dsn: str) -> str:
    """More messages than are looked at, each with its text; some visits of unknown places."""

    async def prepare() -> None:
        await fill(shared_dsn, ROWS)
        connection = await database.connect(shared_dsn, name="test")
        await connection.execute(TEXT)
        await connection.execute("update message set template_id = 1")
        await connection.execute(
            "update event set reason = 'place_unknown', data = data || '{\"place\": \"org-9\"}' "
            "where reason = 'no_phone'"
        )
        await connection.execute("vacuum analyze")
        await connection.close()

    asyncio.run(prepare())
    return shared_dsn


def on(dsn: str, work: Callable[[asyncpg.Connection], Any]) -> Any:
    async def run() -> Any:
        connection = await database.connect(dsn, name="test")
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def read_of(dsn: str, statement: str, *values: Any) -> dict[str, float]:
    """Large table → the most rows one node of the plan read of it."""

    async def work(connection: asyncpg.Connection) -> Any:
        query = f"explain (analyze, format json) {statement}"
        found = await connection.fetchval(query, *values)
        return json.loads(found) if isinstance(found, str) else found

    read: dict[str, float] = {}
    for node in nodes(on(dsn, work)[0]["Plan"]):
        table = node.get("Relation Name")
        if table in LARGE:
            seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[table] = max(read.get(table, 0), seen * node["Actual Loops"])
    return read


def test_click_rates_look_at_the_newest_messages_only(busy: str) -> None:
    read = read_of(busy, text_store.RATES, 1)
    assert read["message"] <= MOST
    assert read["review_request"] <= MOST


def test_click_rates_are_those_of_the_newest_messages(busy: str) -> None:
    rows = on(busy, lambda connection: connection.fetch(text_store.RATES, 1))
    (rate,) = rows
    assert 0 < rate["clicked"] < rate["delivered"] <= text_store.WINDOW


def test_unknown_places_are_found_by_their_reason(busy: str) -> None:
    since = datetime.now(UTC) - timedelta(days=365)
    low = on(busy, lambda c: c.fetchval("select min(id) from event where created_at > $1", since))
    read = read_of(busy, place_store.STRANGERS, 1, low)
    assert read["event"] <= place_store.MOST_VISITS
    rows = on(busy, lambda connection: connection.fetch(place_store.STRANGERS, 1, low))
    assert [(row["connector"], row["reference"]) for row in rows] == [("iiko", "org-9")]
