"""What the rooms about partners and rates say: kinds of moves, refusals, scopes, acts, doubts."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from uzel.errors import LedgerError
from uzel.partners.manage import LEADS, PAY, READ, TOKENS
from uzel.partners.statement_words import LANGUAGES
from uzel.partners.wish import Kind, MoneyRefused, Why
from uzel.rates.change import is_same_person
from uzel.rates.pair import RateRefused
from uzel.rates.pair import Why as NoRate
from uzel.web.console import words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m

KINDS = {
    "top_up": m("пополнение"),
    "correction": m("исправление"),
    "credit_limit": m("кредитный лимит"),
    "money_limit": m("предел для одного человека"),
    "payment": m("платёж"),
    "payment_back": m("возврат платежа"),
    "lead": m("лид"),
    "reversal": m("сторно"),
}
# Kind of a move → (title, what to type, what it is for, the button).
MOVES: Mapping[Kind, tuple[str, str, str, str]] = {
    Kind.TOP_UP: (
        m("Пополнить баланс"),
        m("На сколько"),
        m("Деньги, которые партнёр внёс."),
        m("Пополнить"),
    ),
    Kind.CORRECTION: (
        m("Исправить баланс"),
        m("На сколько: больше или, с минусом, меньше"),
        m("Когда в учёте была ошибка. Прежние записи остаются как есть."),
        m("Исправить"),
    ),
    Kind.CREDIT_LIMIT: (
        m("Кредитный лимит"),
        m("До скольких можно уйти в минус"),
        m("Сколько партнёр может потратить сверх внесённого. 0: ничего."),
        m("Задать лимит"),
    ),
}
REFUSALS: Mapping[Why, str] = {
    Why.AMOUNT: m("Такой суммы быть не может: пополнение больше нуля, исправление не ноль."),
    Why.REASON: m("Напишите причину, до 500 знаков."),
    Why.FUNDS: m("На балансе столько нет: он ушёл бы ниже разрешённого."),
    Why.CONFLICT: m("Эта форма уже отправлена с другой суммой. Откройте её заново."),
    Why.UNKNOWN: m("Такого предложения нет."),
    Why.DECIDED: m("Пока вы смотрели, по этому предложению уже решили."),
    Why.SAME_PERSON: m("Это ваше предложение: решить по нему должен кто-то другой."),
    Why.NO_ADMIN: m("Решать по предложениям может администратор."),
    Why.NOT_YOURS: m("Отозвать предложение может только тот, кто его внёс."),
}
RATE_REFUSALS: Mapping[NoRate, str] = {
    NoRate.MISSING: m("Такого курса нет."),
    NoRate.NOT_A_RATE: m("Это не курс: нужны две разные валюты вида USD/RUB и число вида 92,413."),
    NoRate.UNKNOWN: m("Такого курса нет."),
    NoRate.DECIDED: m("Пока вы смотрели, по этому курсу уже решили."),
    NoRate.SAME_PERSON: m("Этот курс внесли вы: подтвердить его должен кто-то другой."),
    NoRate.SUPERSEDED: m("Уже действует курс новее. Этот можно только отклонить."),
    NoRate.TOO_OLD: m("Курс слишком старый."),
}
DOUBTS = {
    "move": m("сдвиг больше, чем может внести один человек"),
    "jump": m("скачок курса банка"),
    "corrected": m("банк раньше назвал на этот день другой курс"),
    "far_date": m("день слишком далеко впереди"),
}
SOURCES = {"admin": m("внесён вручную"), "cbr": m("Банк России"), "nbk": m("Нацбанк Казахстана")}
SCOPES = {
    READ: m("смотреть баланс, платежи, лиды и выписки"),
    PAY: m("платить"),
    LEADS: m("передавать лиды"),
    TOKENS: m("выпускать и отзывать токены, менять адрес вебхуков: для людей"),
}
DEBITS = {
    "hold": m("удерживать до исхода платежа"),
    "at_once": m("списывать сразу, возвращать при неудаче"),
}
ACTS = {
    "add": m("добавил партнёра"),
    "set": m("изменил условия"),
    "top_up": m("пополнил"),
    "correction": m("исправил баланс"),
    "credit_limit": m("задал кредитный лимит"),
    "money_limit": m("понизил предел"),
    "propose": m("предложил"),
    "approve": m("подтвердил"),
    "reject": m("отклонил"),
    "withdraw": m("отозвал"),
    "add_token": m("выдал токен"),
    "rotate_token": m("заменил токен"),
    "revoke_token": m("отозвал токен"),
    "set_hook": m("изменил адрес вебхуков"),
    "rotate_hook": m("заменил секрет вебхуков"),
    "test_hook": m("отправил проверочный вебхук"),
    "resend_hook": m("отправил вебхук ещё раз"),
    "hook_gone": m("выключил вебхуки: партнёр ответил 410"),
    "close": m("закрыл партнёра"),
    "reopen": m("открыл партнёра"),
    "completed": m("отметил оплаченным"),
    "failed": m("отметил неудачным"),
}
HOLD_ENDS = {
    "posted": m("списано"),
    "released": m("возвращено"),
    "expired": m("срок вышел, возвращено"),
}
ACCOUNTS = {
    "top-ups": m("внесённое партнёрами"),
    "corrections": m("исправления"),
    "payments": m("к выплате"),
    "commission": m("наша комиссия"),
    "exchange": m("обмен валют"),
    "leads": m("за лиды"),
}
BOOKS = {"live": m("настоящие"), "test": m("тестовые")}


def refusal(desk: Desk, error: LedgerError) -> Markup:
    """What a ledger rule says, in the page's language."""
    if isinstance(error, MoneyRefused):
        return desk.language.text(REFUSALS[error.why])
    if isinstance(error, RateRefused):
        return desk.language.text(RATE_REFUSALS[error.why])
    return Markup.escape(str(error))


def spoken(desk: Desk) -> dict[str, Any]:
    """What the templates of these rooms call."""
    tables = {
        "kind_of": KINDS,
        "source_of": SOURCES,
        "scope_of": SCOPES,
        "act_of": ACTS,
        "doubt_of": DOUBTS,
        "hold_end": HOLD_ENDS,
        "book_of": BOOKS,
        "debit_of": DEBITS,
        "account_of": ACCOUNTS,
    }

    def by(table: Mapping[str, str]) -> Any:
        return lambda code: words.named(desk.language, table, code)

    def mine(actor: str) -> bool:
        return is_same_person(actor, desk.person.login)

    def in_words(text: str | None, payment_id: str = "") -> str:
        return LANGUAGES[desk.language.code].told(text, payment_id)

    named = {name: by(table) for name, table in tables.items()}
    return {"person": person, "mine": mine, "in_words": in_words, **named}


def person(actor: str | None) -> str:
    """Who it was; what was typed in a shell says so."""
    name = (actor or "—").strip()
    return f"{name.removeprefix('command:')} (uzel)" if name.startswith("command:") else name
