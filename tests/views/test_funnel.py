"""How far guests came: each visit once, at its place, with one reason."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reading import Reading
from review_history import History
from uzel.kit import database
from uzel.views import funnel_store
from uzel.views.funnel import Funnel, funnel

NOW = datetime.now(UTC)
AT = NOW - timedelta(days=3)
SOURCES = {1: "iiko"}
Writing = Callable[[History], Awaitable[Any]]

EMPTY = "truncate raw_event, raw_secret, event, review_request, message, call restart identity"


@pytest.fixture
def empty(own: Reading) -> Reading:
    """The sample without its visits."""
    own.execute(EMPTY)
    return own


def written(reading: Reading, write: Writing) -> None:
    """Have somebody write visits."""

    async def work(pool: database.Pool) -> None:
        async with pool.acquire() as connection:
            history = History(connection, 1, 2)
            await history.prepare()
            await write(history)

    reading(work)


def seen(
    reading: Reading, days: int = 7, place_id: int | None = None, until: datetime = NOW
) -> Funnel:
    since = until - timedelta(days=days)
    return reading(lambda pool: funnel(pool, 1, SOURCES, since, until, place_id))


def test_every_stage_is_counted_at_its_place(empty: Reading) -> None:
    async def write(h: History) -> None:
        (first, one), (second, two) = h.places
        await h.asked(AT, first, one, sent="delivered", stars=5)
        await h.asked(AT, first, one, sent="delivered", clicked=True, words="Спасибо")
        await h.asked(AT, first, one, sent="delivered", clicked=False)
        await h.asked(AT, second, two, sent="failed", clicked=False)
        await h.asked(AT, second, two, sent="accepted", clicked=False)
        await h.visit(AT, two, "no_phone")
        await h.visit(AT, "somewhere else", "place_unknown")

    written(empty, write)
    empty.execute("delete from place where source_ref is null")
    found = seen(empty)
    total = found.total
    assert (total.visits, total.asked, total.delivered) == (7, 5, 3)
    assert (total.clicked, total.rated, total.average) == (2, 1, 5.0)
    assert total.lost == {"failed": 1, "accepted": 1}
    assert found.reasons == {"no_phone": 1, "place_unknown": 1}
    assert found.exact
    by_name = {place: (row.visits, row.asked) for place, row in found.places.items()}
    names = empty(lambda pool: pool.fetch("select id, source_ref from place order by id"))
    first, second = (row["id"] for row in names)
    assert by_name == {first: (3, 3), second: (3, 2), None: (1, 0)}
    only = seen(empty, place_id=second)
    assert (only.total.visits, only.reasons) == (3, {"no_phone": 1})


def test_who_opened_the_link_got_it_whatever_the_provider_says(empty: Reading) -> None:
    async def write(h: History) -> None:
        for sent in ("accepted", "unknown", "failed"):
            await h.asked(AT, *h.places[0], sent=sent, clicked=True, words="!")

    written(empty, write)
    total = seen(empty).total
    assert (total.asked, total.delivered, total.clicked, total.lost) == (3, 3, 3, {})


def test_several_events_about_a_visit_are_one_visit(empty: Reading) -> None:
    async def write(h: History) -> None:
        _, reference = h.places[0]
        for reason in ("no_phone", "phone_invalid"):
            await h.visit(AT, reference, reason, visit="one")
        await h.visit(AT, reference, "no_phone", visit="two")
        await h.visit(AT, reference, phone="+79990000000", visit="two")
        await h.visit(AT, reference, "duplicate", visit="three")
        await h.visit(AT, reference, "visit_known", visit="four")
        await h.visit(AT, reference, visit="five", decision="pending")

    written(empty, write)
    found = seen(empty)
    # `two` was asked about, though by no request of this time; `three` and `four` before it.
    assert found.reasons == {"pending": 1, "phone_invalid": 1}
    assert found.total.visits == 2


def test_only_the_visits_of_the_time_and_the_business_count(empty: Reading) -> None:
    async def write(h: History) -> None:
        await h.asked(NOW - timedelta(days=20), *h.places[0], clicked=False, sent="delivered")
        await h.asked(AT, *h.places[0], clicked=False, sent="delivered")

    written(empty, write)
    assert seen(empty).total.asked == 1
    assert seen(empty, days=30).total.asked == 2
    assert seen(empty, days=10, until=NOW - timedelta(days=12)).total.asked == 1
    empty.execute("insert into business (name) values ('Другой')")
    empty.execute("update review_request set business_id = 2")
    assert seen(empty, days=30).total.asked == 0


def test_guests_who_went_on_are_counted_by_platform(empty: Reading) -> None:
    async def write(h: History) -> None:
        request = await h.asked(AT, *h.places[0], clicked=True, sent="delivered", words="!")
        await h.connection.execute(
            "insert into review_follow (request_id, platform) values ($1, 'yandex'), ($1, '2gis')",
            request,
        )

    written(empty, write)
    total = seen(empty).total
    assert (total.followed, total.went_on) == ({"yandex": 1, "2gis": 1}, 2)


def test_of_many_visits_a_sample_is_scaled_up(
    empty: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(h: History) -> None:
        for number in range(400):
            if number % 4:
                await h.asked(AT, *h.places[0], clicked=False, sent="delivered")
            else:
                await h.visit(AT, h.places[0][1], "no_phone")

    written(empty, write)
    exact = seen(empty)
    assert exact.exact and exact.total.visits == 400
    monkeypatch.setattr(funnel_store, "COUNTED", 100)
    monkeypatch.setattr(funnel_store, "SAMPLED", 100)
    rough = seen(empty)
    assert not rough.exact
    assert rough.total.asked == pytest.approx(300, rel=0.2)
    assert rough.reasons["no_phone"] == pytest.approx(100, rel=0.5)


def test_orders_whose_status_nobody_explained_are_told_apart(empty: Reading) -> None:
    async def write(h: History) -> None:
        event, _ = await h.visit(AT, None, "status_unknown")
        await h.connection.execute("update event set type = 'order.updated' where id = $1", event)

    written(empty, write)
    found = seen(empty)
    assert (found.total.visits, found.unmapped) == (0, 1)
