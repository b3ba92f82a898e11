"""What the buttons of somebody who asks to be paid do. One below a claim that was changed since
shows the claim as it is now, and does nothing else.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from uzel.flows.claim_bot import buttons as b
from uzel.flows.claim_bot import file_store, prompts, store, words
from uzel.flows.claim_bot.buttons import Press
from uzel.flows.claim_bot.claimant import (
    CHANGEABLE,
    ask,
    ask_next,
    begin,
    heard_bank,
    lacks,
    mine,
    own,
)
from uzel.flows.claim_bot.turn import Step, Turn
from uzel.payouts.claims import acts
from uzel.payouts.claims.claim import State


async def pressed(turn: Turn, press: Press) -> None:
    """A button. Raises ClaimRefused."""
    if press.verb in (b.NEW, b.MINE):
        await (begin if press.verb == b.NEW else mine)(turn)
        return
    row = await own(turn, press.claim)
    if press.verb == b.SHOW:
        await ask(turn, row, Step.REVIEW)
    elif press.verb == b.WRITE:
        turn.at(Step.WRITE, row["id"])
        turn.say(words.ASK["write"], prompts.BACK)
    elif press.version != row["version"]:
        turn.notice = words.CHANGED
        await ask(turn, row, Step.REVIEW)
    else:
        await PRESSED[press.verb](turn, row, press)


async def send(turn: Turn, row: Any, press: Press) -> None:
    """Have it decided on."""
    if State(row["state"]) is State.SUBMITTED:
        turn.notice = words.SENT_ALREADY
        return
    acts.demand_state(row, {State.DRAFT, State.FAILED})
    files = await file_store.count(turn.connection, row["id"])
    if (step := lacks(turn, row, files)) is not Step.REVIEW:
        await ask(turn, row, step)
        return
    if await store.lately(turn.connection, turn.claimant_id, row["id"]) >= turn.bot.per_day:
        turn.say(words.PER_DAY.format(most=turn.bot.per_day), prompts.MENU)
        return
    await acts.submit(turn.connection, row["id"], turn.by)
    turn.at(Step.IDLE)
    turn.say(words.SENT.format(number=row["id"]), prompts.MENU)


async def fix(turn: Turn, row: Any, press: Press) -> None:
    """Choose what to change, then change it."""
    acts.demand_state(row, CHANGEABLE)
    steps = prompts.fixable(turn.bot, cards=turn.takes_cards)
    if press.word in steps:
        await ask(turn, row, steps[press.word])
    else:
        turn.say(words.ASK["fix"], prompts.of_fix(row, turn.bot, cards=turn.takes_cards))


async def choose_way(turn: Turn, row: Any, press: Press) -> None:
    if turn.step is not Step.WAY or turn.claim_id != row["id"]:
        turn.notice = words.OLD_BUTTON
        return
    await ask(turn, row, Step.CARD if press.word == "card" else Step.PHONE)


async def choose_bank(turn: Turn, row: Any, press: Press) -> None:
    if turn.step is not Step.BANK or turn.claim_id != row["id"]:
        turn.notice = words.OLD_BUTTON
        return
    await heard_bank(turn, press.word)


async def done(turn: Turn, row: Any, press: Press) -> None:
    """No more files."""
    await ask_next(turn, row)


async def drop(turn: Turn, row: Any, press: Press) -> None:
    turn.say(f"Отменить заявку {row['id']}?", prompts.of_drop(row))


async def dropped(turn: Turn, row: Any, press: Press) -> None:
    await acts.cancel(turn.connection, row["id"], turn.by)
    turn.at(Step.IDLE)
    turn.say(words.DROPPED, prompts.MENU)


PRESSED: dict[str, Callable[[Turn, Any, Press], Awaitable[None]]] = {
    b.SEND: send,
    b.FIX: fix,
    b.WAY: choose_way,
    b.BANK: choose_bank,
    b.DONE: done,
    b.DROP: drop,
    b.DROPPED: dropped,
}
