"""One order: its life beside its deal, trying again where it is stuck; why one is absent."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.connector import Received
from uzel.errors import AuthFailed, CallFailed, ConfigError, PayloadInvalid, Rejected
from uzel.flows.kaspi_orders import person_store, shop_store
from uzel.flows.kaspi_orders.fetch import Fetcher
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.model.order import Order
from uzel.people.store import note
from uzel.views import shops_store as store
from uzel.views.shops_life import OrderLife, order_life
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.listing import asked, found, row_id
from uzel.web.console.page import go, render
from uzel.web.console.shops import chosen
from uzel.web.console.shops_desk import Shop, all_shops, spoken_words, to_shop
from uzel.web.console.shops_names import names_in

ASK_WITHIN_S = 12.0
LONGEST_CODE = 64

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. kind: told, call, act, ordered, deal, gone, compared."""

    at: datetime
    kind: str
    item: Any = None


@router.get("/shops/orders/{order_id}")
async def show_one(desk: OwnDesk, order_id: str) -> Response:
    """An order's life."""
    life, shop = await find_life(desk, order_id)
    return render(
        desk,
        "shops_order.html",
        life=life,
        order=life.order,
        shop=shop,
        moments=sorted(moments_of(life), key=lambda moment: moment.at),
        **spoken_words(desk, await names_in(desk, shop, [life.order])),
    )


@router.get("/shops/orders/{order_id}/again")
async def ask_again(desk: OwnDesk, order_id: str) -> Response:
    """Whether a stuck order is to be tried again, and what that means."""
    life, shop = await find_life(desk, order_id)
    if life.order.step != "stuck":
        return go(f"/shops/orders/{life.order.id}")
    return render(
        desk, "shops_again.html", order=life.order, life=life, shop=shop, **spoken_words(desk)
    )


@router.post("/shops/orders/{order_id}/again")
async def try_again(desk: OwnDesk, order_id: str) -> Response:
    """Let a stuck order go on."""
    life, _ = await find_life(desk, order_id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await person_store.try_again(connection, life.order.id)
        if done is not None:
            await enqueue(connection, WAKE, done["crm_id"])
            said = {"reason": done["reason"], "step": done["step"]}
            subject = f"shop_order:{life.order.id}"
            await note(connection, desk.person.login, "try_again", subject, said)
    return go(f"/shops/orders/{life.order.id}", "order_again" if done else "order_moved")


async def find_life(desk: Desk, order_id: str) -> tuple[OrderLife, Shop]:
    """The order and its shop. Raises HTTPException 404."""
    number, pool = row_id(order_id), desk.deps.pool
    row = found(await store.order(pool, number))
    shop = to_shop(desk, await shop_store.one(pool, row["shop_id"]))
    return found(await order_life(pool, number, shop.row)), shop


def moments_of(life: OrderLife) -> Iterator[Moment]:
    """What happened, in no order."""
    order = life.order
    if order.ordered_at is not None:
        yield Moment(order.ordered_at, "ordered")
    for told in life.told:
        yield Moment(told.created_at, "told", told)
    for call in life.calls:
        row = call.row
        yield Moment(row.started_at or row.created_at, "call", call)
    for act in life.acts:
        yield Moment(act.at, "act", act)
    if order.gone_at is not None:
        yield Moment(order.gone_at, "gone")
    if order.deal_at is not None and order.lead_id is not None:
        yield Moment(order.deal_at, "deal")
    if order.compared_at is not None:
        yield Moment(order.compared_at, "compared")


@dataclass(frozen=True, slots=True)
class Absent:
    """Why an order is not here. kind: unknown (Kaspi has none), early (made before orders are
    taken), fetched (it is on its way now), off (the shop takes none), silent (Kaspi did not
    answer), closed (the connection is paused), wrong (this is no order's number).
    """

    kind: str
    order: Order | None = None
    detail: str = ""

    @property
    def total_minor(self) -> int | None:
        """The sum in hundredths."""
        total = self.order.total if self.order else None
        return None if total is None else round(Decimal(total) * 100)


@router.get("/shops/why")
async def why(desk: OwnDesk) -> Response:
    """Why an order is not here; one that is, is shown."""
    shops = await all_shops(desk)
    found(shops or None)
    wanted = asked(desk, ("shop", "code"))
    shop, code = chosen(shops, wanted), (wanted.get("code") or "")[:LONGEST_CODE]
    absent = None
    if code:
        known = await store.by_code(desk.deps.pool, shop.id, code)
        if known is not None:
            return go(f"/shops/orders/{known}")
        absent = await look_at_kaspi(desk, shop, code)
    return render(
        desk,
        "shops_why.html",
        shops=shops,
        shop=shop,
        code=code,
        absent=absent,
        created_at=made_at(absent.order) if absent else None,
        **spoken_words(desk),
    )


async def look_at_kaspi(desk: Desk, shop: Shop, code: str) -> Absent:
    """Ask Kaspi for one order; take it if it counts."""
    source = shop.source
    if source is None or source.config is None or source.state != "active":
        return Absent("closed", detail=(source.state_reason or "") if source else "")
    try:
        async with asyncio.timeout(ASK_WITHIN_S):
            return await asked_for(desk, shop, source, code)
    except TimeoutError:
        return Absent("silent")
    except AuthFailed as error:
        return Absent("closed", detail=str(error))
    except Rejected as error:
        return Absent("wrong" if error.code == "code" else "silent", detail=str(error))
    except (CallFailed, ConfigError, PayloadInvalid) as error:
        return Absent("silent", detail=str(error))


async def asked_for(desk: Desk, shop: Shop, source: Active, code: str) -> Absent:
    """What Kaspi says. Raises CallFailed, ConfigError, PayloadInvalid."""
    reach = desk.deps.reach
    answer = await reach.ask(source, source.connector.operations["order"], {"code": code})
    document = answer.data["order"]
    if document is None:
        return Absent("unknown")
    order = read_order(source, document)
    if order is None:
        return Absent("silent", detail="order_unreadable")
    created_at = made_at(order)
    if shop.state == "off":
        return Absent("off", order)
    if created_at is not None and created_at < shop.row["since"]:
        return Absent("early", order)
    await Fetcher(desk.deps.pool, reach, shop.row, source).one(code)
    await note(desk.deps.pool, desk.person.login, "fetch", f"shop:{shop.id}", {"code": code})
    return Absent("fetched", order)


def read_order(source: Active, document: Mapping[str, Any]) -> Order | None:
    """A document of Kaspi as an order. Raises PayloadInvalid."""
    assert source.connector.parse is not None
    received = Received(orjson.dumps(document), {}, "", datetime.now(UTC))
    element = source.connector.parse(received, source.config)[0]
    return element.data if isinstance(element.data, Order) else None


def made_at(order: Order | None) -> datetime | None:
    """When it was made."""
    return datetime.fromisoformat(order.created_at) if order and order.created_at else None
