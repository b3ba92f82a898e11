"""Contractors: whom the company may pay. Two public clients make one for each payment."""

import contextlib
from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.konsol import pages
from uzel.connectors.konsol.api import Arguments, Content, call, entity, entity_name
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.request import PHONE, demand, full_name
from uzel.connectors.konsol.shapes import contractor_of
from uzel.errors import CallFailed, OutcomeUnknown, Rejected
from uzel.kit.body import label_of

PATH = "/contractors"
KINDS = ("individual", "self_employed")
TAXPAYER_DIGITS = 12


async def contractors(
    http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments
) -> Answer:
    """All contractors. Answer: data {"contractors": [as `shapes.contractor_of`], "complete"}."""
    listing = await pages.read(http, config, PATH)
    found = [contractor_of(item) for item in listing.items]
    return Answer(data={"contractors": found, "complete": listing.complete})


async def create_contractor(
    http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments
) -> Answer:
    """Make a contractor: `kind` individual or self_employed, `first_name`, `last_name`,
    `patronymic` or None, `phone` (E.164) or None, `taxpayer_id` (ИНН, twelve digits) or None; a
    self-employed one is known by the ИНН. One that they refuse since they have them is this one.
    Answer: reference = their id, data {"kind"}.
    """
    body = contractor_body(arguments)
    try:
        reply = await call(http, config, "POST", PATH, effect=True, body=body)
    except Rejected:
        with contextlib.suppress(CallFailed):
            if found := await look_up_contractor(http, config, "", arguments):
                return found
        raise
    made = entity(reply.content)
    if made is None:
        raise OutcomeUnknown("Консоль: в ответе нет номера исполнителя")
    return made_of(made, body)


# By which one is known again: the same phone may be a whole family's.
NAMES = ("last_name", "first_name")
MARKS = ("kind", *NAMES, "phone", "taxpayer_id")


async def look_up_contractor(
    http: httpx2.AsyncClient, config: KonsolConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """A contractor of this kind and name with this phone or ИНН; where there are several, the one
    that the list has first: each of them is this person. Raises OutcomeUnknown where neither was
    given or the list has no end.
    """
    body = contractor_body(arguments)
    marks = {name: str(body[name]) for name in MARKS if name in body}
    if not marks.keys() & {"phone", "taxpayer_id"}:
        raise OutcomeUnknown("Консоль: исполнителя без телефона и ИНН в списке не узнать")
    listing = await pages.read(http, config, PATH)
    if found := [item for item in listing.items if is_same(item, marks)]:
        return made_of(found[0], body)
    if not listing.complete:
        raise OutcomeUnknown("Консоль: список исполнителей прочитан не до конца")
    return None


def contractor_body(arguments: Arguments) -> Content:
    """What `POST /contractors` takes; without what was not given. Raises Rejected."""
    kind, phone = arguments.get("kind"), arguments.get("phone")
    taxpayer = arguments.get("taxpayer_id")
    demand(isinstance(kind, str) and kind in KINDS, "kind", "такого вида исполнителей нет")
    fits = phone is None or (isinstance(phone, str) and PHONE.fullmatch(phone) is not None)
    demand(fits, "phone", "телефон: +79 и ещё девять цифр")
    is_inn = isinstance(taxpayer, str) and len(taxpayer) == TAXPAYER_DIGITS and taxpayer.isdigit()
    demand(is_inn or (taxpayer is None and kind == KINDS[0]), "taxpayer_id", "ИНН: двенадцать цифр")
    optional = {"phone": phone, "taxpayer_id": taxpayer}
    given = {name: value for name, value in {**full_name(arguments), **optional}.items() if value}
    return {"kind": kind, **given}


def made_of(made: Content, body: Content) -> Answer:
    return Answer(reference=entity_name(made), data={"kind": body["kind"]})


def is_same(item: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
    """Whether an entry of the list has these; an ИНН may come as a number, a name not at all."""
    return all(
        plain(item.get(name)) == plain(value)
        for name, value in marks.items()
        if name not in NAMES or item.get(name)
    )


def plain(value: Any) -> str:
    """A phone with or without its plus is the same."""
    return (label_of(value) or "").removeprefix("+")
