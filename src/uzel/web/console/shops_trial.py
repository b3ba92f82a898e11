"""A real order, and the deal it would become: only read, nothing is written anywhere."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from uzel.connections.registry import Active
from uzel.errors import CallFailed, ConfigError, PayloadInvalid
from uzel.flows.kaspi_orders import asks
from uzel.flows.kaspi_orders.fetch import ARCHIVE, OPEN_STATES, milliseconds
from uzel.flows.kaspi_orders.note import note_text
from uzel.flows.kaspi_orders.settings import ShopSettings, stage_text
from uzel.flows.kaspi_orders.take import lines_of
from uzel.model.order import Line, Order
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.web.console import words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.shops_desk import Shop
from uzel.web.console.shops_order import read_order

WITHIN_S = 30.0
# Where the newest order is looked for, the likeliest first.
BACK = (timedelta(days=1), timedelta(days=13))
STATES = (*OPEN_STATES, ARCHIVE)
MOST_PRODUCTS = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """An order as a deal. `problem`: why there is none; `stage`: `pipeline:stage`, None where
    amoCRM decides.
    """

    order: Order | None = None
    lead: Mapping[str, Any] | None = None
    stage: str | None = None
    phone: str | None = None
    total: Decimal | None = None
    lines: tuple[Mapping[str, Any], ...] = ()
    note: str | None = None
    problem: Markup | None = None

    @property
    def name(self) -> str:
        """Of the contact."""
        order = self.order
        return " ".join(filter(None, (order.first_name, order.last_name))) if order else ""


async def trial(desk: Desk, shop: Shop) -> Trial:
    """The newest order there is, as it would become a deal."""
    source = shop.source
    if source is None or source.config is None or source.state == "off":
        return Trial(problem=desk.language.text(m("Подключение к Kaspi не работает.")))
    try:
        async with asyncio.timeout(WITHIN_S):
            order = await newest(desk, source)
    except TimeoutError:
        return Trial(problem=desk.language.text(m("Kaspi не отвечает.")))
    except (CallFailed, ConfigError, PayloadInvalid) as error:
        return Trial(problem=words.detail(desk.language, str(error)))
    if order is None:
        said = desk.language.text(m("За последние 13 дней заказов не было: показать не на чем."))
        return Trial(problem=said)
    return as_deal(order, shop.settings)


def as_deal(order: Order, settings: ShopSettings) -> Trial:
    """What the flow would make of it."""
    total = Decimal(order.total) if order.total is not None else None
    lines = lines_of(order) or []
    row = {
        "id": 0,
        "code": order.code,
        "state": order.state,
        "total": total,
        "contact_id": None,
        "currency": order.currency,
        "lines": lines,
        "note": order.note or {},
    }
    lead = asks.lead_of(row, settings)
    return Trial(
        order=order,
        lead=lead,
        stage=stage_text(lead["pipeline_id"], lead["status_id"]),
        phone=phone_of(order),
        total=total,
        lines=tuple({**line, "price_minor": minor(line["price"])} for line in lines),
        note=note_text(row) if settings.note else None,
    )


def minor(price: str | None) -> int | None:
    """In hundredths."""
    return None if price is None else round(Decimal(price) * 100)


def phone_of(order: Order) -> str | None:
    """E.164, None where it is masked."""
    try:
        return parse_phone(order.phone or "", region="KZ").e164
    except PhoneRejected:
        return None


async def newest(desk: Desk, source: Active) -> Order | None:
    """The newest order, with its positions. Raises CallFailed, ConfigError, PayloadInvalid."""
    until = datetime.now(UTC)
    operation, reach = source.connector.operations["orders"], desk.deps.reach
    for back in BACK:
        for state in STATES:
            span = {"since_ms": milliseconds(until - back), "until_ms": milliseconds(until)}
            answer = await reach.ask(source, operation, {"state": state, "page": 0, **span})
            read = [(d, order) for d in answer.data["orders"] if (order := read_order(source, d))]
            if read:
                document, order = max(read, key=lambda one: one[1].created_at or "")
                return await completed(desk, source, document, order)
    return None


async def completed(desk: Desk, source: Active, document: Mapping[str, Any], order: Order) -> Order:
    """The order with the positions and articles that did not come along."""
    if order.lines is None:
        answer = await ask(desk, source, "entries", {"order": order.order})
        whole = {"data": document["data"], "entries": answer["entries"]}
        order = read_order(source, whole) or order
    lines = list(order.lines or ())
    for number, line in enumerate(lines[:MOST_PRODUCTS]):
        if line.sku is None and line.product is not None:
            lines[number] = await named(desk, source, line)
    return replace(order, lines=tuple(lines)) if order.lines is not None else order


async def named(desk: Desk, source: Active, line: Line) -> Line:
    """A position with its article."""
    told = await ask(desk, source, "product", {"line": line.product})
    return replace(line, sku=told.get("sku"), name=line.name or told.get("name"), product=None)


async def ask(
    desk: Desk, source: Active, name: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What an operation gives."""
    answer = await desk.deps.reach.ask(source, source.connector.operations[name], arguments)
    return answer.data
