"""A claim in the chat of those who decide: one message, which always shows how it stands.

A message is changed by one call at a time. What happens meanwhile waits until that call ends, so
the last word is never overtaken by the one before.
"""

import hashlib
from typing import Any

from uzel.calls.plan import Plan, plan
from uzel.flows.claim_bot import announcement_store as store
from uzel.flows.claim_bot import buttons as b
from uzel.flows.claim_bot import file_store, words
from uzel.flows.claim_bot.buttons import Keyboard, button
from uzel.flows.claim_bot.settings import Bot
from uzel.flows.claim_bot.store import earlier
from uzel.flows.claim_bot.turn import OWNER, plain
from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store, claimant_store
from uzel.payouts.claims.claim import Act, State

SHOW, FILE, ANNOUNCE = "show", "file", "announce"
DECIDED = (Act.APPROVED, Act.REJECTED, Act.CANCELLED)
SENDS = {"photo": "send_photo", "document": "send_document"}


async def announce(connection: Connection, bot: Bot, number: int, url: str) -> None:
    """Show a claim that waits for them, and the files with it."""
    if bot.approvers is None:
        return
    text, keyboard = await shown_of(connection, number, url)
    digest = digest_of(text, keyboard)
    added = await store.add(connection, number, bot.id, bot.approvers, digest)
    arguments = {"chat_id": bot.approvers, "text": text, "keyboard": plain(keyboard)}
    plans = [Plan(bot.id, "send_message", arguments, f"{OWNER}:{ANNOUNCE}:{added}")]
    for place, file in enumerate(await file_store.known(connection, number, bot.id)):
        sent = {"chat_id": bot.approvers, "file_id": file["file_id"], "caption": f"Заявка {number}"}
        effect = f"{OWNER}:{FILE}:{added}:{place}"
        plans.append(Plan(bot.id, SENDS[file["kind"]], sent, effect))
    await plan(connection, plans)


async def refresh(connection: Connection, number: int, url: str) -> None:
    """Have every message about a claim show how it stands; the newest one has the buttons."""
    rows = await store.of_claim(connection, number)
    if not rows:
        return
    text, keyboard = await shown_of(connection, number, url)
    for row in rows:
        if row["is_busy"] or row["is_gone"] or row["message_id"] is None:
            continue
        below = keyboard if row is rows[-1] else ()
        digest = digest_of(text, below)
        if digest == row["shown"]:
            continue
        nth = await store.show(connection, row["id"], digest)
        arguments = {
            "chat_id": row["chat_id"],
            "message_id": row["message_id"],
            "text": text,
            "keyboard": plain(below),
        }
        effect = f"{OWNER}:{SHOW}:{row['id']}:{nth}"
        await plan(connection, [Plan(row["connection_id"], "edit_message_text", arguments, effect)])


def digest_of(text: str, keyboard: Keyboard) -> str:
    return hashlib.sha256(f"{text}\0{plain(keyboard)}".encode()).hexdigest()


async def shown_of(connection: Connection, number: int, url: str) -> tuple[str, Keyboard]:
    """What those who decide see of a claim now."""
    row = await claim_store.find(connection, number)
    lines = [f"Заявка {number} на {words.money(row)}", f"Кому: {words.name(row)}"]
    lines += [f"Куда: {words.target(row)}", f"За что: {row['purpose']}"]
    lines += await about_person(connection, row)
    if files := await file_store.count(connection, number):
        lines.append(f"Файлов из чата: {files}")
    lines += await how_it_stands(connection, row)
    return "\n".join(lines), keyboard_of(row, url)


async def about_person(connection: Connection, row: Any) -> list[str]:
    """Who asks, and how often they have before."""
    if row["claimant_id"] is None:
        return [f"Завёл: {row['made_by']}"]
    person = await claimant_store.find(connection, row["claimant_id"])
    before = await earlier(connection, row["claimant_id"], row["id"])
    said = [f"Просит: {person['name'] or person['key']}"]
    said.append(f"Раньше заявок: {before['earlier']}, выплачено: {before['paid']}")
    if person["unreachable_reason"]:
        said.append(f"Написать ему нельзя: {person['unreachable_reason']}")
    return said


async def how_it_stands(connection: Connection, row: Any) -> list[str]:
    """Its state, who decided, and why."""
    said = [f"\nСейчас: {words.STATES[row['state']]}"]
    voted = await claim_store.votes(connection, row["id"], row["version"])
    if voted:
        need = await claim_store.needed(connection, row["id"])
        waits = State(row["state"]) is State.SUBMITTED and len(voted) < need
        more = f" ({len(voted)} из {need}, нужен ещё один человек)" if waits else ""
        said.append(f"Утвердили: {', '.join(voted)}{more}")
    steps = [it for it in await claim_store.steps(connection, row["id"]) if it["act"] in DECIDED]
    if steps and State(row["state"]) in (State.REJECTED, State.CANCELLED):
        who = await claim_store.person_of(connection, steps[-1]["made_by"])
        said.append(f"Решение: {who}")
    if steps and State(row["state"]) not in (State.DRAFT, State.SUBMITTED):
        said.append(f"Когда: {steps[-1]['at']:%d.%m.%Y %H:%M} UTC")
    if row["reason"]:
        said.append(f"Почему: {row['reason']}")
    return said


def keyboard_of(row: Any, url: str) -> Keyboard:
    """Deciding, while it waits; a link where the console can be opened from outside."""
    link: tuple[Any, ...] = ()
    if url.startswith("https://"):
        link = ({"text": "Открыть", "url": f"{url}/claims/{row['id']}"},)
    write = button("Написать", b.ANSWER, row)
    if State(row["state"]) is not State.SUBMITTED:
        return ((write, *link),) if row["claimant_id"] is not None else ((link,) if link else ())
    decide = (button("Утвердить", b.APPROVE, row), button("Отклонить", b.REJECT, row))
    last = (write, *link) if row["claimant_id"] is not None else link
    return (decide, last) if last else (decide,)
