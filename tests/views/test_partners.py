"""The list of payments: under any filter, page by page, exactly those that fit."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.kit import database
from uzel.partners import manage
from uzel.views.partners import STATES, PaymentFilter, list_partners, list_payments

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
COUNT = 90
FILL = """
insert into payment (public_id, partner_id, book, kind, external_id, amount, currency, cost_minor,
                     balance_currency, commission_minor, rate, legs, state, before_minor,
                     after_minor, created_at)
select 'txn_' || i, case when i % 3 = 0 then $2::int else $1::int end,
       case when i % 7 = 0 then 'test' else 'live' end, 'payment', 'n-' || i, 10, 'RUB', 1000,
       'RUB', 0, 1, '{}', ($3::text[])[1 + i % 3 * (i / 30 % 2)], 0, 0,
       $4::timestamptz + i * interval '1 hour'
  from generate_series(1, $5::int) i
"""


@pytest.fixture(scope="module")
def filled(shared_dsn: str) -> str:
    async def work() -> None:
        pool = await database.open_pool(shared_dsn, size=1, name="views")
        async with pool.acquire() as connection:
            one = await manage.add(connection, "Первый", "RUB")
            two = await manage.add(connection, "Второй", "KZT")
            await connection.execute(FILL, one.id, two.id, list(STATES), BEGIN, COUNT)
        await pool.close()

    asyncio.run(work())
    return shared_dsn


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    partner=st.sampled_from([1, 2, 3]),
    book=st.sampled_from(["live", "test"]),
    state=st.sampled_from([None, *STATES]),
    since=st.none() | st.integers(-5, COUNT + 5),
    until=st.none() | st.integers(-5, COUNT + 5),
    size=st.integers(1, 40),
)
def test_pages_hold_exactly_what_fits(
    filled: str,
    partner: int,
    book: str,
    state: str | None,
    since: int | None,
    until: int | None,
    size: int,
) -> None:
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else BEGIN + timedelta(hours=hours)

    async def work() -> tuple[list[str], list[str]]:
        pool = await database.open_pool(filled, size=1, name="views")
        wanted = PaymentFilter(partner, book, state, None, at(since), at(until))
        found: list[str] = []
        before: int | None = None
        while True:
            page = await list_payments(pool, wanted, before, size)
            assert len(page.items) <= size and not page.cut
            found += [payment.public_id for payment in page.items]
            if page.next is None:
                break
            before = page.next
        rows = await pool.fetch("select * from payment order by id desc")
        await pool.close()
        expected = [
            row["public_id"]
            for row in rows
            if (row["partner_id"], row["book"]) == (partner, book)
            and state in (None, row["state"])
            and (since is None or row["created_at"] >= BEGIN + timedelta(hours=since))
            and (until is None or row["created_at"] < BEGIN + timedelta(hours=until))
        ]
        return found, expected

    found, expected = asyncio.run(work())
    assert found == expected


def test_a_day_counts_what_began_in_it(filled: str) -> None:
    async def work() -> None:
        pool = await database.open_pool(filled, size=1, name="views")
        since = BEGIN + timedelta(hours=COUNT - 9)
        partners = {it.name: it for it in await list_partners(pool, since)}
        count = (
            "select count(*) from payment where partner_id = $1 and book = 'live' "
            "and created_at >= $2"
        )
        for partner in partners.values():
            assert partner.payments == await pool.fetchval(count, partner.id, since) > 0
        assert partners["Второй"].currency == "KZT"
        await pool.close()

    asyncio.run(work())


@pytest.mark.parametrize(("text", "hits"), [("txn_5", 1), ("n-5", 1), ("n-3", 0), ("5", 0)])
def test_a_payment_is_found_by_either_number_of_its_own_partner(
    filled: str, text: str, hits: int
) -> None:
    async def work() -> int:
        pool = await database.open_pool(filled, size=1, name="views")
        page = await list_payments(pool, PaymentFilter(1, text=text), None, 50)
        await pool.close()
        return len(page.items)

    assert asyncio.run(work()) == hits
