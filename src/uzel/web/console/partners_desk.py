"""A partner as the pages of its room know it, and sums as people type them."""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from uzel.model.currency import NotAnAmount, minor
from uzel.partners.settings import PartnerSettings
from uzel.views.partners import PartnerRow, find_partner
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, found, row_id
from uzel.web.console.page import render
from uzel.web.console.partners_words import spoken
from uzel.web.console.period import midnight
from uzel.web.console.typed import Typed

TABS = (
    ("", m("Обзор")),
    ("/payments", m("Платежи")),
    ("/statement", m("Выписка")),
    ("/tokens", m("Токены")),
    ("/settings", m("Условия")),
)
SUM = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")
KEY = re.compile(r"[\w-]{8,40}")


def today(desk: Desk) -> datetime:
    """When the day began, in the zone of the page."""
    return midnight(datetime.now(UTC).astimezone(desk.zone).date(), desk.zone)


async def the_partner(desk: Desk, partner_id: str) -> PartnerRow:
    """The one with this number. Raises HTTPException 404."""
    number = row_id(partner_id, LARGEST_INT)
    return found(await find_partner(desk.deps.pool, number, today(desk)))


def settings_of(partner: PartnerRow) -> PartnerSettings:
    """What is agreed."""
    return PartnerSettings.model_validate(dict(partner.settings))


def show(
    desk: Desk,
    template: str,
    partner: PartnerRow | None,
    status: int = 200,
    tab: str | None = None,
    **values: Any,
) -> Response:
    """A page of the room."""
    return render(
        desk, template, status, partner=partner, tabs=TABS, tab=tab, **spoken(desk), **values
    )


def typed_sum(typed: Typed, name: str, currency: str, *, signed: bool = False) -> int | None:
    """Minor units of a currency; None where it is none, which is said at the field."""
    text = re.sub(r"[\s\u00a0\u202f]", "", typed.form.get(name, ""))
    text = text.replace(",", ".").replace("\u2212", "-").removeprefix("+")
    if not SUM.fullmatch(text) or (text.startswith("-") and not signed):
        typed.refuse(name, m("Нужна сумма вида 1000,50."))
        return None
    try:
        return minor(Decimal(text), currency)
    except NotAnAmount:
        typed.refuse(name, m("Столько знаков после запятой у этой валюты не бывает."))
        return None


def new_key() -> str:
    """For a form that counts once, however often it is sent."""
    return secrets.token_urlsafe(12)


def key_of(typed: Typed) -> str:
    """The key the form was given; a new one where it has none that could be ours."""
    key = typed.plain("key")
    return key if KEY.fullmatch(key) else new_key()


def blank(names: Sequence[str], **known: str) -> dict[str, str]:
    """Empty fields of a form."""
    return {**dict.fromkeys(names, ""), **known}
