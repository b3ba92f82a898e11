"""One payout, and a kill at a chosen await of its life."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulation import clock
from simulation.clock import now
from simulation.house import House, open_house
from simulation.judge import judge
from simulation.world import World, new_card
from uzel.payouts.banks import Directory
from uzel.payouts.payout import Wish
from uzel.payouts.wish import Typed, read

NUMBERS = itertools.count()


@dataclass
class One(World):
    """`way`: how somebody is paid, `card`, `new person` or `known person`; `fate`: what meets the
    first request about them and the first about their money; `left`: awaits until the kill.
    """

    way: str = "card"
    fate: str = "fine"
    left: int | None = None
    lived: int = 0

    def set_up(self) -> None:
        provider = self.house.provider
        provider.rough, self.house.deadly = 0.0, None
        provider.begin_anew(moves_after_s=2.0)
        self.looks_s = (1, 4, 9, 20, 45, 90, 1000)

    def make_wishes(self) -> Sequence[Wish]:
        number = next(NUMBERS)
        target: dict[str, Any] = (
            {"card": new_card(self.chance)}
            if self.way == "card"
            else {"phone": f"+7998{number:07}", "bank": "сбер"}
        )
        asked = [
            read(
                Typed("100.00", "Иванова Анна", "Заявка", external_id=f"{number}-{nth}", **target),
                self.house.through,
                Directory(),
                self.key,
                "anna",
            )
            for nth in range(2 if self.way == "known person" else 1)
        ]
        self.wishes = {str(wish.external_id): wish for wish in asked}
        return asked[-1:]

    async def ask(self, wish: Wish) -> None:
        for earlier in list(self.wishes.values())[:-1]:
            await self.house.begin(earlier, self.limits)
            await asyncio.sleep(10)
            await self.house.chores()
            await self.house.rest()
        self.began_at = now()
        fates = self.house.provider.next_fates
        fates["create_payment"] = fates["create_contractor"] = []
        if self.way == "new person":
            fates["create_contractor"] = [self.fate]
        fates["create_payment"] = [self.fate]
        (process,) = self.house.processes
        process.life.lived, process.life.left = 0, self.left
        await self.house.begin(wish, self.limits)

    def calm(self) -> None:
        """Who was not killed yet may still be: while people decide, too."""
        left = [process.life.left for process in self.house.processes]
        super().calm()
        for process, awaits in zip(self.house.processes, left, strict=True):
            process.life.left = awaits

    async def meddle(self) -> None:
        """Nobody does."""

    async def turn_back(self) -> None:
        """Nor does anybody there."""


@dataclass
class Killing:
    """`faults`: what must not be. `awaits` of a payout that nobody was killed over; `kills`."""

    faults: list[str]
    awaits: int = 0
    kills: int = 0


def kill_at(dsn: str, through: int, way: str, fate: str, places: slice) -> Killing:
    """A payout for each of these awaits, at which whoever works on it is killed."""
    name = f"{way}, {fate}"
    killing = Killing([])

    async def one(house: House, left: int | None) -> None:
        world = One(house, f"{name}, {left}", 1, way=way, fate=fate, left=left)
        await world.play()
        killing.faults += [f"{world.seed}: {it}" for it in (await judge(world)).faults]

    async def play() -> None:
        async with open_house(dsn, through, name, 1) as house:
            await one(house, None)
            killing.awaits = house.processes[0].life.lived
            for left in range(killing.awaits)[places]:
                if not killing.faults:
                    await one(house, left)
            killing.kills = house.kills

    clock.run(play)
    return killing
