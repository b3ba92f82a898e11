"""Our books beside the provider's, over HTTP: its faults, its lag, and other people's hands."""

import logging
from datetime import timedelta

import pytest

from parts import Sandbox, go, until
from payouts_provider import AT_ONCE, Provider, provider
from uzel.flows.payouts.reconcile import Rules
from uzel.payouts import payout_store
from uzel.payouts.accounting import reconcile_store
from uzel.payouts.accounting.invariants import broken
from uzel.payouts.payout import State


async def state(it: Provider, public_id: str) -> str:
    row = await payout_store.find(it.hub.pool, public_id)
    return str(row["state"])


async def paid(it: Provider, amount: str, **target: str) -> str:
    """A payout that has been paid."""
    row = await it.pay(amount, **target)

    async def is_paid() -> bool:
        await it.work(1)
        return await state(it, row["public_id"]) == State.PAID

    await until(is_paid)
    return str(row["public_id"])


def test_where_both_agree_nothing_differs_and_a_change_of_mind_is_asked_for(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            first = await paid(it, "1000.00")
            await paid(it, "500.00", card="2200770212727079")
            run = await it.compare()
            assert (run.void, run.compared.differences) == (None, [])
            assert run.compared.ours == run.compared.theirs == 2
            assert run.compared.ours_minor == run.compared.theirs_minor == 1500_00
            row = await payout_store.find(it.hub.pool, first)
            it.move(row["provider_id"], "failed")
            run = await it.compare()
            assert (run.new, run.looks, await it.kinds()) == (1, 1, ["status"])
            assert await state(it, first) == State.PAID
            await it.work(2)
            assert await state(it, first) == State.RETURNED
            run = await it.compare()
            assert (run.gone, await it.kinds()) == (1, [])
            assert await broken(it.hub.pool) == []

    go(story)


def test_a_person_settles_what_stays_as_it_was(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            payment = await it.by_hand("old-program-17")
            assert (await it.compare()).new == 1
            assert (await it.compare()).new == 0
            assert await it.kinds() == ["missing_here"]
            number = await it.hub.pool.fetchval(
                "select id from payout_difference where provider_id = $1", payment
            )
            async with it.hub.pool.acquire() as connection:
                assert await reconcile_store.settle(connection, number, "anna", "paid by hand")
                assert await reconcile_store.settle(connection, number, "anna", "again") is None
            run = await it.compare()
            assert (run.new, run.settled, run.gone, await it.kinds()) == (0, 1, 0, [])
            it.move(payment, "failed")
            assert ((await it.compare()).new, await it.kinds()) == (1, ["missing_here"])

    go(story)


def test_two_payments_with_one_mark_are_said_aloud(
    shared_dsn: str, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            row = await payout_store.find(it.hub.pool, await paid(it, "700.00"))
            again = await it.by_hand(row["mark"], 700_00)
            caplog.clear()
            run = await it.compare()
            assert (run.new, await it.kinds()) == (1, ["duplicate"])
            said = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
            assert len(said) == 1 and again in said[0] and row["provider_id"] in said[0]

    go(story)


def test_a_list_that_is_late_or_not_whole_proves_nothing(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            for _ in range(3):
                await it.pay("100.00")
            await it.work()
            it.settings(listed_after_s=3600)
            run = await it.compare(Rules())
            assert (run.new, len(run.compared.skipped)) == (0, 3)
            assert (await it.compare()).new == 3
            assert await it.kinds() == ["missing_there"] * 3
            # Too young by the rules now: that does not say that they are there.
            assert ((await it.compare(Rules())).gone, len(await it.kinds())) == (0, 3)
            it.settings(listed_after_s=0, most_per=2, paged=False)
            run = await it.compare()
            assert run.void is not None and "end" in run.void
            it.settings(paged=True, most_per=100)
            it.fail("payments")
            run = await it.compare()
            assert run.void is not None
            assert len(await it.kinds()) == 3
            run = await it.compare()
            assert (run.void, run.gone, await it.kinds()) == (None, 3, [])
            rows = await it.hub.pool.fetch(
                "select void_because, theirs, gone from payout_reconciliation "
                "where connection_id = $1 order by id",
                it.id,
            )
            assert [row["void_because"] is None for row in rows] == [1, 1, 1, 0, 0, 1]

    go(story)


def test_what_waits_for_long_and_an_answer_that_was_lost_are_told(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            it.fail("create_payment", "reset")
            row = await it.pay("300.00")
            await it.work(2)
            assert await state(it, row["public_id"]) == State.UNKNOWN
            run = await it.compare(Rules(lag=timedelta(0), stale_after=timedelta(0)))
            assert await it.kinds() == ["stale", "status"]
            # Its own look-up settles it: nothing is asked for here.
            assert run.looks == 0
            assert await broken(it.hub.pool) == []
            await it.compare(AT_ONCE)
            assert await it.kinds() == ["status"]

    go(story)


def test_the_balance_is_laid_beside_what_left(shared_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with provider(shared_dsn, sandbox) as it:
            await it.chores.balance_now(it.active)
            await paid(it, "1000.00")
            await it.chores.balance_now(it.active)
            run = await it.compare()
            assert (run.left_minor, run.unexplained_minor) == (1000_00, 0)
            body = {"token": it.token, "balance_minor": 100}
            sandbox.http.post("/konsol/_balance", json=body).raise_for_status()
            await it.chores.balance_now(it.active)
            run = await it.compare()
            assert run.unexplained_minor == 100 - 1_000_000_000 + 1000_00

    go(story)
