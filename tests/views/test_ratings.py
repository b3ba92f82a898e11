"""What guests said: the newest first, page by page, nothing twice and nothing left out."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reading import Reading
from review_history import History
from uzel.kit import database
from uzel.views import ratings_store
from uzel.views.ratings import Said, SaidFilter, list_said, said_life, tallies

NOW = datetime.now(UTC)
LOW = 3
Writing = Callable[[History], Awaitable[Any]]


def written(reading: Reading, write: Writing) -> None:
    async def work(pool: database.Pool) -> None:
        async with pool.acquire() as connection:
            history = History(connection, 1, 2)
            await history.prepare()
            await write(history)

    reading(work)


def listed(reading: Reading, wanted: SaidFilter, limit: int = 4) -> list[Said]:
    """All pages of a list."""
    found: list[Said] = []
    before: int | None = None
    while True:
        at = before

        async def page(pool: database.Pool, at: int | None = at) -> Any:
            return await list_said(pool, 1, wanted, LOW, at, limit)

        part = reading(page)
        found += part.items
        if part.next is None:
            return found
        before = part.next


@pytest.fixture
def told(own: Reading) -> Reading:
    """Ten guests who said something, an hour apart, and one who did not."""

    async def write(h: History) -> None:
        first, second = h.places
        for number in range(10):
            place = first if number % 2 else second
            words = f"слово {number}" if number % 3 == 0 else None
            stars = number % 5 + 1 if number != 9 else None
            at = NOW - timedelta(hours=20 - number)
            await h.asked(at, *place, sent="delivered", stars=stars, words=words, clicked=True)
        await h.asked(NOW, *first, sent="delivered", clicked=False)
        await h.connection.execute(
            "update review_request set rated_at = created_at, commented_at = created_at "
            "where code is not null and code like 'code%'"
        )

    written(own, write)
    own.execute(
        "update review_request set rated_at = null where rating is null or code not like 'code%'"
    )
    own.execute("update review_request set commented_at = null where comment is null")
    return own


def test_pages_follow_each_other_newest_first(told: Reading) -> None:
    found = listed(told, SaidFilter())
    assert len(found) == len({said.id for said in found}) == 10
    times = [said.said_at for said in found]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]
    assert found[0].rating is None and found[0].comment == "слово 9"


def test_what_was_said_at_the_same_moment_stays_on_one_page(told: Reading) -> None:
    told.execute("update review_request set rated_at = $1 where rating is not null", NOW)
    told.execute("update review_request set commented_at = null where rating is not null")
    assert len(listed(told, SaidFilter(), limit=4)) == 10
    page = told(lambda pool: list_said(pool, 1, SaidFilter(), LOW, None, 2))
    assert len(page.items) == 9


@pytest.mark.parametrize(
    ("wanted", "ratings"),
    [
        (SaidFilter(rating=1), [1, 1]),
        (SaidFilter(worded=True), [None, 2, 4, 1]),
        (SaidFilter(unseen=True), [None, 3, 2, 1, 4, 3, 2, 1]),
        (SaidFilter(rating=2, worded=True), [2]),
        (SaidFilter(since=NOW - timedelta(hours=13)), [None, 4, 3]),
        (SaidFilter(until=NOW - timedelta(hours=18, minutes=30)), [2, 1]),
        (SaidFilter(place_id=77), []),
    ],
)
def test_a_list_is_narrowed(told: Reading, wanted: SaidFilter, ratings: list[int | None]) -> None:
    assert [said.rating for said in listed(told, wanted)] == ratings


def test_a_place_that_is_asked_for(told: Reading) -> None:
    place = told(lambda pool: pool.fetchval("select max(id) from place"))
    found = listed(told, SaidFilter(place_id=place))
    assert len(found) == 5 and {said.place_id for said in found} == {place}


def test_an_unlucky_filter_stops_and_goes_on(
    told: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratings_store, "WINDOW", 3)
    page = told(lambda pool: list_said(pool, 1, SaidFilter(rating=1), LOW, None, 50))
    assert page.cut and page.next is not None and page.items == ()
    assert [said.rating for said in listed(told, SaidFilter(rating=1))] == [1, 1]


def test_stars_are_counted_by_place(told: Reading) -> None:
    since = NOW - timedelta(days=2)
    seen = told(lambda pool: tallies(pool, 1, since, NOW, LOW))
    assert seen.total.stars == {1: 2, 2: 2, 3: 2, 4: 2, 5: 1}
    assert seen.total.average == pytest.approx(25 / 9)
    assert (seen.total.unseen, seen.total.comments, seen.exact) == (8, 4, True)
    assert sorted(tally.count for tally in seen.places.values()) == [4, 5]
    place = next(iter(seen.places))
    only = told(lambda pool: tallies(pool, 1, since, NOW, LOW, place))
    assert only.total.count == seen.places[place].count


def test_dealt_with_once_and_only_what_was_seen(told: Reading) -> None:
    said = listed(told, SaidFilter())[0]
    assert said.said_at is not None and said.waits(LOW)

    async def mark(pool: database.Pool, at: datetime) -> bool:
        async with pool.acquire() as connection:
            return await ratings_store.mark_seen(connection, said.id, "olga", at)

    assert not told(lambda pool: mark(pool, NOW + timedelta(seconds=1)))
    assert told(lambda pool: mark(pool, said.said_at or NOW))
    assert not told(lambda pool: mark(pool, said.said_at or NOW))
    assert told(lambda pool: ratings_store.unseen(pool, 1, LOW)) == 7
    life = told(lambda pool: said_life(pool, said.id))
    assert life is not None and life.said.seen_by == "olga" and not life.said.waits(LOW)
    assert [message.purpose for message in life.messages] == ["review_request"]


def test_a_number_of_an_address_is_a_time_again() -> None:
    at = datetime(2026, 11, 20, 9, 15, 2, 100_007, tzinfo=UTC)
    assert ratings_store.at_micros(ratings_store.micros_of(at)) == at
    assert ratings_store.at_micros(2**63 - 1) == ratings_store.LAST
