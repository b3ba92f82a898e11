"""Callbacks in every order, between every two steps of a payment that is taken back, while looks
overtake each other: the money stands where the provider's last word put it.
"""

import asyncio
import itertools

import pytest

from simulation import clock
from simulation.clock import loop
from simulation.house import House, open_house
from simulation.judge import Verdict, judge
from simulation.world import World
from uzel.connectors.konsol.miniature import EXECUTED, FAILED, Payment
from uzel.payouts.banks import Directory
from uzel.payouts.payout import Wish
from uzel.payouts.wish import Typed, read

FIRST_S, APART_S = 3.0, 1.0
# How long answers to looks take: the later one may come first.
DELAYS_S = (0.1, 1.7, 3.3)
HISTORIES = ((EXECUTED, FAILED), (FAILED, EXECUTED))


def orders(callbacks: int) -> list[str]:
    """`1` and `2` are the provider's words, `c` a callback; the last one is told of."""
    found = set()
    for places in itertools.combinations(range(callbacks + 1), 2):
        items = ["c"] * (callbacks + 2)
        items[places[0]], items[places[1]] = "1", "2"
        found.add("".join(items))
    return sorted(found)


async def live(
    house: House, world: World, wish: Wish, order: str, history: tuple[str, str], slow: int
) -> None:
    """One payment, and what is told of it, a second apart."""
    provider = house.provider
    await house.begin(wish, world.limits)
    await world.until(FIRST_S)
    row = await house.console.fetchrow(
        "select mark from payout where external_id = $1", wish.external_id
    )
    assert row is not None
    (payment,) = provider.of(row["mark"])
    provider.delays_s[payment.id] = itertools.cycle(DELAYS_S[slow % 3 :] + DELAYS_S[: slow % 3])
    for place, item in enumerate(order):
        await world.until(FIRST_S + place * APART_S)
        if item == "c":
            await house.receive(callback(payment))
        else:
            provider.office.move(payment, history[int(item) - 1])


def callback(payment: Payment) -> dict[str, object]:
    """Whatever status it tells, it is a hint."""
    return {"action_name": "created", "payload": {"id": payment.id, "amount": 1}}


def storm(dsn: str, through: int, callbacks: int, every: int) -> Verdict:
    """Every `every`-th of all cases, all at once."""
    cases = list(itertools.product(orders(callbacks), HISTORIES, range(3)))[::every]

    async def play() -> Verdict:
        async with open_house(dsn, through, "storm", 1) as house:
            # Nothing moves by itself, and nothing is told but by us.
            house.provider.begin_anew(moves_after_s=86_400, hook=None)
            world = World(house, f"storm {loop().start}", len(cases))
            wishes = [
                read(
                    Typed(
                        "100.00", "Иванова Анна", order, phone="+79990000001", bank="сбер",
                        external_id=f"{world.seed} {number}",
                    ),
                    through, Directory(), world.key, "anna",
                )
                for number, (order, *_) in enumerate(cases)
            ]  # fmt: skip
            world.wishes = {str(wish.external_id): wish for wish in wishes}
            await asyncio.gather(
                *(live(house, world, w, *case) for w, case in zip(wishes, cases, strict=True)),
                ticking(house),
            )
            await house.chores()
            await house.rest()
            return await judge(world)

    return clock.run(play)


async def ticking(house: House) -> None:
    for _ in range(40):
        await asyncio.sleep(0.5)
        await house.chores()


def judged(through: tuple[str, int], callbacks: int, every: int) -> None:
    found = storm(*through, callbacks, every)
    # Looks that are still planned have nothing to say.
    assert [it for it in found.faults if "a call is left" not in it] == []
    assert found.states["paid"] > 0 < found.states["failed"] + found.states["returned"]


def test_callbacks_in_some_orders_come_to_the_same(untouched: tuple[str, int]) -> None:
    judged(untouched, 3, 3)


@pytest.mark.long
@pytest.mark.parametrize("callbacks", [1, 2, 3, 4, 5])
def test_callbacks_in_every_order_come_to_the_same(
    untouched: tuple[str, int], callbacks: int
) -> None:
    judged(untouched, callbacks, 1)


@pytest.mark.parametrize("fate", ["422", "403", "lost after", "a page after"])
def test_a_look_without_an_answer_is_made_up_for(timed: tuple[str, int], fate: str) -> None:
    """It was told that a payment was taken back, and the first look for it came to nothing."""
    dsn, through = timed

    async def play() -> Verdict:
        async with open_house(dsn, through, "look", 1) as house:
            house.provider.begin_anew(moves_after_s=0.5, hook=None)
            world = World(house, f"look {loop().start}", 1)
            typed = Typed(
                "100.00", "Иванова Анна", "Заявка", phone="+79990000001", bank="сбер",
                external_id=world.seed,
            )  # fmt: skip
            world.wishes = {world.seed: read(typed, through, Directory(), world.key, "anna")}
            await house.begin(world.wishes[world.seed], world.limits)
            for _ in range(5):
                await asyncio.sleep(5)
                await house.chores()
            (payment,) = house.provider.office.payments.values()
            house.provider.office.move(payment, FAILED)
            house.provider.next_fates["payment"] = [fate]
            await house.receive(callback(payment))
            for _ in range(10):
                await asyncio.sleep(60)
                await house.resume()
                await house.chores()
            await house.rest()
            return await judge(world)

    found = clock.run(play)
    assert found.faults == []
    assert found.states == {"returned": 1}
