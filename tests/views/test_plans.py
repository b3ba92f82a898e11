"""No list and no search reads a large table to its end, whatever it is asked.

Each read model is run over 60,000 events; every statement it sends is then explained as PostgreSQL
runs it, with the plan made for its values and with the generic one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from many_rows import fill
from uzel import views
from uzel.kit import database
from uzel.views import (
    CallFilter,
    EventFilter,
    MessageFilter,
    RawEventFilter,
    costs,
    costs_store,
    funnel,
    funnel_store,
    mapping_store,
    metrics_store,
    overview_store,
    provider_store,
    query_store,
    ratings,
    ratings_store,
)

ROWS = 60_000
LARGE = {"raw_event", "event", "message", "call", "review_request"}
MODES = ("force_custom_plan", "force_generic_plan")
# What one node of a plan may read of a large table.
MOST = 1.02 * max(query_store.WINDOW, overview_store.COUNTED)
LATE = datetime.now(UTC) - timedelta(hours=1)

Work = Callable[[database.Pool], Awaitable[Any]]


def lists() -> Iterator[tuple[str, Work]]:
    """Every filter alone, some unlucky pairs, and a page far down."""
    events = (
        *(EventFilter(), EventFilter(decision="skip"), EventFilter(decision="cancel")),
        *(EventFilter(decision="pending"), EventFilter(decision="noted")),
        *(EventFilter(reason="phone_landline"), EventFilter(reason="nothing")),
        *(EventFilter(type="menu.updated"), EventFilter(type="visit.completed")),
        *(EventFilter(type="visit.completed", decision="cancel"), EventFilter(type="nothing")),
        *(EventFilter(connection_id=4), EventFilter(connector="iiko", decision="cancel")),
        *(EventFilter(phone="+79990000777"), EventFilter(text="118")),
        *(EventFilter(text="заказ 118", decision="cancel"), EventFilter(since=LATE)),
        *(
            EventFilter(until=LATE),
            EventFilter(without=("receipt.updated",)),
            EventFilter(since=LATE, until=LATE, reason="no_phone"),
        ),
    )
    raw_events = (
        *(RawEventFilter(state=state) for state in (None, "received", "parked", "processed")),
        *(RawEventFilter(connection_id=3), RawEventFilter(state="parked", connection_id=3)),
        RawEventFilter(since=LATE, until=LATE),
    )
    messages = (
        *(MessageFilter(), MessageFilter(state="planned"), MessageFilter(state="unknown")),
        *(MessageFilter(state="delivered", connection_id=1), MessageFilter(connection_id=1)),
        *(MessageFilter(phone="+79990000777"), MessageFilter(since=LATE)),
    )
    states = ("planned", "sending", "accepted", "rejected", "not_sent", "unknown", "cancelled")
    calls = (
        *(CallFilter(), *(CallFilter(state=state) for state in states)),
        *(CallFilter(state=state, connection_id=1) for state in states),
        *(CallFilter(connection_id=1), CallFilter(operation="nothing"), CallFilter(until=LATE)),
    )
    chosen: list[tuple[Callable[..., Awaitable[Any]], tuple[object, ...]]] = [
        (views.list_events, events),
        (views.list_raw_events, raw_events),
        (views.list_messages, messages),
        (views.list_calls, calls),
    ]
    for listed, filters in chosen:
        for before in (None, 15_000):
            for wanted in filters:
                work = partial(listed, wanted=wanted, before=before, limit=50)
                yield f"{wanted} before {before}", work


def others() -> Iterator[tuple[str, Work]]:
    """Searches, lives, the overview, monitoring."""
    texts = (
        *("8 999 000-07-77", "118", "заказ 118", "org-1:order-12345", "order-12345"),
        *("2026-12345", "key:12345", "raw-12345", "message:77", "12345", "c" * 32),
    )
    for text in texts:
        yield f"search {text}", partial(views.search, text=text)
    for event_id in (ROWS - 2, 12_345):
        yield f"event {event_id}", partial(views.event_life, event_id=event_id)
    yield "raw event", lambda pool: views.raw_event_life(pool, 12_345)
    yield "message", lambda pool: views.message_life(pool, 4_000)
    yield "call", lambda pool: views.find_call(pool, 4_000)
    yield "overview", views.overview
    yield "an overview of little", lambda pool: views.overview(pool, LATE + timedelta(hours=24))
    yield "metrics", metrics_store.figures


def reviews() -> Iterator[tuple[str, Work]]:
    """What guests made of requests, what messages cost, words nobody has explained."""
    now, sources = datetime.now(UTC), {1: "iiko", 2: "iiko", 4: "smsru"}
    for since in (LATE, now - timedelta(days=30)):
        yield (
            f"funnel {since}",
            partial(funnel.funnel, business_id=1, sources=sources, since=since, until=now),
        )
        wanted = costs.CostFilter(since, now)
        yield (
            f"costs {since}",
            partial(costs.costs, business_id=1, zone="Europe/Moscow", wanted=wanted),
        )
        yield (
            f"tallies {since}",
            partial(ratings.tallies, business_id=1, since=since, until=now, low_rating=3),
        )
    said = (
        *(ratings.SaidFilter(), ratings.SaidFilter(LATE), ratings.SaidFilter(rating=5)),
        *(ratings.SaidFilter(unseen=True), ratings.SaidFilter(worded=True)),
        *(ratings.SaidFilter(place_id=77), ratings.SaidFilter(until=LATE, rating=2)),
    )
    for chosen in said:
        yield (
            f"{chosen}",
            partial(
                ratings.list_said, business_id=1, wanted=chosen, low_rating=3, before=None, limit=50
            ),
        )
    yield "who waits", partial(ratings_store.unseen, business_id=1, low_rating=3)
    yield "a rating", lambda pool: ratings.said_life(pool, 4_000)
    yield "budget", lambda pool: costs.budget(pool, 1, now.date())
    yield "words", lambda pool: mapping_store.words(pool, 1)
    yield "requests of a word", lambda pool: mapping_store.raw_ids(pool, 1, "Отдан", 500)
    yield "places of a word", lambda pool: mapping_store.places(pool, [1, 2, 3], "Отдан")
    for connection_id in (1, 4):
        yield "set-up", partial(provider_store.seen, connection_id=connection_id)
    yield "failed tests", partial(provider_store.failed_tests, action="test")


@pytest.fixture(scope="module")
def dsn_of_many(shared_dsn: str) -> str:
    """60,000 events within the last 17 hours, as PostgreSQL knows them after ANALYZE."""
    asyncio.run(fill(shared_dsn, ROWS, spacing_s=1))
    return shared_dsn


async def explained(dsn: str, works: Iterator[tuple[str, Work]]) -> list[str]:
    """Everything that reads too much, in words."""
    asked: list[tuple[str, list[Any]]] = []

    async def note(connection: asyncpg.Connection) -> None:
        await database.prepare(connection)
        connection.add_query_logger(lambda record: asked.append((record.query, record.args or [])))

    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1, init=note)
    judge = await database.connect(dsn, name="judge")
    complaints: list[str] = []
    seen = 0
    for name, work in works:
        asked.clear()
        await work(pool)
        for query, values in list(asked):
            if " from " in query and ";" not in query:
                seen += 1
                complaints += [f"{name}: {c}" for c in await judged(judge, query, values)]
    assert seen > 20
    await pool.close()
    await judge.close()
    return complaints


async def judged(judge: asyncpg.Connection, query: str, values: list[Any]) -> list[str]:
    """What is wrong with the plans of one statement."""
    found = []
    given = f"({', '.join(map(literal, values))})" if values else ""
    await judge.execute(f"prepare asked as {query}")
    for mode in MODES:
        await judge.execute(f"set plan_cache_mode = {mode}")
        (plan,) = await judge.fetchval(f"explain (analyze, format json) execute asked{given}")
        for node in nodes(plan["Plan"]):
            if node.get("Relation Name") in LARGE and (problem := problem_of(node)):
                found.append(f"{mode}: {problem} in\n{query}")
    await judge.execute("deallocate asked")
    return found


def literal(value: Any) -> str:
    """A value as SQL text, its type left to where it stands."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, list | tuple):
        return "'{" + ",".join(json.dumps(part, ensure_ascii=False) for part in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def problem_of(node: dict[str, Any]) -> str | None:
    """What is wrong with a node over a large table."""
    if "Seq Scan" in node["Node Type"]:
        return f"a sequential scan of {node['Relation Name']}"
    passed = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    read = node["Actual Loops"] * passed
    return f"{read:.0f} rows of {node['Relation Name']} read" if read > MOST else None


@pytest.mark.parametrize("works", [lists, others, reviews], ids=["lists", "others", "reviews"])
def test_nothing_reads_a_large_table_to_its_end(
    dsn_of_many: str,
    works: Callable[[], Iterator[tuple[str, Work]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Few enough that there is more of everything, many enough for the last hour.
    monkeypatch.setattr(overview_store, "COUNTED", 4_000)
    monkeypatch.setattr(funnel_store, "COUNTED", 4_000)
    monkeypatch.setattr(costs_store, "COUNTED", 4_000)
    complaints = asyncio.run(explained(dsn_of_many, works()))
    assert not complaints, "\n\n".join(complaints[:5])


def test_the_judge_sees_a_bad_plan(dsn_of_many: str) -> None:
    async def count(pool: database.Pool) -> Any:
        for _ in range(21):
            await pool.fetchval("select count(*) from event where occurred_at is null")

    complaints = asyncio.run(explained(dsn_of_many, iter([("count", count)])))
    assert complaints and "sequential scan of event" in complaints[0]
