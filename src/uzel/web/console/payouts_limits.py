"""How much may leave, and above what two people have to approve: shown to all, changed by
administrators.
"""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store
from uzel.payouts.limits import Limits, limits_of, set_limits
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
    "person_count": (
        m("Выплат на одну карту или телефон за день"),
        m("Сколько раз, а не сколько денег."),
    ),
    "operator_day": (
        m("Одному утверждающему за день, ₽"),
        m("Сколько может уйти за день по слову одного человека."),
    ),
    "day": (m("Все выплаты за день, ₽"), m("Остальное уходит на следующий день.")),
    "two_above": (
        m("Двое утверждают больше, чем, ₽"),
        m("Заявку больше этой суммы утверждают два человека."),
    ),
}
# The one that counts payouts.
COUNTED, MOST_COUNTED = "person_count", 1_000_000
TWO = "two_above"

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
                name: shown(name, value) for name, value in (await now(connection, active)).items()
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


def shown(name: str, value: int | None) -> str:
    """As it stands in its field."""
    return money_shown(value) if name != COUNTED else str("" if value is None else value)


async def now(connection: Connection, active: Active) -> dict[str, int | None]:
    """Field → minor units, or how many; None: no limit."""
    known = asdict(await limits_of(connection, active.id))
    return {**known, TWO: await claim_store.two_above(connection, active.id)}


@router.post("/payouts/limits")
async def change(desk: AdminDesk) -> Response:
    """From the next payout on; an empty field is no limit."""
    typed = Typed(desk.language, desk.form)
    chosen = whole(desk.form.get("through"), LARGEST_INT)
    active = next((it for it in providers(desk) if it.id == chosen), None)
    if active is None:
        raise HTTPException(404)
    values = {
        name: typed.number(name, 0, MOST_COUNTED)
        if name == COUNTED
        else typed.money(name, MOST_MINOR)
        for name in FIELDS
    }
    if typed.wrong:
        return await limits_page(desk, chosen, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if values != await now(connection, active):
            await keep(connection, active, values)
            await note(connection, desk.person.login, "limit", f"payouts:{active.id}", values)
    return go("/payouts/limits", "saved")


async def keep(connection: Connection, active: Active, values: dict[str, int | None]) -> None:
    limits = {name: value for name, value in values.items() if name != TWO}
    await set_limits(connection, active.id, Limits(**limits))
    await claim_store.set_two_above(connection, active.id, values[TWO])
