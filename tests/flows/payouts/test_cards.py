"""A card that was destroyed is entered again: the same one, and the payout leaves once."""

from typing import Any

import pytest

from parts import RING, Sandbox, go, module_dsn, sandbox, sandbox_server
from payouts_hub import CARD, Payouts, payouts
from uzel.calls import recover
from uzel.errors import ConfigError
from uzel.flows.payouts import cards
from uzel.payouts import holding
from uzel.payouts import payout_store as store
from uzel.payouts.requisites import RequisiteRejected

__all__ = ["module_dsn", "sandbox", "sandbox_server"]


async def a_day_later(it: Payouts) -> int:
    await it.pool.execute("update vault set put_at = put_at - interval '25 hours'")
    return await cards.purge(it.pool)


async def enter(it: Payouts, name: str, number: str) -> Any:
    async with it.pool.acquire() as connection, connection.transaction():
        return await cards.enter_again(connection, RING, name, number, "anna")


async def detail(it: Payouts, number: int) -> Any:
    effect = f"payout:send:{number}:1"
    return await it.pool.fetchval("select detail from call where effect = $1", effect)


def test_what_was_stopped_for_a_day_asks_for_its_card(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            begun = await it.pay()
            async with it.pool.acquire() as connection, connection.transaction():
                await store.stop(connection, "night", "anna")
            await it.work()
            assert await cards.purge(it.pool) == 0
            assert await a_day_later(it) == 1 and await cards.purge(it.pool) == 0
            async with it.pool.acquire() as connection, connection.transaction():
                await holding.go_on(connection, "anna")
            await it.work()
            row = await it.row(begun)
            assert (row["state"], row["error"], row["vault_id"]) == ("waiting", "card_needed", None)
            assert await detail(it, begun.id) == "card_needed" and it.made() == []
            with pytest.raises(ConfigError, match="another card"):
                await enter(it, begun.public_id, "2200 0000 0000 0004")
            with pytest.raises(RequisiteRejected, match="card_checksum"):
                await enter(it, begun.public_id, "2200 7702 1272 7078")
            assert (await enter(it, begun.public_id, CARD))["error"] is None
            with pytest.raises(ConfigError, match="needs no card"):
                await enter(it, begun.public_id, CARD)
            # It is due at once, whatever it had waited for.
            await it.work()
            assert (await it.row(begun))["state"] in ("processing", "paid")
            (made,) = it.made()
            assert made["reference"] == row["mark"]
            steps = await store.steps(it.pool, begun.id)
            assert [step["reason"] for step in steps][1:3] == [cards.PURGED, cards.ENTERED]

    go(story)


def test_a_lost_answer_that_is_sent_again_a_day_later(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            it.sandbox.http.post(
                "/konsol/_answers",
                json={"token": it.token, "status": 502, "text": "<html>away</html>"},
            ).raise_for_status()
            begun = await it.pay()
            await it.work()
            assert (await it.row(begun))["state"] == "unknown"
            assert await a_day_later(it) == 1
            effect = f"payout:send:{begun.id}:1"
            call = await it.pool.fetchval("select id from call where effect = $1", effect)
            async with it.pool.acquire() as connection, connection.transaction():
                owners = it.hub.runner.closing._owners
                again = recover.Choice.AGAIN
                await recover.decide(connection, call, again, "anna", dict(owners))
            await it.work()
            assert await detail(it, begun.id) == "card_needed" and it.made() == []
            await enter(it, begun.public_id, CARD)
            await it.reach(begun, "paid")
            assert len(it.made()) == 1

    go(story)
