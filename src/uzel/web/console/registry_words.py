"""What the registry's pages say: doubts, what was done, by whom and by which way."""

from typing import Any

from markupsafe import Markup

from uzel.web.console import partners_words, words
from uzel.web.console.desk import Desk
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

DOUBTS = {
    "inn_checksum": m("контрольные цифры ИНН не сходятся: скорее всего, в нём опечатка"),
    "inn_length": m("в ИНН 10 цифр у компании и 12 у человека, здесь не столько"),
    "inn_digits": m("в ИНН не только цифры"),
    "inn_fake": m("вместо ИНН одна и та же цифра"),
    "ogrn_checksum": m("контрольная цифра ОГРН не сходится: скорее всего, в нём опечатка"),
    "ogrn_length": m("в ОГРН 13 цифр, в ОГРНИП 15, здесь не столько"),
    "ogrn_digits": m("в ОГРН не только цифры"),
    "date_unreadable": m("дату не удалось прочесть, поле осталось пустым"),
    "birthday_unlikely": m("такого дня рождения быть не может"),
    "dates_reversed": m("окончание раньше начала"),
    "card_masked": m("здесь был номер карты: Узел его не хранит и закрыл звёздочками"),
    "form_differs": m("в форме сайта сказано другое; записанное не тронуто"),
}
ACTS = {
    "created": m("создана"), "changed": m("изменена"), "deleted": m("удалена"),
    "merged": m("слияние"),
}  # fmt: skip
SOURCES = {
    "WEBSERVICE": m("программа"), "WEBFORM": m("форма сайта"), "UZEL": m("консоль"), "CRM": "CRM",
}  # fmt: skip
# Kind of what the story tells → its name, and where its pages are.
STORY = {
    "event": (m("событие"), "/events/"), "message": (m("сообщение"), "/messages/"),
    "request": (m("просьба об отзыве"), "/ratings/"), "order": (m("заказ Kaspi"), "/shops/orders/"),
    "claim": (m("заявка на выплату"), "/claims/"), "payout": (m("выплата"), "/payouts/"),
    "lead": (m("лид"), "/leads/"),
}  # fmt: skip
MADE_BY = (("crm:", m("программа {name}")), ("form:", m("форма «{name}»")))


def doubt(spoken: Language, code: str) -> Markup:
    """What is wrong, in words; the reasons of phones are those of messages."""
    return spoken.text(DOUBTS[code]) if code in DOUBTS else words.reason(spoken, code)


def maker(desk: Desk, made_by: str) -> Markup:
    """Who it was: a program, a form, a person."""
    for start, said in MADE_BY:
        if made_by.startswith(start):
            return desk.language.text(said, name=made_by.removeprefix(start))
    return Markup.escape(partners_words.person(made_by))


def spoken(desk: Desk) -> dict[str, Any]:
    """What the templates of the room may call."""
    said = desk.language
    return {
        "doubt_words": lambda code: doubt(said, code),
        "made": lambda made_by: maker(desk, made_by),
        "act_name": lambda act: words.named(said, ACTS, act),
        "source_name": lambda source: words.named(said, SOURCES, source),
    }
