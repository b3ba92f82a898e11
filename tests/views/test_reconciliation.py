"""What people see of both books, and what the doctor says of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from parts import go
from payouts_at_work import Paying, paying
from uzel.doctor.finding import State as Finding
from uzel.doctor.payouts import of_payouts
from uzel.kit.database import Connection
from uzel.payouts.accounting import reconcile_store
from uzel.views import reconciliation

NOW = datetime.now(UTC)
DAY = (NOW - timedelta(days=1), NOW)
BOTH = ("duplicate", "amount")


async def run(connection: Connection, it: Paying, *kinds: str, void: str | None = None) -> int:
    """One that saw these."""
    balances = (NOW - timedelta(hours=3), 10_000, NOW, 8_500)
    row = (it.connection_id, *DAY, NOW, "worker", void, 2, 300, 3, 400, *balances, 1_000)
    number = await reconcile_store.add_run(connection, row)
    rows: list[tuple[Any, ...]] = [
        (kind, "UZ2", NOW - timedelta(hours=2), None, "x", None, {"payments": [{"id": "x"}]})
        for kind in kinds
    ]
    kept = await reconcile_store.seen(connection, it.connection_id, number, rows)
    new = sum(row["new"] for row in kept)
    gone = await reconcile_store.gone(connection, it.connection_id, number, DAY, ())
    await reconcile_store.counted(connection, number, len(rows), new, gone)
    return number


def test_runs_and_differences_are_shown(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it, it.pool.acquire() as connection:
            first = await run(connection, it, "amount", "duplicate", "stale")
            last = await run(connection, it, "amount", "duplicate")
            void = await run(connection, it, void="the list was not read")
            shown = await reconciliation.runs(it.pool, it.connection_id)
            assert [row.id for row in shown] == [void, last, first]
            assert shown[0].void_because == "the list was not read"
            assert [(row.seen, row.new, row.gone) for row in shown[1:]] == [(2, 0, 1), (3, 3, 0)]
            assert shown[1].unexplained_minor == -500
            assert len(await reconciliation.runs(it.pool, it.connection_id, before=last)) == 1

    go(story)


def test_the_loudest_stands_first_and_the_doctor_says_so(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it, it.pool.acquire() as connection:
            await run(connection, it, *BOTH, "stale")
            rows = await reconciliation.differences(it.pool, it.connection_id)
            assert [row.kind for row in rows] == ["duplicate", "stale", "amount"]
            assert rows[0].theirs == [{"id": "x"}] and rows[0].ours is None
            trouble = await reconciliation.payout_trouble(connection, NOW)
            assert trouble.open["duplicate"] == 1
            said = list(of_payouts(trouble))
            assert {it.state for it in said} == {Finding.WRONG, Finding.WARNING}
            assert trouble.count == sum(trouble.open.values()) >= 3
            for row in rows:
                assert await reconcile_store.settle(connection, row.id, "anna", "seen")
            settled = await reconciliation.differences(it.pool, it.connection_id, is_open=False)
            assert {(row.resolved_by, row.note) for row in settled} == {("anna", "seen")}
            one = await reconciliation.difference(it.pool, rows[0].id)
            assert one is not None and one.resolved_at is not None
            assert await reconciliation.difference(it.pool, 10**9) is None

    go(story)


def test_books_that_were_not_compared_for_two_nights_are_told(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it, it.pool.acquire() as connection:
            await connection.execute(
                "insert into payout_chore (connection_id, chore, succeeded_at, problem) "
                "values ($1, 'reconcile', now(), 'away')",
                it.connection_id,
            )
            assert (await reconciliation.payout_trouble(connection, NOW)).late == {}
            later = NOW + timedelta(hours=50)
            trouble = await reconciliation.payout_trouble(connection, later)
            assert list(trouble.late.values()) == ["away"]
            assert any("two nights: away" in it.what for it in of_payouts(trouble))

    go(story)
