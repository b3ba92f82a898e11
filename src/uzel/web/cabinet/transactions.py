"""Payments: a list with filters, one with its steps, all of them as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from uzel.model.currency import plain
from uzel.model.currency import text as in_units
from uzel.partners import cabinet_store
from uzel.partners import payment_store as store
from uzel.partners.shown import rate_shown
from uzel.views.rows import Page
from uzel.web.cabinet.desk import Desk
from uzel.web.cabinet.look import render
from uzel.web.cabinet.period import day_in
from uzel.web.cabinet.words import STATES
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.console.period import midnight
from uzel.web.partner.wanted import LONGEST_KEY

PER_PAGE = 50
HEAD = (
    m("Время"),
    m("Наш номер"),
    m("Ваш номер"),
    m("Состояние"),
    m("Сумма"),
    m("Валюта"),
    m("Стоимость"),
    m("Комиссия"),
    m("Валюта баланса"),
    m("Курс"),
    m("Описание"),
    m("Причина отказа"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which payments an address asks for; what makes no sense there is left out."""

    state: str | None
    first: date | None
    last: date | None
    number: str | None

    @property
    def fields(self) -> dict[str, object]:
        """As the fields of an address."""
        return {"state": self.state, "from": self.first, "to": self.last, "number": self.number}


def filter_of(desk: Desk) -> Filter:
    query = desk.query
    state, number = query.get("state"), query.get("number", "").strip()[:LONGEST_KEY]
    return Filter(
        state if state in STATES else None,
        day_in(query, "from"),
        day_in(query, "to"),
        number if number and number.isprintable() else None,
    )


async def rows_of(desk: Desk, wanted: Filter, before: int | None, most: int) -> Sequence[Any]:
    """The newest that fit, those below a number."""
    partner, pool = desk.partner, desk.deps.pool
    since = midnight(wanted.first, desk.zone) if wanted.first else None
    until = midnight(wanted.last + timedelta(days=1), desk.zone) if wanted.last else None
    if wanted.number is None:
        return await store.newest(
            pool,
            partner.id,
            partner.book,
            most,
            before,
            state=wanted.state,
            since=since,
            until=until,
        )
    row = await named(desk, wanted.number)
    fits = (
        row is not None
        and wanted.state in (None, row["state"])
        and (since is None or row["created_at"] >= since)
        and (until is None or row["created_at"] < until)
        and (before is None or row["id"] < before)
    )
    return [row] if fits else []


async def named(desk: Desk, number: str) -> Any:
    """A payment of this partner's by our id or by the partner's own number, else None."""
    partner, pool = desk.partner, desk.deps.pool
    found = await store.find(pool, partner.id, partner.book, number)
    return found or await store.find_by_number(pool, partner.id, partner.book, number)


async def show_list(desk: Desk) -> Response:
    wanted, before = filter_of(desk), None
    if cursor := desk.query.get("before"):
        last = await one(desk, cursor)
        before = last["id"]
    rows = await rows_of(desk, wanted, before, PER_PAGE + 1)
    older = rows[PER_PAGE - 1]["public_id"] if len(rows) > PER_PAGE else None
    return render(
        desk,
        "transactions.html",
        rows=rows[:PER_PAGE],
        wanted=wanted,
        older=desk.path("transactions", **wanted.fields, before=older) if older else None,
        newest=desk.path("transactions", **wanted.fields) if before else None,
        csv=desk.path("transactions.csv", **wanted.fields),
    )


async def show_one(desk: Desk) -> Response:
    row = await one(desk, desk.request.path_params["payment_id"])
    steps = await cabinet_store.steps(desk.deps.pool, row["id"])
    return render(desk, "transaction.html", row=row, steps=steps, rate=rate_shown(row["rate"]))


async def one(desk: Desk, public_id: str) -> Any:
    """One of this partner's. Raises HTTPException 404."""
    partner = desk.partner
    row = None
    if public_id.isprintable():
        row = await store.find(desk.deps.pool, partner.id, partner.book, public_id)
    if row is None:
        raise HTTPException(404)
    return row


async def as_csv(desk: Desk) -> Response:
    """Everything that fits the filter."""
    wanted = filter_of(desk)

    async def fetch(before: int | None, most: int) -> Page[Any]:
        rows = await rows_of(desk, wanted, before, most)
        return Page(tuple(rows), rows[-1]["id"] if len(rows) == most else None)

    head = [str(desk.language.one(name)) for name in HEAD]
    return export("transactions", desk.zone, head, fetch, lambda row: cells(desk, row))


def cells(desk: Desk, row: Any) -> Sequence[Cell]:
    currency, comma = row["balance_currency"], desk.words.comma
    return (
        row["created_at"],
        row["public_id"],
        row["external_id"],
        desk.language.one(STATES[row["state"]][0]),
        plain(row["amount"]).replace(".", comma),
        row["currency"],
        in_units(row["cost_minor"], currency).replace(".", comma),
        in_units(row["commission_minor"], currency).replace(".", comma),
        currency,
        plain(rate_shown(row["rate"])).replace(".", comma),
        desk.words.told(row["details"], row["public_id"]),
        desk.words.told(row["error"]),
    )
