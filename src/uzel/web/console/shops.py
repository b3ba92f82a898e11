"""Orders of shops: the list beside their deals, how the shop is doing, what can be done."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.flows.kaspi_orders import person_store, shop_store
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.people.store import note
from uzel.views.shops import OrderFilter, OrderRow, glance, list_orders
from uzel.web.console import shops_words
from uzel.web.console.desk import OwnDesk
from uzel.web.console.export import Cell, export
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing
from uzel.web.console.page import go, render
from uzel.web.console.period import midnight
from uzel.web.console.shops_desk import Shop, all_shops, find_shop, spoken_words
from uzel.web.console.shops_names import names_in
from uzel.web.console.shops_picture import picture

FIELDS = ("shop", "step", "q")
HEAD = (
    *("code", "ordered_at", "status", "total", "currency", "phone", "name", "step", "reason"),
    *("deal", "deal_at", "lag_s", "differs", "kept_by_a_person", "compared_at"),
)
# What a person may have run at once.
MAY_RUN = ("fetch", "reconcile", "proof")
MAY_BE = {"pause": "paused", "resume": "on"}

router = APIRouter(include_in_schema=False)


def chosen(shops: Sequence[Shop], wanted: Asked) -> Shop:
    """The shop an address asks for, else the first. Raises HTTPException 404."""
    if (named := wanted.get("shop")) is None:
        return shops[0]
    return found(next((shop for shop in shops if str(shop.id) == named), None))


def narrowed(shop: Shop, wanted: Asked) -> OrderFilter:
    """The filter of the views."""
    return OrderFilter(shop.id, wanted.get("step"), wanted.get("q"), wanted.since, wanted.until)


@router.get("/shops")
async def show_list(desk: OwnDesk) -> Response:
    """Orders, newest first, below a picture of the day."""
    shops, wanted, pool = await all_shops(desk), asked(desk, FIELDS), desk.deps.pool
    if not shops:
        return render(desk, "shops_none.html")
    shop, now = chosen(shops, wanted), datetime.now(UTC)
    page = await list_orders(pool, narrowed(shop, wanted), wanted.before, PER_PAGE)
    seen = await glance(pool, shop.id, midnight(now.astimezone(desk.zone).date(), desk.zone))
    return render(
        desk,
        "shops.html",
        shops=shops,
        shop=shop,
        wanted=wanted,
        filtered={name: text for name, text in wanted.values.items() if name != "shop"},
        listing=listing(page, wanted),
        seen=seen,
        picture=picture(seen.hours, now),
        lights=shops_words.lights(desk.language, seen.tasks, shop.state, now),
        now=now,
        **spoken_words(desk, await names_in(desk, shop, page.items)),
    )


@router.get("/shops.csv")
async def download(desk: OwnDesk) -> Response:
    """The same as a file."""
    shops, wanted, pool = await all_shops(desk), asked(desk, FIELDS), desk.deps.pool
    if not shops:
        raise HTTPException(404)
    shop = chosen(shops, wanted)
    narrow = narrowed(shop, wanted)
    return export(
        "orders",
        desk.zone,
        HEAD,
        lambda before, limit: list_orders(pool, narrow, before, limit),
        lambda order: cells(shop, order),
    )


def cells(shop: Shop, order: OrderRow) -> Sequence[Cell]:
    """A line of the file."""
    differ = order.difference or {}
    lag_s = (
        order.lag_s if order.ordered_at and order.ordered_at >= shop.row["switched_on_at"] else None
    )
    return (
        *(order.code, order.ordered_at, order.status),
        *(f"{order.total:f}" if order.total is not None else None, order.currency),
        *(order.phone, order.name, order.step, order.reason),
        *(shop.deal_url(order.lead_id) or order.lead_id, order.deal_at),
        *(None if lag_s is None else round(lag_s), ", ".join(differ)),
        *(", ".join(name for name, one in differ.items() if one["kept"]), order.compared_at),
    )


@router.post("/shops/{shop_id}/state")
async def set_state(desk: OwnDesk, shop_id: str) -> Response:
    """Pause a shop, or let it go on: its orders are fetched meanwhile, deals are not made."""
    shop = await find_shop(desk, shop_id)
    state = MAY_BE.get(desk.form.get("do", ""))
    if state is None:
        raise HTTPException(400)
    if shop.state == "off":
        return go(f"/shops/{shop.id}/setup")
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await shop_store.set_state(connection, shop.id, state)
        await enqueue(connection, WAKE, shop.row["crm_id"])
        await note(connection, desk.person.login, "set_state", f"shop:{shop.id}", {"state": state})
    return go(f"/shops?shop={shop.id}", "shop_paused" if state == "paused" else "shop_resumed")


@router.post("/shops/{shop_id}/run")
async def run(desk: OwnDesk, shop_id: str) -> Response:
    """Have a task run now; the worker does it."""
    shop, task = await find_shop(desk, shop_id), desk.form.get("task", "")
    if task not in MAY_RUN:
        raise HTTPException(400)
    if shop.state == "off":
        return go(f"/shops/{shop.id}/setup")
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await person_store.run_soon(connection, shop.id, task)
        await note(connection, desk.person.login, "run", f"shop:{shop.id}", {"task": task})
    return go(f"/shops?shop={shop.id}", "shop_runs")
