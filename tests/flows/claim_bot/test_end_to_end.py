"""From a word in a chat to money that left, over HTTP: both providers in miniature, our own door,
and what a worker does. The judges are the provider's books and what the chats show.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2

from loopback import Got, LoopbackServer, Said
from parts import RING, WAIT_S, Hub, Sandbox, go, open_hub, until
from uzel.calls.reach import Reach
from uzel.connections import manage
from uzel.connections.grants import Grants
from uzel.connections.registry import Active
from uzel.connectors.telegram.registration import register
from uzel.connectors.telegram.sandbox import SETTINGS
from uzel.events.door import Request
from uzel.flows.claim_bot.files import Files
from uzel.flows.claim_bot.news import News
from uzel.people import links

GROUP = int(SETTINGS["approvers"])
TOKEN = "700000001:end-to-end-of-claims-0000000000000"
COMPANY = "end-to-end-of-claims"
CARD = "2200 7702 1272 7079"
CLAIMANT, VERA, BORIS = 990_000_001, 990_000_002, 990_000_003


@dataclass
class Chats:
    """`http`: to the sandbox's control doors, off the loop."""

    hub: Hub
    http: httpx2.Client
    news: News
    files: Files
    bot: Active

    async def work(self) -> None:
        """What a worker does all the time, once."""
        await self.hub.process()
        await self.files.fetch()
        await self.news.tell()
        await self.hub.call()

    async def happen(self, **what: Any) -> None:
        body = {"token": TOKEN, **what}
        answer = await asyncio.to_thread(self.http.post, "/telegram/_said", json=body)
        assert answer.status_code == 200, answer.text

    async def arrived(self, count: int) -> None:
        """Our door has taken in so many more."""

        async def there() -> bool:
            found: int = await self.hub.pool.fetchval(
                "select count(*) from raw_event where connection_id = $1", self.bot.id
            )
            return found >= count

        await until(there)

    async def say(self, user: int, **what: Any) -> str:
        """A person writes or presses; the newest text of the chat afterwards."""
        before: int = await self.hub.pool.fetchval(
            "select count(*) from raw_event where connection_id = $1", self.bot.id
        )
        await self.happen(user_id=user, **what)
        await self.arrived(before + 1)
        await self.work()
        return str((await self.chat(what.get("chat_id") or user))[-1].get("text"))

    async def chat(self, number: int) -> list[dict[str, Any]]:
        params = {"token": TOKEN, "chat_id": str(number)}
        answer = await asyncio.to_thread(self.http.get, "/telegram/_chat", params=params)
        return list(answer.json()["messages"])

    async def button(self, number: int, title: str) -> dict[str, Any]:
        """What is pressed: {"press", "message_id"} of the newest such button in a chat."""
        for message in reversed(await self.chat(number)):
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    if button["text"] == title:
                        data = button["callback_data"]
                        return {"press": data, "message_id": message["message_id"]}
        raise AssertionError(f"{title}: {await self.chat(number)}")


@contextlib.asynccontextmanager
async def open_chats(dsn: str, sandbox: Sandbox) -> AsyncIterator[Chats]:
    """A bot whose updates come in by our door, and those who decide."""
    also = ("konsol", "telegram")
    async with open_hub(dsn, sandbox.url, also=also, template=None, place=False) as hub:
        (konsol, _), (telegram, key) = (hub.others[name] for name in also)
        name = hub.active(konsol).name
        bot = {**SETTINGS, "token": TOKEN, "base_url": f"{sandbox.url}/telegram"}
        bot |= {"claims_through": name, "claims_photo": True}
        payer = {"token": COMPANY, "base_url": f"{sandbox.url}/konsol"}
        async with hub.pool.acquire() as connection, connection.transaction():
            await manage.change(connection, RING, telegram, bot, rate_per_s=1000.0)
            await manage.change(connection, RING, konsol, payer, rate_per_s=1000.0)
            await connection.execute(
                "insert into payout_rules (connection_id, two_above_minor) values ($1, 0)", konsol
            )
            for login in ("vera", "boris"):
                await connection.execute(
                    "insert into person (login, password_hash, role) values ($1, 'x', 'approver')",
                    login,
                )
        await hub.registry.refresh()
        reach = Reach(hub.pool, Grants(hub.pool, RING, ""))
        active, loop = hub.active(telegram), asyncio.get_running_loop()

        def take(got: Got) -> Said:
            headers = [(name.encode(), value.encode()) for name, value in got.headers.items()]
            request = Request("telegram", headers, f"key={key}", got.body, "192.0.2.7")
            entering = asyncio.run_coroutine_threadsafe(hub.door.enter(request), loop)
            return entering.result(WAIT_S).status, {}, b"{}"

        with LoopbackServer(take) as server:
            await register(reach.client(active), active.config, server.url)  # type: ignore[arg-type]
            files = Files(hub.pool, hub.registry, reach, "")
            yield Chats(hub, sandbox.http, News(hub.pool, hub.registry, ""), files, active)
            await reach.aclose()


