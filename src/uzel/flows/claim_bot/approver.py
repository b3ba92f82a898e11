"""Those who decide on claims, in their chat: what a press does is theirs alone to do, and only in
the version that they have seen.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from uzel.errors import ConfigError
from uzel.flows.claim_bot import buttons as b
from uzel.flows.claim_bot import words
from uzel.flows.claim_bot.buttons import Keyboard, Press, button
from uzel.flows.claim_bot.turn import Step, Turn
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.payouts.claims import approval, claim_store, thread
from uzel.payouts.claims.acts import demand_move, locked
from uzel.payouts.claims.claim import ClaimRefused, State
from uzel.people import link_store, links

Approve = Callable[[Connection, KeyRing, int, int, str], Awaitable[Any]]

# So long a person's next answer is taken for the reason or text that was asked of them.
LISTENS = timedelta(minutes=10)
REASONS = (
    "Чек или скриншот не читается",
    "Реквизиты не подходят",
    "Такая заявка уже была",
    "Условия не выполнены",
)
UNLINKED = "Узел не знает, кто вы: получите код (uzel user link) и пришлите его боту: /link КОД"
ASK_REASON = (
    "Почему отклонить заявку {number}? Выберите или ответьте на это сообщение своими словами: "
    "их прочтёт заявитель."
)
ASK_TEXT = "Ответьте на это сообщение, и ответ уйдёт заявителю (заявка {number})."
LINK = "/link"


async def pressed(turn: Turn, press: Press, approve: Approve) -> None:
    """Raises ClaimRefused."""
    if turn.said.chat_id != turn.bot.approvers:
        turn.notice = words.OLD_BUTTON
        return
    if await link_store.person_in(turn.connection, turn.said.user_id) is None:
        turn.notice = UNLINKED
        return
    row = await claim_store.lock(turn.connection, press.claim)
    if row is None or row["connection_id"] != turn.bot.through:
        raise ClaimRefused("unknown", "it is none of this bot's")
    if press.verb == b.APPROVE:
        await say_yes(turn, press, approve)
    elif press.verb == b.REJECT:
        await ask_why(turn, press)
    elif press.verb == b.BECAUSE:
        await say_no(turn, press)
    elif press.verb == b.KEEP:
        turn.at(Step.IDLE)
        turn.rewrite(f"Заявка {press.claim} остаётся на рассмотрении.")
    else:
        turn.at(Step.ANSWER, press.claim)
        turn.say(ASK_TEXT.format(number=press.claim))


async def say_yes(turn: Turn, press: Press, approve: Approve) -> None:
    row = await approve(turn.connection, turn.ring, press.claim, press.version, turn.by)
    state = State(row["state"])
    if state is State.SUBMITTED:
        turn.notice = "Ваше согласие записано. Нужен ещё один человек."
    elif state is State.APPROVED:
        turn.notice = f"Утверждено, но выплату держит лимит ({row['held_code']})."
    else:
        turn.notice = "Утверждено, выплата отправляется."


async def ask_why(turn: Turn, press: Press) -> None:
    """For a reason, of who may give one."""
    row = await locked(turn.connection, press.claim, press.version)
    demand_move(row, State.REJECTED)
    await approval.decider(turn.connection, row, turn.by)
    turn.at(Step.REASON, press.claim, version=press.version)
    turn.say(ASK_REASON.format(number=press.claim), of_reasons(row))


def of_reasons(row: Any) -> Keyboard:
    ready = tuple((button(said, b.BECAUSE, row, str(at)),) for at, said in enumerate(REASONS))
    return (*ready, (button("Не отклонять", b.KEEP, row),))


async def say_no(turn: Turn, press: Press) -> None:
    place = int(press.word) if press.word.isdigit() else len(REASONS)
    if place >= len(REASONS):
        turn.notice = words.OLD_BUTTON
        return
    await reject(turn, press.claim, press.version, REASONS[place])
    turn.rewrite(f"Заявка {press.claim} отклонена: {REASONS[place]}")
    turn.notice = "Отклонено."


async def reject(turn: Turn, number: int, version: int, reason: str) -> None:
    row = await locked(turn.connection, number, version)
    if State(row["state"]) is State.REJECTED:
        raise ClaimRefused("state", "somebody was earlier", state=row["state"])
    await approval.reject(turn.connection, number, turn.by, reason, version)
    turn.at(Step.IDLE)


async def heard(turn: Turn) -> None:
    """The reason or text that was asked for. Raises ClaimRefused."""
    number, text = turn.claim_id or 0, turn.said.text or ""
    if await link_store.person_in(turn.connection, turn.said.user_id) is None:
        turn.say(UNLINKED, reply=True)
    elif turn.step is Step.REASON:
        await reject(turn, number, int(turn.answers["version"]), text)
        turn.say(f"Заявка {number} отклонена.", reply=True)
    else:
        await thread.say(turn.connection, number, text, turn.by, is_claimants=False)
        turn.say("Передал заявителю.", reply=True)
    turn.at(Step.IDLE)


def is_meant(turn: Turn, age: timedelta) -> bool:
    """Whether a message in the chat of those who decide is the answer to what they were asked: in a
    group people talk to each other, too.
    """
    awaited = turn.step in (Step.REASON, Step.ANSWER) and age < LISTENS
    answered = turn.is_private or turn.said.reply_to is not None
    return awaited and answered and bool(turn.said.text) and not is_command(turn)


def is_command(turn: Turn) -> bool:
    return (turn.said.text or "").startswith("/")


async def link(turn: Turn) -> None:
    """`/link CODE`: who this account is. A code that a group has seen is good for nobody."""
    code = (turn.said.text or "").partition(" ")[2]
    if not turn.is_private:
        await links.burn(turn.connection, code)
        turn.say("Код видели другие, он больше не действует. Пришлите новый мне лично.", reply=True)
        return
    try:
        login = await links.link(turn.connection, code, turn.bot.id, turn.said.user_id)
    except ConfigError:
        turn.say("Этот Telegram уже привязан к другому человеку.")
        return
    said = f"Готово: теперь вы здесь {login}." if login else "Код не подошёл: он живёт 10 минут."
    turn.say(said)


def is_link(text: str | None) -> bool:
    return (text or "").partition(" ")[0].partition("@")[0].casefold() == LINK
