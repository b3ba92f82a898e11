"""How much may leave, and above what two people have to approve: shown to all, changed by
administrators.
"""

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.kit.database import Connection
from uzel.payouts import payout_store
from uzel.payouts.claims import claim_store
from uzel.people.store import note
from uzel.views import partners_store
from uzel.web.console.claims_desk import providers, show
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go
from uzel.web.console.typed import Typed, money_shown

MOST_MINOR = 10**14
MOST_ACTS = 20
# Field → (its name, what it means).
FIELDS = {
    "payout": (m("Одна выплата, ₽"), m("Больше одной выплатой не уходит.")),
    "person_day": (
        m("На одну карту или телефон за день, ₽"),
        m("Под каким бы именем их ни называли."),
    ),
    "day": (m("Все выплаты за день, ₽"), m("Остальное уходит на следующий день.")),
    "two_above": (
        m("Двое утверждают больше, чем, ₽"),
        m("Заявку больше этой суммы утверждают два человека."),
    ),
}
LIMITS = ("payout", "person_day", "day")

router = APIRouter(include_in_schema=False)


@router.get("/payouts/limits")
async def show_limits(desk: OwnDesk) -> Response:
    """Those of each connection."""
    return await limits_page(desk)


async def limits_page(
    desk: Desk, chosen: int | None = None, typed: Typed | None = None
) -> Response:
    """`typed`: a form of the chosen connection that is wrong."""
    pool, sheets = desk.deps.pool, []
    async with pool.acquire() as connection:
        for active in providers(desk):
            values: dict[str, Any] = {
                name: money_shown(minor) for name, minor in (await now(connection, active)).items()
            }
            if typed is not None and active.id == chosen:
                values |= {name: typed.form.get(name, "") for name in FIELDS}
            sheets.append((active, values, typed.wrong if typed and active.id == chosen else {}))
    acts = [
        (active, row)
        for active, _, _ in sheets
        for row in await partners_store.acts(pool, f"payouts:{active.id}", MOST_ACTS)
    ]
    status = 422 if typed is not None else 200
    return show(desk, "payouts_limits.html", status, sheets=sheets, fields_of=FIELDS, acts=acts)


async def now(connection: Connection, active: Active) -> dict[str, int | None]:
    """Field → minor units; None: no limit."""
    row = await payout_store.limits(connection, active.id)
    known = {name: row[f"{name}_minor"] if row else None for name in LIMITS}
    return {**known, "two_above": await claim_store.two_above(connection, active.id)}


@router.post("/payouts/limits")
async def change(desk: AdminDesk) -> Response:
    """From the next payout on; an empty field is no limit."""
    typed = Typed(desk.language, desk.form)
    chosen = whole(desk.form.get("through"), LARGEST_INT)
    active = next((it for it in providers(desk) if it.id == chosen), None)
    if active is None:
        raise HTTPException(404)
    values = {name: typed.money(name, MOST_MINOR) for name in FIELDS}
    if typed.wrong:
        return await limits_page(desk, chosen, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if values != await now(connection, active):
            await keep(connection, active, values)
            await note(connection, desk.person.login, "limit", f"payouts:{active.id}", values)
    return go("/payouts/limits", "saved")


async def keep(connection: Connection, active: Active, values: dict[str, int | None]) -> None:
    chosen = (values["payout"], values["person_day"], values["day"])
    await payout_store.set_limits(connection, active.id, chosen)
    await claim_store.set_two_above(connection, active.id, values["two_above"])
