"""The conversation with somebody who asks to be paid, in a private chat."""

from collections.abc import Awaitable, Callable
from typing import Any

from uzel.flows.claim_bot import file_store, prompts, store, words
from uzel.flows.claim_bot.prompts import next_step
from uzel.flows.claim_bot.turn import Step, Turn
from uzel.model.cards import masked
from uzel.payouts.claims import acts, claim_store, claimant_store, thread
from uzel.payouts.claims.claim import EDITABLE, ClaimRefused, Form, State
from uzel.payouts.requisites import read_sbp_phone
from uzel.payouts.wish import WishRejected, told

NEWEST = 5
TAKES_CARD = (Step.WAY, Step.CARD, Step.PHONE)
CHANGEABLE = EDITABLE | {State.FAILED}


async def known(turn: Turn) -> None:
    """Who speaks; that they do means that they can be written to."""
    said = turn.said
    turn.claimant_id = await claimant_store.known(
        turn.connection, turn.by, said.user_name, turn.bot.id, said.chat_id
    )
    await store.reachable(turn.connection, turn.claimant_id)


async def heard(turn: Turn) -> None:
    """A message. Raises ClaimRefused."""
    text = (turn.said.text or "").strip()
    if turn.numbers or masked(text) != text:
        await heard_card(turn)
        return
    command = text.partition(" ")[0].partition("@")[0].casefold()
    if command in COMMANDS:
        await COMMANDS[command](turn)
    elif turn.said.files:
        await take_files(turn, text)
    elif turn.said.phone is not None and turn.step is Step.PHONE:
        await HEARD[Step.PHONE](turn, turn.said.phone)
    elif text:
        await HEARD.get(turn.step, heard_idle)(turn, text)
    else:
        turn.say(words.TEXT_ONLY, prompts.MENU)


async def start(turn: Turn) -> None:
    turn.at(Step.IDLE, turn.claim_id)
    greeting = turn.bot.greeting or words.GREETING
    turn.say(greeting, prompts.MENU)


async def cancel(turn: Turn) -> None:
    """Leave what we are at; a draft is dropped, unless something else was begun meanwhile."""
    step = turn.step
    number = await store.draft_of(turn.connection, turn.claimant_id)
    is_other = turn.claim_id is not None and turn.claim_id != number
    turn.at(Step.IDLE)
    if number is not None and not (is_other and step is not Step.IDLE):
        await acts.cancel(turn.connection, number, turn.by)
        turn.say(words.DROPPED, prompts.MENU)
    else:
        turn.say(words.NOTHING_OPEN if step is Step.IDLE else words.MENU, prompts.MENU)


async def mine(turn: Turn) -> None:
    """Their newest claims, in plain words."""
    rows = await store.of_claimant(turn.connection, turn.claimant_id, NEWEST)
    lines = [words.line(row) for row in rows] or ["Заявок ещё нет."]
    turn.say("\n".join(lines), prompts.of_list(rows))


async def begin(turn: Turn) -> None:
    """A new claim, or the one that is being filled in. Raises ClaimRefused."""
    number = await store.draft_of(turn.connection, turn.claimant_id)
    if number is not None:
        await ask_next(turn, await own(turn, number))
        return
    if await store.lately(turn.connection, turn.claimant_id, 0) >= turn.bot.per_day:
        turn.say(words.PER_DAY.format(most=turn.bot.per_day), prompts.MENU)
        return
    assert turn.bot.through is not None
    form = Form(amount=turn.bot.amount)
    row = await acts.make(
        turn.connection, turn.keys, turn.bot.through, form, turn.by, claimant_id=turn.claimant_id
    )
    purpose = turn.bot.purpose.replace("{number}", str(row["id"]))
    row = await acts.edit(turn.connection, turn.keys, row["id"], Form(purpose=purpose), turn.by)
    await ask_next(turn, row)


async def ask_next(turn: Turn, row: Any) -> None:
    """Ask for what the claim lacks; show it once it lacks nothing."""
    files = await file_store.count(turn.connection, row["id"])
    step = lacks(turn, row, files)
    await ask(turn, row, step)


def lacks(turn: Turn, row: Any, files: int) -> Step:
    return next_step(row, files, photo=turn.bot.photo, cards=turn.takes_cards)


async def ask(turn: Turn, row: Any, step: Step) -> None:
    turn.at(step, row["id"])
    if step is Step.REVIEW:
        files = await file_store.count(turn.connection, row["id"])
        turn.say(words.summary(row, files), prompts.of_claim(row, turn.bot))
    else:
        turn.say(words.ASK[step], prompts.of_step(step, row))


