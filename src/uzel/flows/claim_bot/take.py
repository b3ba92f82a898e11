"""The flow of `chat.said`: each thing said is answered in the transaction that takes it in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from uzel.calls.plan import plan
from uzel.connections.registry import Registry
from uzel.events.event import Decision, Event
from uzel.flows.claim_bot import approver, claimant, presses, store, words
from uzel.flows.claim_bot.approver import Approve
from uzel.flows.claim_bot.buttons import DECIDING, Press
from uzel.flows.claim_bot.settings import Bot, bot_of
from uzel.flows.claim_bot.store import Key
from uzel.flows.claim_bot.turn import Step, Turn
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.model.chat import ChatSaid
from uzel.payouts.bank_list import directory
from uzel.payouts.claims.acts import Keys
from uzel.payouts.claims.claim import ClaimRefused
from uzel.payouts.keys import fingerprint_key


class Numbers(Protocol):
    """Numbers of cards that came in with events, which hold them masked."""

    async def numbers_of(
        self, connection: Connection, ring: KeyRing, event_id: int, /
    ) -> list[str]: ...

    async def forget(self, connection: Connection, event_id: int, /) -> None: ...


class ClaimBot:
    """What is said to bots.

    approve  how a claim is approved and paid; see flows.payouts
    numbers  where numbers of cards are; None: people cannot ask to be paid to a card
    """

    def __init__(
        self, registry: Registry, approve: Approve, numbers: Numbers | None = None
    ) -> None:
        self._registry = registry
        self._approve = approve
        self._numbers = numbers

    async def on_said(self, connection: Connection, events: Sequence[Event]) -> Sequence[Decision]:
        """Chats in one order, so that two workers do not wait for each other; in each chat, what
        was said earlier comes first.
        """
        keys: Keys | None = None
        for event in sorted(events, key=lambda it: (*key_of(it), it.id)):
            bot = bot_of(self._registry, event.connection)
            if not concerns(bot, said_in(event)):
                continue
            if keys is None:
                ring = self._registry.ring
                keys = Keys(ring, await fingerprint_key(connection, ring))
            await self._take(connection, event, bot, keys)
        return [Decision(event.id, "noted") for event in events]

    async def _take(self, connection: Connection, event: Event, bot: Bot, keys: Keys) -> None:
        key = key_of(event)
        row = await store.lock(connection, key)
        step = Step(row["step"])
        if step is Step.BANK and bot.through is not None:
            keys = replace(keys, directory=await directory(connection, bot.through))
        before = Turn(connection, event, bot, keys, step, row["claim_id"], row["answers"])
        if self._numbers is not None:
            before.numbers = await self._numbers.numbers_of(connection, keys.ring, event.id)
        turn = replace(before, answers=dict(before.answers), plans=[])
        try:
            async with connection.transaction():
                await self._react(turn, row["age"])
        except ClaimRefused as refusal:
            turn = replace(before, plans=[])
            refuse(turn, refusal)
        turn.answer_press()
        await store.save(connection, key, turn.step, turn.claim_id, turn.answers)
        await plan(connection, turn.plans)
        if before.numbers and self._numbers is not None:
            await self._numbers.forget(connection, event.id)

    async def _react(self, turn: Turn, age: timedelta) -> None:
        said = turn.said
        if approver.is_link(said.text):
            await approver.link(turn)
            return
        press = Press.of(said.callback_data) if said.callback_data is not None else None
        if said.callback_data is not None and press is None:
            turn.notice = words.OLD_BUTTON
        elif press is not None and press.verb in DECIDING:
            await approver.pressed(turn, press, self._approve)
        elif press is None and said.chat_id == turn.bot.approvers and approver.is_meant(turn, age):
            await approver.heard(turn)
        elif turn.is_private and turn.bot.through is not None:
            await claimant.known(turn)
            await (presses.pressed(turn, press) if press else claimant.heard(turn))
        elif press is not None:
            turn.notice = words.OLD_BUTTON


def refuse(turn: Turn, refusal: ClaimRefused) -> None:
    """In words: at the button, or in the chat."""
    said = words.of_refusal(refusal)
    if turn.said.callback_id is not None:
        turn.notice = said
    else:
        turn.say(said)
        if turn.step is not Step.IDLE and refusal.code in ("unknown", "state", "blocked"):
            turn.at(Step.IDLE)


def said_in(event: Event) -> ChatSaid:
    said = event.element.data
    assert isinstance(said, ChatSaid)
    return said


def key_of(event: Event) -> Key:
    said = said_in(event)
    return event.connection.id, said.chat_id, said.user_id


def concerns(bot: Bot, said: ChatSaid) -> bool:
    """Whether this is for the bot at all: in groups most of what is said is not."""
    if said.callback_id is not None or approver.is_link(said.text):
        return True
    if said.chat_id == said.user_id:
        return bot.through is not None
    return said.chat_id == bot.approvers and said.reply_to is not None
