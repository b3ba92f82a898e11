"""A bot of claims in a database: people say things to it, and what it says in return is read from
the calls it planned. Nobody is asked anything.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from claims_at_work import Claiming, claiming
from uzel.connections import manage
from uzel.connections.registry import Active, Registry
from uzel.connector import Element
from uzel.connectors.telegram.sandbox import SETTINGS
from uzel.events.event import Event
from uzel.flows.claim_bot.closed import on_closed
from uzel.flows.claim_bot.news import News
from uzel.flows.claim_bot.take import ClaimBot
from uzel.flows.payouts import claims as payouts
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.model.chat import ChatFile, ChatSaid
from uzel.people import links

GROUP = int(SETTINGS["approvers"])
URL = "https://uzel.example"
EVENTS = itertools.count(1_000_000_000)
NAMES = itertools.count(1)
# Ids of people in Telegram, none twice in a run: who they are stays in the database.
PEOPLE = itertools.count(880_000_001)


@dataclass(slots=True)
class Numbers:
    """Numbers of cards that came in, by event, as the vault would give them."""

    there: dict[int, list[str]] = field(default_factory=dict)

    async def numbers_of(self, connection: Connection, ring: KeyRing, event_id: int) -> list[str]:
        return self.there.get(event_id, [])

    async def forget(self, connection: Connection, event_id: int) -> None:
        self.there.pop(event_id, None)


@dataclass(slots=True)
class Chatting:
    """`seen`: the number of the newest call that was looked at."""

    room: Claiming
    registry: Registry
    active: Active
    bot: ClaimBot
    news: News
    numbers: Numbers
    seen: int = 0

    async def say(
        self,
        user: int,
        text: str | None = None,
        *,
        chat: int | None = None,
        press: str | None = None,
        file: str | None = None,
        card: str | None = None,
        **more: Any,
    ) -> list[Any]:
        """What a person says or presses; the calls that follow, in their order."""
        number = next(EVENTS)
        if card is not None:
            self.numbers.there[number] = [card]
        said = ChatSaid(
            number,
            user if chat is None else chat,
            user,
            "Мария",
            number - 1_000_000_000,
            text,
            (ChatFile(file, "photo"),) if file else (),
            callback_id=f"press{number}" if press else None,
            callback_data=press,
            **more,
        )
        element = Element("chat.said", key=f"update:{number}", data=said)
        event = Event(number, self.active, element, datetime.now(UTC), f"raw-{number}")
        await self.room.do(lambda c: self.bot.on_said(c, [event]))
        return await self.calls()

    async def calls(self) -> list[Any]:
        """(id, operation, arguments, effect) of the calls since the last look."""
        rows = await self.room.it.pool.fetch(
            "select id, operation, arguments, effect from call where connection_id = $1 "
            "and id > $2 order by id",
            self.active.id,
            self.seen,
        )
        if rows:
            self.seen = rows[-1]["id"]
        return list(rows)

    async def tell(self) -> list[Any]:
        """Have the news told; the calls that follow."""
        await self.news.tell()
        return await self.calls()

    async def link(self, login: str) -> int:
        """A person of the console, as somebody in Telegram."""
        user = next(PEOPLE)
        code = await self.room.do(lambda c: links.new_code(c, login, "test"))
        (answer,) = await self.say(user, f"/link {code}")
        assert login in answer["arguments"]["text"], answer["arguments"]
        return user

    async def filled(self, user: int, amount: str = "1500") -> list[Any]:
        """A claim up to its summary; the calls of the last step."""
        await self.say(user, press=data("new"))
        await self.say(user, amount)
        await self.say(user, "Иванова Анна Петровна")
        for call in await self.say(user, press=await self.press_of(user, "way", "phone")):
            assert call["operation"] in ("send_message", "answer_callback_query")
        await self.say(user, "+7 999 000-00-01")
        return await self.say(user, "сбер")

    async def submitted(self, user: int, amount: str = "1500") -> int:
        """The number of a claim that waits."""
        shown = await self.filled(user, amount)
        await self.say(user, press=pressable(shown, "send"))
        found: int = await self.room.it.pool.fetchval(
            "select max(c.id) from claim c join claimant m on m.id = c.claimant_id "
            "where m.key = $1",
            f"telegram:{user}",
        )
        return found

    async def press_of(self, user: int, verb: str, word: str = "") -> str:
        """A button of the claim that somebody is at."""
        row = await self.room.it.pool.fetchrow(
            "select c.id, c.version from claim_dialogue d join claim c on c.id = d.claim_id "
            "where d.user_id = $1 and d.chat_id = $1",
            user,
        )
        assert row is not None
        return data(verb, row["id"], row["version"], word)

    async def closed(self, call: Any, **result: Any) -> None:
        """A call ended so."""
        from uzel.calls.closing import Closed
        from uzel.calls.outcome import Health, Result, State

        given: Mapping[str, Any] = {"state": State.ACCEPTED, "health": Health.GOOD, **result}
        item = Closed(call["effect"], Result(call["id"], self.active.id, 1, **given))
        await self.room.do(lambda c: on_closed(URL)(c, [item]))


def data(verb: str, claim: int = 0, version: int = 0, word: str = "") -> str:
    return f"{verb}:{claim}:{version}:{word}"


def buttons(calls: list[Any]) -> list[str]:
    """What is behind the buttons of the messages among these calls."""
    return [
        button["data"]
        for call in calls
        for row in call["arguments"].get("keyboard") or ()
        for button in row
        if "data" in button
    ]


def pressable(calls: list[Any], verb: str) -> str:
    """What is behind the button that does this."""
    (found,) = [it for it in buttons(calls) if it.startswith(f"{verb}:")]
    return found


def texts(calls: list[Any]) -> str:
    """All that is said by these calls."""
    return "\n".join(str(call["arguments"].get("text")) for call in calls)


@contextlib.asynccontextmanager
async def chatting(
    dsn: str, two_above: int | None = None, *, cards: bool = True, **settings: Any
) -> AsyncIterator[Chatting]:
    """A bot of its own, in a database that others use too."""
    async with claiming(dsn, two_above) as room:
        name = f"bot {next(NAMES)}"
        through = await room.it.pool.fetchrow(
            "update connection set connector = 'konsol' where id = $1 returning name",
            room.it.connection_id,
        )
        assert through is not None
        await room.it.pool.execute(
            "update connection set secrets = null where id = $1", room.it.connection_id
        )
        given = {**SETTINGS, "claims_through": through["name"], **settings}
        added = await room.do(lambda c: manage.add(c, room.it.ring, "telegram", name, given))
        registry = Registry(room.it.pool, room.it.ring)
        await registry.refresh()
        active = registry.get(added.id)
        assert active is not None and active.config is not None, active
        numbers = Numbers()
        yield Chatting(
            room,
            registry,
            active,
            ClaimBot(registry, payouts.approve, numbers if cards else None),
            News(room.it.pool, registry, URL),
            numbers,
        )
