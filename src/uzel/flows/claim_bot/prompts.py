"""Which question comes next, and the buttons below it."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.flows.claim_bot import buttons as b
from uzel.flows.claim_bot.buttons import Keyboard, button
from uzel.flows.claim_bot.settings import Bot
from uzel.flows.claim_bot.turn import Step
from uzel.payouts.banks import WELL_KNOWN, Bank
from uzel.payouts.claims.claim import State

CANCEL = "Отменить"
MENU: Keyboard = (
    (button("Новая заявка", b.NEW),),
    (button("Мои заявки", b.MINE),),
)
BACK: Keyboard = ((button("Не надо", b.MINE),),)
# Buttons, most used first; any other bank is typed.
POPULAR: Sequence[tuple[str, str]] = WELL_KNOWN[:8]


def next_step(row: Any, files: int, *, photo: bool, cards: bool) -> Step:
    """What a claim lacks first; `photo`: it needs one, `cards`: they are taken."""
    for column, step in (
        ("amount_minor", Step.AMOUNT),
        ("last_name", Step.NAME),
        ("kind", Step.WAY if cards else Step.PHONE),
    ):
        if row[column] is None:
            return step
    return Step.PHOTO if photo and not files else Step.REVIEW


def of_step(step: Step, row: Any) -> Keyboard:
    """Below a question."""
    if step is Step.PHONE:
        return (({"text": "Отправить мой номер", "contact": True},), ({"text": CANCEL},))
    if step is Step.BANK:
        return of_banks(row, [Bank(*bank) for bank in POPULAR])
    if step is Step.WAY:
        ways = (("На карту", "card"), ("По номеру телефона", "phone"))
        return (*((button(text, b.WAY, row, word),) for text, word in ways), *out(row))
    if step is Step.PHOTO:
        return (*go_on(row), *out(row))
    return out(row)


def of_banks(row: Any, banks: Sequence[Bank]) -> Keyboard:
    """Two in a row."""
    made = [button(bank.name[:40], b.BANK, row, bank.member_id) for bank in banks[:20]]
    pairs = [tuple(made[place : place + 2]) for place in range(0, len(made), 2)]
    return (*pairs, *out(row))


def out(row: Any) -> Keyboard:
    """The way out of a question: a draft is dropped, of any other claim nothing changes."""
    is_draft = State(row["state"]) is State.DRAFT
    return ((button(CANCEL, b.DROPPED, row) if is_draft else button("Не менять", b.SHOW, row),),)


def go_on(row: Any) -> Keyboard:
    return ((button("Дальше", b.DONE, row),),)


def of_claim(row: Any, bot: Bot) -> Keyboard:
    """Below a claim: what can be done with it in its state."""
    state = State(row["state"])
    if state is State.DRAFT:
        return (
            (button("Отправить", b.SEND, row),),
            (button("Исправить", b.FIX, row), button(CANCEL, b.DROPPED, row)),
        )
    write = button("Написать менеджеру", b.WRITE, row)
    if state is State.SUBMITTED:
        fix = button("Исправить реквизиты", b.FIX, row)
        return ((fix,), (write, button("Отозвать", b.DROP, row)))
    if state is State.FAILED:
        again = button("Отправить ещё раз", b.SEND, row)
        return ((again,), (button("Исправить реквизиты", b.FIX, row), write))
    return ((write,), (button("Мои заявки", b.MINE),))


def of_list(rows: Sequence[Any]) -> Keyboard:
    """Below the list of somebody's claims."""
    shown = tuple((button(f"Заявка {row['id']}", b.SHOW, row),) for row in rows)
    return (*shown, (button("Новая заявка", b.NEW),))


def fixable(bot: Bot, *, cards: bool) -> Mapping[str, Step]:
    """Word behind a button → what is asked again."""
    found = {"name": Step.NAME, "way": Step.WAY if cards else Step.PHONE, "photo": Step.PHOTO}
    return found if bot.amount is not None else {"amount": Step.AMOUNT, **found}


def of_fix(row: Any, bot: Bot, *, cards: bool) -> Keyboard:
    titles = {"amount": "Сумма", "name": "Имя", "way": "Куда платить", "photo": "Добавить файл"}
    words = fixable(bot, cards=cards)
    made = tuple((button(titles[word], b.FIX, row, word),) for word in words)
    return (*made, (button("Ничего", b.SHOW, row),))


def of_drop(row: Any) -> Keyboard:
    return ((button("Да, отменить", b.DROPPED, row), button("Нет", b.SHOW, row)),)
