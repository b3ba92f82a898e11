"""An order that is to have no deal: a person says so, and may take it back."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from uzel.flows.kaspi_orders import person_store
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.people.store import note
from uzel.web.console.desk import OwnDesk
from uzel.web.console.page import go, render
from uzel.web.console.shops_desk import spoken_words
from uzel.web.console.shops_order import find_life

LEFT_OUT = "left_out"
# What is asked for → (its act, the notice once it is done).
DONE: Mapping[str, tuple[str, str]] = {
    "leave": ("leave_out", "order_left_out"),
    "take": ("take_in", "order_taken_in"),
}

router = APIRouter(include_in_schema=False)


@router.get("/shops/orders/{order_id}/leave")
async def ask_to_leave(desk: OwnDesk, order_id: str) -> Response:
    """Whether the order is to have no deal, and what that means."""
    return await question(desk, order_id, "leave")


@router.get("/shops/orders/{order_id}/take")
async def ask_to_take(desk: OwnDesk, order_id: str) -> Response:
    """Whether the order is to have a deal after all."""
    return await question(desk, order_id, "take")


@router.post("/shops/orders/{order_id}/leave")
async def leave(desk: OwnDesk, order_id: str) -> Response:
    """From now on nothing is made, compared or proved for it."""
    return await change(desk, order_id, "leave")


@router.post("/shops/orders/{order_id}/take")
async def take(desk: OwnDesk, order_id: str) -> Response:
    """It goes on like any other."""
    return await change(desk, order_id, "take")


async def question(desk: OwnDesk, order_id: str, do: str) -> Response:
    """The page that asks; the order's own where there is nothing to ask any more."""
    life, shop = await find_life(desk, order_id)
    if (life.order.step == LEFT_OUT) != (do == "take"):
        return go(f"/shops/orders/{life.order.id}", "order_as_it_was")
    return render(desk, "shops_leave.html", order=life.order, shop=shop, **spoken_words(desk))


async def change(desk: OwnDesk, order_id: str, do: str) -> Response:
    """Do what was confirmed."""
    life, shop = await find_life(desk, order_id)
    act, notice = DONE[do]
    by = {"leave": person_store.leave_out, "take": person_store.take_in}[do]
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        done = await by(connection, shop.id, life.order.code)
        if done is not None:
            await enqueue(connection, WAKE, done["crm_id"])
            subject, said = f"shop_order:{life.order.id}", {"step": done["step"]}
            await note(connection, desk.person.login, act, subject, said)
    return go(f"/shops/orders/{life.order.id}", notice if done else "order_as_it_was")
