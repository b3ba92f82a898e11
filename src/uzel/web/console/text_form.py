"""The form of a text: which one it is, what stands in it, what of it can be stored."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import HTTPException

from uzel.setup import FIRST_TEXTS
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_ID, whole
from uzel.web.console.preview import (
    EMAIL,
    LONGEST_SUBJECT,
    REMINDER,
    REQUEST,
    SMS,
    VARIABLES,
    WHATSAPP,
    Draft,
)
from uzel.web.console.typed import Typed

CHANNELS = (SMS, WHATSAPP, EMAIL)
VARIANTS = "ABCDEFGH"
LONGEST_BODY, MOST_WEIGHT = 5000, 100
MOST_PARAMETERS, MOST_BUTTONS = 8, 2
TEMPLATE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
TEMPLATE_LANGUAGE = re.compile("[a-z]{2,3}(_[A-Z]{2})?")
# How Meta writes a place to fill in.
NUMBERED = re.compile(r"\{\{\s*([0-9]{1,2})\s*\}\}")
# What a new text begins with. Guests read it, so it is not translated with the console.
STARTS = {(purpose, channel): body for purpose, channel, _, body in FIRST_TEXTS} | {
    (REQUEST, WHATSAPP): "Здравствуйте, {name}! Спасибо, что были у нас: {place}. "
    "Расскажите, как всё прошло: {link}",
    (REMINDER, WHATSAPP): "{name}, ваш отзыв нам очень поможет, это займёт минуту: {link}",
}


class Key(NamedTuple):
    """Which text. place_id: of the place whose own it is, None: of all without their own."""

    purpose: str
    channel: str
    place_id: int | None
    variant: str


@dataclass(frozen=True, slots=True)
class Written:
    """A text as it was typed."""

    draft: Draft
    weight: int


def key_of(values: Mapping[str, str], places: Collection[int], taken: Collection[Key] = ()) -> Key:
    """The text an address or a form names; without a variant, the next one that is free. Raises
    HTTPException 404.
    """
    purpose, channel = values.get("purpose", REQUEST), values.get("channel", SMS)
    place = values.get("place", "")
    place_id = whole(place, LARGEST_ID) if place else None
    known = purpose in VARIABLES and channel in CHANNELS and (not place or place_id in places)
    if not known:
        raise HTTPException(404)
    variant = values.get("variant") or next(
        (v for v in VARIANTS if Key(purpose, channel, place_id, v) not in taken), VARIANTS[-1]
    )
    if len(variant) != 1 or variant not in VARIANTS:
        raise HTTPException(404)
    return Key(purpose, channel, place_id, variant)


def shown(key: Key, text: Any | None) -> dict[str, str]:
    """What stands in the fields; of a new text, something to begin with."""
    body = text["body"] if text else STARTS[key.purpose, key.channel]
    approved = (text["approved"] if text else None) or {}
    values = {
        "body": body,
        "subject": (text["subject"] if text else None) or "",
        "weight": str(text["weight"] if text else 1),
        "approved_name": approved.get("name", ""),
        "approved_language": approved.get("language", "ru"),
    }
    for field, most in (("parameter", MOST_PARAMETERS), ("button", MOST_BUTTONS)):
        used = approved.get(f"{field}s", ())
        for place in range(most):
            values[f"{field}_{place}"] = used[place] if place < len(used) else ""
    return values


def read(key: Key, typed: Typed) -> Written:
    """The text from its form; what cannot be stored is noted in `typed.wrong`."""
    body, subject = typed.plain("body"), ""
    if len(body) > LONGEST_BODY:
        typed.refuse("body", m("До {n} знаков."), n=LONGEST_BODY)
        body = body[:LONGEST_BODY]
    if key.channel == EMAIL:
        subject = typed.line("subject", LONGEST_SUBJECT, needed=False)
    weight = typed.number("weight", 0, MOST_WEIGHT)
    if weight is None:
        typed.refuse("weight", m("Нужно целое число, от {low} до {high}."), low=0, high=MOST_WEIGHT)
    approved = read_approved(key, typed) if key.channel == WHATSAPP else None
    if approved is not None:
        body = with_names(typed, body, approved["parameters"])
    return Written(Draft(key.purpose, key.channel, body, subject, approved), weight or 0)


def read_approved(key: Key, typed: Typed) -> dict[str, Any] | None:
    """The approved template of a WhatsApp text; None where it is sent as free text."""
    name, language = typed.plain("approved_name"), typed.plain("approved_language") or "ru"
    variables = VARIABLES[key.purpose]
    parameters = read_variables(typed, "parameter", MOST_PARAMETERS, variables)
    buttons = read_variables(typed, "button", MOST_BUTTONS, variables)
    if not name:
        if parameters or buttons:
            typed.refuse("approved_name", m("Параметры есть только у шаблона: впишите его имя."))
        return None
    if TEMPLATE_NAME.fullmatch(name) is None:
        typed.refuse("approved_name", m("Имя шаблона: латиница, цифры и подчёркивание."))
    if TEMPLATE_LANGUAGE.fullmatch(language) is None:
        typed.refuse("approved_language", m("Код языка, как у шаблона: ru, kk, en_US."))
    return {"name": name, "language": language, "parameters": parameters, "buttons": buttons}


def read_variables(typed: Typed, field: str, most: int, variables: Collection[str]) -> list[str]:
    """The variables that were chosen, in order; empty places are left out."""
    names = [typed.choice(f"{field}_{n}", ("", *variables)) for n in range(most)]
    return [name for name in names if name in variables]


def with_names(typed: Typed, body: str, parameters: list[str]) -> str:
    """A body with our variables in place of `{{1}}`, as it is copied from Meta's pages."""

    def name(found: re.Match[str]) -> str:
        number = int(found[1])
        if 1 <= number <= len(parameters):
            return f"{{{parameters[number - 1]}}}"
        typed.refuse("body", m("Для места {n} не выбран параметр."), n=f"{{{{{number}}}}}")
        return found[0]

    return NUMBERED.sub(name, body)