async def fill_in(it: Chats) -> None:
    """A claim, sent."""
    assert "заявку" in await it.say(CLAIMANT, text="/start")
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Новая заявка"))
    await it.say(CLAIMANT, text="1500")
    assert "Куда" in await it.say(CLAIMANT, text="Иванова Анна Петровна")
    phone = await it.button(CLAIMANT, "По номеру телефона")
    assert "номер телефона" in await it.say(CLAIMANT, **phone)
    await it.say(CLAIMANT, contact={"phone_number": "+79990000001", "user_id": CLAIMANT})
    assert "Пришлите фото" in await it.say(CLAIMANT, **await it.button(CLAIMANT, "Сбербанк"))
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Дальше"))
    await choose_card(it)
    await it.say(CLAIMANT, photo="AgACAgIAAxkBAAendtoend", text="Чек")
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Дальше"))
    assert "отправлена" in await it.say(CLAIMANT, **await it.button(CLAIMANT, "Отправить"))


async def choose_card(it: Chats) -> None:
    """In the place of the phone; the person's message does not stay in the chat."""
    await it.say(CLAIMANT, photo="AgACAgIAAxkBAAfirstone")
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Дальше"))
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Исправить"))
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "Куда платить"))
    await it.say(CLAIMANT, **await it.button(CLAIMANT, "На карту"))
    assert "220077••••••7079" in await it.say(CLAIMANT, text=f"вот {CARD}")
    assert CARD not in json.dumps(await it.chat(CLAIMANT), ensure_ascii=False)


async def dump(it: Chats) -> str:
    """All that the database has, bytes as the text they are."""
    said = []
    for table in await it.hub.pool.fetch(
        "select table_name from information_schema.tables "
        "where table_schema = 'public' and table_type = 'BASE TABLE'"
    ):
        for row in await it.hub.pool.fetch(f'select * from "{table[0]}"'):
            for value in row.values():
                is_bytes = isinstance(value, bytes)
                said.append(value.decode("latin-1") if is_bytes else str(value))
    return "\n".join(said)


async def link(it: Chats, login: str, user: int) -> None:
    async with it.hub.pool.acquire() as connection, connection.transaction():
        code = await links.new_code(connection, login, "test")
    assert login in await it.say(user, text=f"/link {code}")


async def approve_at_once(it: Chats) -> None:
    """Vera twice and Boris twice, all at the same moment, by four workers."""
    yes = await it.button(GROUP, "Утвердить")
    before = await it.hub.pool.fetchval(
        "select count(*) from raw_event where connection_id = $1", it.bot.id
    )
    for user in (VERA, BORIS, VERA, BORIS):
        await it.happen(user_id=user, chat_id=GROUP, **yes)
    await it.arrived(before + 4)
    rows = await it.hub.pool.fetch("select id from raw_event where state = 'received'")
    await asyncio.gather(*(it.hub.processor.process([row["id"]]) for row in rows))


def test_a_claim_in_a_chat_is_paid_once_and_told_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_chats(module_dsn, sandbox) as it:
            await link(it, "vera", VERA)
            await link(it, "boris", BORIS)
            await fill_in(it)
            await it.work()
            group = await it.chat(GROUP)
            assert any("1\u00a0500\u00a0₽" in str(message.get("text")) for message in group)
            assert any("photo" in message for message in group)
            file = await it.hub.pool.fetchrow("select content_type, made_by from claim_file")
            assert file is not None and dict(file) == {
                "content_type": "image/jpeg", "made_by": f"telegram:{CLAIMANT}",
            }  # fmt: skip
            found = await dump(it)
            assert CARD not in found and CARD.replace(" ", "") not in found
            await approve_at_once(it)

            async def paid() -> bool:
                await it.hub.hurry()
                await it.work()
                return bool(await it.hub.pool.fetchval("select state = 'paid' from claim"))

            await until(paid)
            for _ in range(3):
                await it.hub.hurry()
                await it.work()
            judge(
                await it.chat(CLAIMANT),
                await it.chat(GROUP),
                it.http.get("/konsol/_payments", params={"token": COMPANY}).json(),
            )
            left = await it.hub.pool.fetch(
                "select effect, state, detail from call where connection_id = $1 "
                "and state <> 'accepted'",
                it.bot.id,
            )
            assert [dict(row) for row in left] == []

    go(work)


def judge(claimant: list[dict[str, Any]], group: list[dict[str, Any]], books: Any) -> None:
    (payment,) = books["payments"]
    assert payment["status"] == "executed"
    said = [str(message.get("text")) for message in claimant if message["by"] is None]
    assert len([one for one in said if "выплачены" in one]) == 1
    assert len([one for one in said if "отправляются" in one]) == 1
    (shown,) = [message for message in group if "Заявка" in str(message.get("text"))]
    assert "выплачена" in shown["text"] and "boris" in shown["text"] and "vera" in shown["text"]
    assert "Утвердить" not in json.dumps(shown, ensure_ascii=False)
