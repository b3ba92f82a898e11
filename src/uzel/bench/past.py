"""A balance with a long past: what a moment of it and a page of its statement cost."""

import random
from datetime import UTC, datetime, timedelta
from time import perf_counter

from uzel.bench import store
from uzel.bench.latency import Latencies
from uzel.bench.report import Figures, Progress, rounded
from uzel.kit import database
from uzel.kit.database import Pool
from uzel.ledger.accounts import LIVE, balance_at, open_account
from uzel.partners.statement import statement

PART = 500_000
LOOKS = 200
# About so many entries are put in a second.
FILLED_PER_S = 60_000


async def look_back(dsn: str, entries: int, progress: Progress) -> Figures:
    """Put `entries` into the past of one account, a second apart, and look at moments of it and at
    hours of its statement. Each balance is reckoned again from its number: a wrong one counts.
    """
    pool = await database.open_pool(dsn, size=2, name="bench")
    async with pool.acquire() as connection:
        account = await open_account(connection, LIVE, "past", "RUB")
        house = await open_account(connection, LIVE, "past-house", "RUB")
        began_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=entries + 1)
        for first in range(0, entries, PART):
            most = min(PART, entries - first)
            progress.begin(f"{first:,} of {entries:,} entries of a past", most / FILLED_PER_S)
            await store.fill_past(connection, account, house, began_at, (first, most))
        await store.analyze_past(connection)
    progress.begin("looking back")
    found = await looks(pool, account, began_at, entries)
    await pool.close()
    return found


async def looks(pool: Pool, account: int, began_at: datetime, entries: int) -> Figures:
    """The figures."""
    chance, wrong = random.Random(1), 0  # noqa: S311 - the same moments each time
    moments, pages = [], []
    for _ in range(LOOKS):
        number = chance.randrange(entries)
        at = began_at + timedelta(seconds=number)
        start = perf_counter()
        balance = await balance_at(pool, account, at)
        moments.append(perf_counter() - start)
        wrong += balance != store.past_balance(number)
        start = perf_counter()
        page = await statement(pool, account, at, at + timedelta(hours=1))
        pages.append(perf_counter() - start)
        wrong += page.opening_minor + sum(it.amount_minor for it in page.lines) != (
            page.closing_minor
        )
    return {
        "past_entries": entries,
        "past_wrong": wrong,
        "balance_at_p99_ms": rounded(Latencies(moments).percentile(99), 2),
        "statement_page_p99_ms": rounded(Latencies(pages).percentile(99), 1),
    }
