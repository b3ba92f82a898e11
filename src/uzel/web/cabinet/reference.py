"""The API with the partner's own data: every request to be copied, the reading ones to be tried."""

from datetime import UTC

from starlette.exceptions import HTTPException
from starlette.responses import Response

from uzel.partners import hooks, payment_store
from uzel.web.api.openapi import describe
from uzel.web.api.problems import kind_of, partner_codes, status_of
from uzel.web.cabinet.desk import Desk, today
from uzel.web.cabinet.examples import Example, Known, of_actions, of_operations
from uzel.web.cabinet.look import render
from uzel.web.cabinet.trying import Answer, ask
from uzel.web.cabinet.words import ABOUT, ERRORS
from uzel.web.console.period import midnight
from uzel.web.partner.codes import CODES

NO_PAYMENT = "txn_0123456789abcdef"
NO_DELIVERY = "dlv_00112233445566778899aabbccddeeff"


async def show(desk: Desk) -> Response:
    return await page(desk)


async def try_it(desk: Desk) -> Response:
    """Make one of the reading requests: field `name`. Raises HTTPException 404."""
    known = await known_of(desk)
    wanted = desk.form.get("name")
    example = next((it for it in all_of(desk, known) if it.name == wanted and it.reads), None)
    if example is None:
        raise HTTPException(404)
    return await page(desk, known, await ask(desk, example))


async def page(desk: Desk, known: Known | None = None, answer: Answer | None = None) -> Response:
    known = known or await known_of(desk)
    described = describe(desk.request.app.state.api)
    return render(
        desk,
        "reference.html",
        groups=[list(of_actions(known)), list(of_operations(described, known))],
        about=lambda it: about(desk, it),
        url=desk.deps.settings.url,
        answer=answer,
        codes=sorted((it, name, meaning(desk, name)) for name, it in partner_codes().items()),
    )


def all_of(desk: Desk, known: Known) -> list[Example]:
    described = describe(desk.request.app.state.api)
    return [*of_actions(known), *of_operations(described, known)]


async def known_of(desk: Desk) -> Known:
    partner = desk.partner
    rows = await payment_store.newest(desk.deps.pool, partner.id, partner.book, 1)
    told = await hooks.deliveries(desk.deps.pool, partner.id, partner.book, 1)
    month = midnight(today(desk).date().replace(day=1), desk.zone).astimezone(UTC)
    return Known(
        rows[0]["public_id"] if rows else NO_PAYMENT,
        told[0].id if told else NO_DELIVERY,
        partner.currency,
        month.isoformat().replace("+00:00", "Z"),
    )


def about(desk: Desk, example: Example) -> str:
    known = ABOUT.get(example.name)
    return desk.language.text(known) if known else example.about


def meaning(desk: Desk, name: str) -> str:
    """In English the words of the API itself."""
    said = ERRORS[name] if desk.language.code == "ru" else None
    return said or (CODES[name].meaning if name in CODES else kind_of(status_of(name))[2])
