"""What is agreed with a partner."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.errors import ConfigError
from uzel.model.currency import text as plain_sum
from uzel.partners import manage
from uzel.partners.settings import Debit, PartnerSettings, network
from uzel.people.store import note
from uzel.views.partners import PartnerRow
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.page import go
from uzel.web.console.partners_desk import settings_of, show, the_partner, typed_sum
from uzel.web.console.partners_words import DEBITS
from uzel.web.console.typed import Typed

MOST_PER_MINUTE = 1_000_000

router = APIRouter(include_in_schema=False)


@router.get("/partners/{partner_id}/settings")
async def show_settings(desk: OwnDesk, partner_id: str) -> Response:
    """What is agreed now; who may not change it sees it all the same."""
    partner = await the_partner(desk, partner_id)
    return settings_page(desk, partner, shown(partner, desk.language.code), {})


def settings_page(
    desk: Desk, partner: PartnerRow, values: Mapping[str, Any], wrong: Mapping[str, Any]
) -> Response:
    status = 422 if wrong else 200
    return show(
        desk,
        "partner_settings.html",
        partner,
        status,
        tab="/settings",
        values=values,
        wrong=wrong,
        debits=DEBITS,
    )


def shown(partner: PartnerRow, code: str = "ru") -> dict[str, str]:
    """The settings as they stand in the fields, written as the language does."""
    settings, comma = settings_of(partner), "," if code == "ru" else "."
    return {
        "commission_percent": f"{settings.commission_percent.normalize():f}".replace(".", comma),
        "lead_price": plain_sum(settings.lead_price_minor, partner.currency).replace(".", comma),
        "debit": settings.debit,
        "token_in_url": "on" if settings.token_in_url else "",
        "addresses": "\n".join(settings.addresses),
        "per_minute": str(settings.per_minute),
    }


@router.post("/partners/{partner_id}/settings")
async def save(desk: AdminDesk, partner_id: str) -> Response:
    """Change them, from the next request on."""
    partner, typed = await the_partner(desk, partner_id), Typed(desk.language, desk.form)
    changes = read(typed, partner)
    values = {**dict.fromkeys(shown(partner), ""), **typed.form}
    if typed.wrong:
        return settings_page(desk, partner, values, typed.wrong)
    try:
        await change(desk, partner, changes)
    except ConfigError:
        typed.refuse("commission_percent", m("Не больше четырёх знаков после запятой."))
        return settings_page(desk, partner, values, typed.wrong)
    return go(f"/partners/{partner.id}/settings", "saved")


def read(typed: Typed, partner: PartnerRow) -> dict[str, Any]:
    """What the form says; `typed.wrong` where it is wrong."""
    percent = typed.decimal("commission_percent")
    if percent is not None and percent > 100:
        typed.refuse("commission_percent", m("Нужно не больше {le}."), le=100)
    price = 0
    if typed.plain("lead_price"):
        price = typed_sum(typed, "lead_price", partner.currency) or 0
    debit = typed.choice("debit", [item.value for item in Debit])
    per_minute = typed.number("per_minute", 1, MOST_PER_MINUTE)
    usual = PartnerSettings.model_fields["per_minute"].default
    return {
        "commission_percent": str(percent or 0),
        "lead_price_minor": price,
        "debit": debit,
        "token_in_url": typed.switch("token_in_url"),
        "addresses": networks(typed),
        "per_minute": usual if per_minute is None else per_minute,
    }


def networks(typed: Typed) -> list[str]:
    """Addresses and networks, one a line."""
    found = []
    for line in typed.lines("addresses"):
        try:
            found.append(network(line))
        except ValueError:
            typed.refuse("addresses", m("Это не адрес и не сеть: {text}"), text=line[:60])
    return found


async def change(desk: Desk, partner: PartnerRow, changes: Mapping[str, Any]) -> None:
    """In a transaction with its note. Raises ConfigError."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        made = await manage.change_settings(connection, partner.id, changes)
        after = made.model_dump(mode="json", exclude_defaults=True)
        if after != dict(partner.settings):
            said = {"before": dict(partner.settings), "after": after}
            await note(connection, desk.person.login, "set", f"partner:{partner.id}", said)
