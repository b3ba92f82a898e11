"""What other currencies cost a partner: the rates in force, with the commission."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from starlette.responses import Response

from uzel.model.currency import plain
from uzel.partners.exchange import multiplier
from uzel.partners.price import price
from uzel.rates.pair import Rate, RateMissing, RateTooOld
from uzel.rates.read import current, standings
from uzel.web.cabinet.desk import Desk
from uzel.web.cabinet.look import render
from uzel.web.console.language import mark as m

SOURCES = {"admin": m("установлен вручную"), "cbr": m("ЦБ РФ"), "nbk": m("НБ РК")}
DIGITS = 6
EXAMPLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Row:
    """One currency. rate: what one unit is multiplied by, as text; None: there is none in force.
    costs_minor: of EXAMPLE units, with the commission.
    """

    currency: str
    rate: str | None
    costs_minor: int
    source: str
    since: datetime | None


async def show(desk: Desk) -> Response:
    own = desk.partner.currency
    async with desk.deps.pool.acquire() as connection:
        pairs = [standing.pair for standing in await standings(connection)]
        others = {
            it.base if it.quote == own else it.quote for it in pairs if own in (it.base, it.quote)
        }
        rows = []
        for other in sorted(others):
            try:
                rows.append(row_of(desk, await current(connection, other, own)))
            except (RateMissing, RateTooOld):
                rows.append(Row(other, None, 0, "", None))
    percent = desk.partner.settings.commission_percent
    return render(desk, "rates.html", rows=rows, percent=plain(percent), example=plain(EXAMPLE))


def row_of(desk: Desk, rate: Rate) -> Row:
    value, own = multiplier(rate), desk.partner.currency
    percent = desk.partner.settings.commission_percent
    cost = price(EXAMPLE, rate.base, own, value, percent)
    source = desk.language.text(SOURCES.get(rate.source or "", ""))
    return Row(rate.base, shown(value, desk.words.comma), cost.total_minor, source, rate.since)


def shown(value: Decimal, comma: str) -> str:
    """At least DIGITS digits that mean something, and all of what is typed."""
    places = max(4, DIGITS - value.adjusted() - 1)
    short = round(value, places)
    return plain(value if value == short else short).replace(".", comma)
