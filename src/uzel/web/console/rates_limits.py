"""How far rates may move by one word, how old they may be, whose goes first."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.people.store import note
from uzel.rates.pair import SOURCES
from uzel.rates.policy import Policy, policy, set_policy
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.page import go
from uzel.web.console.partners_desk import show
from uzel.web.console.typed import Typed

LONGEST_DAYS = 3650
PERCENTS = ("move_percent", "jump_percent")

router = APIRouter(include_in_schema=False)


@router.get("/rates/limits/edit")
async def ask_limits(desk: AdminDesk) -> Response:
    """What is set now."""
    return limits_page(desk, shown(await policy(desk.deps.pool)), {})


def limits_page(desk: Desk, values: Mapping[str, str], wrong: Mapping[str, Any]) -> Response:
    return show(
        desk, "rates_limits.html", None, 422 if wrong else 200, values=values, wrong=wrong,
        sources=SOURCES,
    )  # fmt: skip


def shown(now: Policy) -> dict[str, str]:
    """The limits as they stand in the fields."""
    places = {f"source_{place}": source for place, source in enumerate(now.sources)}
    blank = {f"source_{place}": "" for place in range(len(SOURCES))}
    return {
        **{name: f"{getattr(now, name).normalize():f}" for name in PERCENTS},
        "bank_days": str(now.bank_days),
        "admin_days": "" if now.admin_days is None else str(now.admin_days),
        **blank,
        **places,
    }


@router.post("/rates/limits/edit")
async def save(desk: AdminDesk) -> Response:
    """Change them from now on."""
    typed = Typed(desk.language, desk.form)
    changes = read(typed, await policy(desk.deps.pool))
    if typed.wrong:
        blank = dict.fromkeys(shown(Policy()), "")
        return limits_page(desk, {**blank, **typed.form}, typed.wrong)
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await set_policy(connection, by=login, **changes)
        said = {name: str(value) for name, value in changes.items()}
        await note(connection, login, "set_rate_limits", None, said)
    return go("/rates", "saved")


def read(typed: Typed, now: Policy) -> dict[str, Any]:
    """What the form says; `typed.wrong` where it is wrong."""
    changes: dict[str, Any] = {}
    for name in PERCENTS:
        percent = typed.decimal(name)
        if percent is not None and percent >= 100:
            typed.refuse(name, m("Нужно меньше {lt}."), lt=100)
        changes[name] = getattr(now, name) if percent is None else percent
    bank_days = typed.number("bank_days", 0, LONGEST_DAYS)
    changes["bank_days"] = now.bank_days if bank_days is None else bank_days
    changes["admin_days"] = typed.number("admin_days", 0, LONGEST_DAYS)
    given = [typed.plain(f"source_{place}") for place in range(len(SOURCES))]
    sources = tuple(dict.fromkeys(source for source in given if source))
    if not sources or not set(sources) <= set(SOURCES):
        typed.refuse("source_0", m("Выберите одно из списка."))
    changes["sources"] = sources
    return changes
