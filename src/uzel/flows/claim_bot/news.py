"""What became of claims, told to those who asked and shown to those who decide.

A piece of news is deleted in the transaction that plans what is said of it: nothing is lost, and
nothing is said twice, whoever is killed.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.connections.registry import Registry
from uzel.flows.claim_bot import announce, prompts
from uzel.flows.claim_bot.settings import Bot, bots
from uzel.flows.claim_bot.turn import OWNER, plain
from uzel.flows.claim_bot.words import money
from uzel.kit import database
from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store, thread_store
from uzel.payouts.claims.claim import Act

log = logging.getLogger("uzel.claims")

MOST = 100
# Two messages to one chat leave apart, or the second may arrive first.
APART = timedelta(seconds=1)
TOLD: Mapping[str, str] = {
    Act.SUBMITTED: "Заявка {number} на {money} принята. Напишу, когда её рассмотрят.",
    Act.PAYING: "Заявка {number} одобрена, {money} отправляются.",
    Act.PAID: "Заявка {number}: {money} выплачены.",
    Act.FAILED: (
        "Заявка {number}: выплата не прошла. Проверьте реквизиты и отправьте ещё раз или напишите "
        "менеджеру."
    ),
    Act.REJECTED: "Заявка {number} отклонена. Почему: {text}",
    Act.CANCELLED: "Заявка {number} отменена.",
    Act.SAID: "Менеджер пишет по заявке {number}:\n{text}",
}


class News:
    """Told again and again, by any number of processes. `url`: where the console is."""

    def __init__(self, pool: database.Pool, registry: Registry, url: str) -> None:
        self._pool = pool
        self._registry = registry
        self._url = url

    async def tell(self) -> int:
        """Plan what is to be said of everything there is to tell; how much there was."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await thread_store.news(connection, MOST)
            known = {bot.id: bot for bot in bots(self._registry)} if rows else {}
            chats: dict[tuple[int, int], int] = {}
            told = [row["id"] for row in rows if await self._told(connection, row, known, chats)]
            await thread_store.told(connection, told)
        return len(told)

    async def _told(
        self,
        connection: Connection,
        row: Any,
        known: Mapping[int, Bot],
        chats: dict[tuple[int, int], int],
    ) -> bool:
        """False: an error of ours, which does not keep the others waiting; it is tried again."""
        try:
            async with connection.transaction():
                await self._tell(connection, row, known, chats)
        except database.PASSING:
            raise
        except Exception:
            log.exception("news %s of claim %s cannot be told", row["id"], row["claim_id"])
            return False
        return True

    async def _tell(
        self,
        connection: Connection,
        row: Any,
        known: Mapping[int, Bot],
        chats: dict[tuple[int, int], int],
    ) -> None:
        if row["act"] == Act.SUBMITTED:
            for bot in known.values():
                if bot.through == row["connection_id"]:
                    await announce.announce(connection, bot, row["claim_id"], self._url)
        await announce.refresh(connection, row["claim_id"], self._url)
        there = known.get(row["chat_connection_id"])
        if there is None or row["chat_id"] is None or (text := said_of(row)) is None:
            return
        chat = (there.id, row["chat_id"])
        chats[chat] = chats.get(chat, -1) + 1
        claim = await claim_store.find(connection, row["claim_id"])
        arguments = {
            "chat_id": row["chat_id"],
            "text": text,
            "keyboard": plain(prompts.of_claim(claim, there)),
        }
        due_at = datetime.now(UTC) + APART * chats[chat] if chats[chat] else None
        effect = f"{OWNER}:news:{row['id']}:claimant"
        await plan(connection, [Plan(there.id, "send_message", arguments, effect, due_at=due_at)])


def said_of(row: Any) -> str | None:
    """What a piece of news says to who asked; None: nothing, or they did it themselves."""
    words = TOLD.get(row["act"])
    if words is None or row["made_by"] == row["claimant"]:
        return None
    return words.format(number=row["claim_id"], money=money(row), text=row["text"] or "")
