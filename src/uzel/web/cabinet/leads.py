"""Leads: a list with filters, one with its reports and what it cost, all of them as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from uzel.model.currency import text as in_units
from uzel.partners import cabinet_store
from uzel.partners import lead_store as store
from uzel.partners.report_text import out_of
from uzel.views.rows import Page
from uzel.web.cabinet.desk import Desk
from uzel.web.cabinet.look import render
from uzel.web.cabinet.words import LEADS, STATES, STEPS
from uzel.web.console.export import Cell, export
from uzel.web.console.language import mark as m
from uzel.web.partner.wanted import LONGEST_KEY

PER_PAGE = 50
HEAD = (
    m("Время"),
    m("Наш номер"),
    m("Ваш номер"),
    m("Состояние"),
    m("Ссылка"),
    m("Цена"),
    m("Валюта баланса"),
    m("Оплата"),
    m("Платёж"),
    m("Отчёт"),
    m("Время отчёта"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which leads an address asks for; what makes no sense there is left out."""

    state: str | None
    number: str | None

    @property
    def fields(self) -> dict[str, object]:
        """As the fields of an address."""
        return {"state": self.state, "number": self.number}


def filter_of(desk: Desk) -> Filter:
    state = desk.query.get("state")
    number = desk.query.get("number", "").strip()[:LONGEST_KEY]
    return Filter(
        state if state in LEADS else None,
        number if number and number.isprintable() else None,
    )


async def rows_of(desk: Desk, wanted: Filter, before: int | None, most: int) -> Sequence[Any]:
    """The newest that fit, those below a number."""
    partner = desk.partner
    return await store.of_partner(
        desk.deps.pool,
        partner.id,
        partner.book,
        most,
        before=before,
        state=wanted.state,
        external_id=wanted.number,
    )


async def show_list(desk: Desk) -> Response:
    wanted, before = filter_of(desk), None
    if cursor := desk.query.get("before"):
        before = (await one(desk, cursor))["id"]
    rows = await rows_of(desk, wanted, before, PER_PAGE + 1)
    older = rows[PER_PAGE - 1]["public_id"] if len(rows) > PER_PAGE else None
    return render(
        desk,
        "leads.html",
        rows=rows[:PER_PAGE],
        wanted=wanted,
        older=desk.path("leads", **wanted.fields, before=older) if older else None,
        newest=desk.path("leads", **wanted.fields) if before else None,
        csv=desk.path("leads.csv", **wanted.fields),
    )


async def show_one(desk: Desk) -> Response:
    row, pool = await one(desk, desk.request.path_params["lead_id"]), desk.deps.pool
    steps = await cabinet_store.lead_steps(pool, row["id"])
    return render(
        desk,
        "lead.html",
        row=row,
        steps=[(step["at"], STEPS[step["what"]]) for step in steps if step["what"] in STEPS],
        reports=[out_of(it) for it in await cabinet_store.lead_reports(pool, row["id"])],
        charges=await cabinet_store.lead_charges(pool, row["id"]),
        amount=lambda report: amount_of(desk, report),
        sent=orjson.dumps(row["data"], option=orjson.OPT_INDENT_2).decode() if row["data"] else "",
    )


def amount_of(desk: Desk, report: Any) -> str:
    """What a report says was paid: as it was read, else as it was written."""
    if report["amount"] is None:
        return str(report["data"].get("amount") or "")
    if report["currency"] is None:
        return desk.plain(report["amount"])
    return desk.exact(report["amount"], report["currency"])


async def one(desk: Desk, public_id: str) -> Any:
    """One of this partner's. Raises HTTPException 404."""
    partner, row = desk.partner, None
    if public_id.isprintable():
        row = await store.one_of_partner(desk.deps.pool, partner.id, partner.book, public_id)
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
    return export("leads", desk.zone, head, fetch, lambda row: cells(desk, row))


def cells(desk: Desk, row: Any) -> Sequence[Cell]:
    currency, price, paid = desk.partner.currency, "", ""
    if row["payment"] is not None:
        price = in_units(row["cost_minor"], currency).replace(".", desk.words.comma)
        paid = desk.language.one(STATES[row["payment_state"]][0])
    return (
        row["created_at"],
        row["public_id"],
        row["external_id"],
        desk.language.one(LEADS[row["state"]][0]),
        row["payment_url"],
        price,
        currency,
        paid,
        row["payment"],
        row["status"],
        row["reported_at"],
    )