async def heard_card(turn: Turn) -> None:
    """The number of a card, which does not stay in the chat."""
    turn.erase()
    if not turn.numbers or turn.step not in TAKES_CARD:
        turn.say(words.CARD_SEEN)
        return
    turn.lead = words.CARD_TAKEN
    await put(turn, Form(card=turn.numbers[0]))


async def heard_no_card(turn: Turn, text: str) -> None:
    """A number with a slip in it, or none; it does not stay in the chat either."""
    row = await current(turn)
    if any(sign.isdigit() for sign in text):
        turn.erase()
    turn.say(words.WRONG["card"], prompts.of_step(Step.CARD, row))


async def heard_amount(turn: Turn, text: str) -> None:
    await put(turn, Form(amount=text))


async def heard_name(turn: Turn, text: str) -> None:
    await put(turn, Form(name=text))


async def heard_phone(turn: Turn, text: str) -> None:
    row = await current(turn)
    try:
        phone = told("phone", lambda: read_sbp_phone(text))
    except WishRejected as error:
        turn.say(words.of_wish(error), prompts.of_step(Step.PHONE, row))
        return
    turn.at(Step.BANK, row["id"], phone=phone)
    turn.say(words.ASK["bank"], prompts.of_step(Step.BANK, row))


async def heard_bank(turn: Turn, text: str) -> None:
    phone = turn.answers.get("phone")
    await put(turn, Form(phone=phone, bank=text))


async def heard_message(turn: Turn, text: str) -> None:
    """For the managers."""
    row = await current(turn)
    await thread.say(turn.connection, row["id"], text, turn.by, is_claimants=True)
    turn.at(Step.IDLE)
    turn.say(words.WRITTEN, prompts.MENU)


async def heard_idle(turn: Turn, text: str) -> None:
    """What is said about no question is about the claim that was shown last, or the newest one."""
    row = await shown(turn)
    if row is not None and State(row["state"]) is not State.DRAFT:
        turn.at(Step.WRITE, row["id"])
        await heard_message(turn, text)
    elif row is not None and turn.step is not Step.IDLE:
        await ask_next(turn, row)
    else:
        turn.say(words.MENU, prompts.MENU)


async def shown(turn: Turn) -> Any:
    """The claim we are at, else the newest one; None."""
    if turn.claim_id is not None:
        return await own(turn, turn.claim_id)
    rows = await store.of_claimant(turn.connection, turn.claimant_id, 1)
    return await own(turn, rows[0]["id"]) if rows else None


async def put(turn: Turn, form: Form) -> None:
    """Into the claim; what does not do is asked for again."""
    row = await current(turn)
    try:
        row = await acts.edit(turn.connection, turn.keys, row["id"], form, turn.by)
    except WishRejected as error:
        keyboard = prompts.of_banks(row, error.candidates) if error.candidates else ()
        turn.say(words.of_wish(error), keyboard or prompts.of_step(turn.step, row))
        return
    await ask_next(turn, row)


async def take_files(turn: Turn, caption: str) -> None:
    """Files go to the claim that is being filled in or waits; what is written below them, too."""
    row = await shown(turn)
    if row is None or State(row["state"]) not in CHANGEABLE:
        turn.say(words.MENU, prompts.MENU)
        return
    for file in turn.said.files:
        await file_store.add(
            turn.connection, row["id"], turn.bot.id, turn.said.chat_id, file.file_id, file.kind,
            turn.by,
        )  # fmt: skip
    if caption:
        await thread.say(turn.connection, row["id"], caption, turn.by, is_claimants=True)
    draft = State(row["state"]) is State.DRAFT
    turn.say(words.FILE_TAKEN, prompts.go_on(row) if draft else prompts.MENU)


async def own(turn: Turn, number: int | None) -> Any:
    """A claim of theirs, locked. Raises ClaimRefused."""
    row = await claim_store.lock(turn.connection, number or 0)
    if row is None or row["claimant_id"] != turn.claimant_id:
        raise ClaimRefused("unknown", "it is somebody else's, or there is none")
    return row


async def current(turn: Turn) -> Any:
    """The claim we are at, which can still be changed or written about. Raises ClaimRefused."""
    return await own(turn, turn.claim_id)


COMMANDS: dict[str, Callable[[Turn], Awaitable[None]]] = {
    "/start": start,
    "/help": start,
    "/new": begin,
    "/mine": mine,
    "/cancel": cancel,
    prompts.CANCEL.casefold(): cancel,
}
HEARD: dict[Step, Callable[[Turn, str], Awaitable[None]]] = {
    Step.AMOUNT: heard_amount,
    Step.NAME: heard_name,
    Step.CARD: heard_no_card,
    Step.PHONE: heard_phone,
    Step.BANK: heard_bank,
    Step.WRITE: heard_message,
}
