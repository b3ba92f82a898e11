"""Days of payouts with everything that can go wrong, and people who put right what people must."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulation.clock import loop, now
from simulation.house import House
from uzel.app import owners
from uzel.calls import recover
from uzel.calls.recover import Choice
from uzel.connectors.konsol.miniature import EXECUTED, FAILED, UNDONE
from uzel.errors import ConfigError, UzelError
from uzel.flows.payouts import send
from uzel.kit.card_numbers import luhn
from uzel.payouts import payout_store as store
from uzel.payouts.banks import Directory
from uzel.payouts.limits import Limits
from uzel.payouts.payout import OPEN, Refused, Wish
from uzel.payouts.wish import Typed, read

BANKS = ("сбер", "тинькофф", "втб", "альфа")
NAMES = ("Иванова Анна", "Петров Пётр Петрович", "Сидорова Ольга", "Ахметов Данияр")
# Kopecks: what the provider makes of a payment, see `miniature.ENDINGS`.
KOPECKS = (*(0,) * 12, 91, 92, 93, 94, 95, 96, 99)
# Seconds from the beginning; between them nobody does chores.
LOOKS_S = (1, 4, 9, 18, 40, 70, 130, 400, 1000, 2100, 4000, 9000, 6 * 3600)
PEOPLE_S = 26 * 3600
STEP_S = 2.2 * 3600
MOST_STEPS = 20


@dataclass
class World:
    """`size` payouts, some of them asked for twice. `wishes`: what was asked for, by number."""

    house: House
    seed: str
    size: int
    wishes: dict[str, Wish] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    stops: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    began_at: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        # Nobody of another world is known here.
        self.key = hashlib.sha256(self.seed.encode()).digest()
        self.looks_s: Sequence[float] = LOOKS_S

    async def play(self) -> None:
        """From the first wish until everything has ended, or nobody can end it."""
        self.set_up()
        begun = [loop().create_task(self.ask(wish)) for wish in self.make_wishes()]
        begun.append(loop().create_task(self.meddle()))
        for at_s in self.looks_s:
            await self.until(at_s)
            await self.house.chores()
            if self.chance.random() < 0.7:
                await self.house.resume()
            if all(it.done() for it in begun) and await self.is_over():
                break
        await asyncio.gather(*begun)
        await self.turn_back()
        if not await self.is_over():
            await self.until(PEOPLE_S)
        self.calm()
        for step in range(1, MOST_STEPS):
            await self.house.resume()
            await self.house.provider.end_all()
            await self.decide()
            await self.house.chores()
            await self.house.rest()
            if await self.is_over():
                return
            await self.until(PEOPLE_S + step * STEP_S)

    def set_up(self) -> None:
        chance, provider = self.chance, self.house.provider
        provider.rough = chance.choice((0.0, 0.05, 0.2, 0.2, 0.5))
        self.house.deadly = chance.choice((None, None, 60, 300, 1000))
        for process in self.house.processes:
            process.life.left = self.house.awaits_left()
        provider.begin_anew(
            moves_after_s=chance.choice((0.3, 3, 40)),
            listed_after_s=chance.choice((0, 0, 0, 5, 600, 20_000)),
            list_shape=chance.choice(("items", "data", "nested", "bare")),
            next_page=chance.choice(("header", "header", "total", "nobody")),
            paged=chance.random() < 0.9,
            most_per=chance.choice((100, 100, 10)),
            newest_first=chance.random() < 0.8,
            brief=chance.random() < 0.1,
            unique_phones=chance.random() < 0.3,
            contradictory=chance.random() < 0.3,
            last_first=chance.random() < 0.2,
        )
        if chance.random() < 0.2:
            self.limits = Limits(payout=900_00 * 100, person_day=3_000_00, day=self.size * 400_00)

    def calm(self) -> None:
        """From now on everybody does what they should."""
        self.house.provider.rough = 0.0
        self.house.deadly = None
        for process in self.house.processes:
            process.life.left = None
        settings = self.house.provider.konsol.settings
        changed = {"listed_after_s": 0, "paged": True, "brief": False}
        self.house.provider.konsol.settings = settings.model_copy(update=changed)

    def make_wishes(self) -> Sequence[Wish]:
        people = [f"+7999{self.chance.randrange(10**7):07}" for _ in range(max(1, self.size // 2))]
        cards = [new_card(self.chance) for _ in range(max(1, self.size // 3))]
        asked = []
        for number in range(self.size):
            name = f"{self.seed}-{number}"
            target: dict[str, Any] = (
                {"card": self.chance.choice(cards)}
                if self.chance.random() < 0.5
                else {"phone": self.chance.choice(people), "bank": self.chance.choice(BANKS)}
            )
            amount = f"{self.chance.randrange(10, 900)}.{self.chance.choice(KOPECKS):02}"
            typed = Typed(
                amount, self.chance.choice(NAMES), f"Заявка {number}", external_id=name, **target
            )
            wish = read(typed, self.house.through, Directory(), self.key, "anna")
            self.wishes[name] = wish
            asked += [wish] * (2 if self.chance.random() < 0.2 else 1)
        return asked

    async def ask(self, wish: Wish) -> None:
        await asyncio.sleep(self.chance.choice((0, self.chance.uniform(0, 30))))
        try:
            await self.house.begin(wish, self.limits)
        except Refused as refusal:
            self.refused[str(wish.external_id)] = refusal.code

    async def meddle(self) -> None:
        """People stop payouts for a while, and take some back."""
        await asyncio.sleep(self.chance.uniform(0, 20))
        if self.chance.random() < 0.2:
            await self.stop_for(self.chance.choice((3, 50, 3000)))
        for name in self.chance.sample(sorted(self.wishes), min(2, self.size // 10)):
            async with self.house.console.acquire() as connection, connection.transaction():
                with contextlib.suppress(ConfigError):
                    await send.cancel(connection, name, "boris", "not any more")

    async def stop_for(self, seconds: float) -> None:
        async with self.house.console.acquire() as connection:
            await store.stop(connection, "wait", "boris")
        self.stops.append((now(), None))
        await asyncio.sleep(seconds)
        self.stops[-1] = (self.stops[-1][0], now())
        async with self.house.console.acquire() as connection:
            await store.go_on(connection, "boris")

    async def turn_back(self) -> None:
        """The provider's people end what has not ended, and take back some of what they said."""
        provider = self.house.provider
        await provider.end_all()
        for payment in list(provider.office.payments.values()):
            told = [status for _, status in payment.history if status in (EXECUTED, *UNDONE)]
            if len(told) == 1 and self.chance.random() < 0.03:
                status = FAILED if told[0] == EXECUTED else EXECUTED
                provider.office.move(payment, status)
                await provider.konsol.tell(status, payment)

    async def decide(self) -> None:
        """Somebody looks at what nobody knows the end of, and at the provider's own books."""
        rows = await self.house.console.fetch(
            "select id, effect, operation, arguments, attempt from call where state = 'unknown' "
            "order by id"
        )
        for row in rows:
            if (choice := self.truth(row)) is None:
                continue
            known = owners(self.house.processes[0].registry, "https://hub.example")
            with contextlib.suppress(UzelError):
                async with self.house.console.acquire() as connection, connection.transaction():
                    await recover.decide(
                        connection, row["id"], choice, "boris", known, row["attempt"]
                    )
                    self.house.counts[f"decided: {choice}"] += 1

    def truth(self, row: Any) -> Choice | None:
        """What the books say; None: nobody can say it yet."""
        if row["operation"] != "create_payment":
            return Choice.AGAIN
        found = self.house.provider.of(row["arguments"]["reference"])
        if not found:
            return self.chance.choice((Choice.AGAIN, Choice.DROP))
        if found[0].status == EXECUTED:
            return Choice.HAPPENED
        return Choice.DROP if found[0].status in UNDONE else None

    async def is_over(self) -> bool:
        """Whether nothing is open any more, at our side or theirs."""
        left = await self.house.console.fetchval(
            "select (select count(*) from payout where state = any($1)) + (select count(*) "
            "from call where state in ('planned', 'sending', 'unknown'))",
            sorted(OPEN),
        )
        return left == 0 and not self.house.provider.desk.tasks

    async def until(self, at_s: float) -> None:
        wait_s = (self.began_at - now()).total_seconds() + at_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)


def new_card(chance: random.Random) -> str:
    """A number that passes the check."""
    head = f"220077{chance.randrange(10**9):09}"
    return next(f"{head}{last}" for last in range(10) if luhn(f"{head}{last}") == 0)
