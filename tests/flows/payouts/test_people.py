"""A person is made known to the provider once, whoever pays them at the same time."""

import asyncio
from typing import Any

from parts import Sandbox, go, module_dsn, sandbox, sandbox_server
from payouts_hub import Payouts, payouts

__all__ = ["module_dsn", "sandbox", "sandbox_server"]

ANNA: dict[str, Any] = {
    "name": "Иванова Анна",
    "card": None,
    "phone": "+79990000077",
    "bank": "сбер",
}


async def known(it: Payouts) -> list[object]:
    """Contractors that the provider was asked to make, and whether it did."""
    params = {"connector": "konsol", "operation": "create_contractor"}
    return list(it.sandbox.http.get("/_journal", params=params).json())


def test_two_payouts_of_one_person_at_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            begun = await asyncio.gather(*(it.pay(f"{100 + n}.00", **ANNA) for n in range(4)))
            other = it.hub.new_runner()
            for _ in range(3):
                await asyncio.gather(*(r.pump(it.connection_id) for r in (it.hub.runner, other)))
                await it.work()
            for one in begun:
                await it.reach(one, "paid")
            assert len(await known(it)) == 1
            assert len(it.made()) == 4 and len({p["contractor_id"] for p in it.made()}) == 1

    go(story)


def test_a_person_whom_the_provider_has_is_found_in_its_list(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            settings = it.sandbox.http.get("/konsol/_settings").json()
            try:
                unique = {"unique_phones": True}
                it.sandbox.http.post("/konsol/_settings", json=unique).raise_for_status()
                first = await it.pay(**ANNA)
                await it.reach(first, "paid")
                # As if they had been made by hand, or by us with the answer lost for good.
                await it.pool.execute("update payee set reference = null, asking = false")
                second = await it.pay("200.00", **ANNA)
                await it.reach(second, "paid")
                assert len({p["contractor_id"] for p in it.made()}) == 1
                # The phone is somebody else's there: a person has to look at that.
                third = await it.pay("300.00", **{**ANNA, "name": "Петров Иван"})
                await it.work()
                row = await it.row(third)
                assert row["state"] == "failed" and "phone" in row["error"]
                assert len(it.made()) == 2
            finally:
                it.sandbox.http.post("/konsol/_settings", json=settings).raise_for_status()

    go(story)


def test_a_lost_answer_about_a_person(module_dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            it.arm("reset", "create_contractor")
            begun = [await it.pay(**ANNA), await it.pay("150.00", **ANNA)]
            await it.work()
            assert await it.states() == {"waiting": 2}
            await it.look_up()
            for one in begun:
                await it.reach(one, "paid")
            assert len(await known(it)) == 1 and len(it.made()) == 2

    go(story)
