"""Exchange rates: all pairs, what waits for a second person, one pair's history, the limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.flows.bank_rates import store as bank_store
from uzel.people.store import note
from uzel.rates.change import Proposed, State, approve, end, propose, refuse
from uzel.rates.pair import BANKS, Pair, Rate, RateRefused, Why, pair_of, value_of
from uzel.rates.policy import policy
from uzel.rates.read import Standing, history, standings, waiting
from uzel.views import rates_store
from uzel.web.console import rates_picture
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.listing import row_id
from uzel.web.console.page import go
from uzel.web.console.partners_desk import blank, show
from uzel.web.console.partners_words import refusal
from uzel.web.console.typed import Typed

LONGEST_REASON = 500
FEW = 10

router = APIRouter(include_in_schema=False)


class Undone(Exception):
    """Takes back what was only tried."""


@dataclass(frozen=True, slots=True)
class Row:
    """A pair today. by: who entered what is used, or was used last; `approved_by`: the second
    person, if there was one.
    """

    standing: Standing
    rate: Rate | None
    is_old: bool
    by: str | None
    approved_by: str | None
    line: str | None

    @property
    def address(self) -> str:
        """Of its page."""
        return f"/rates/{self.standing.pair.base}-{self.standing.pair.quote}"


@router.get("/rates")
async def show_list(desk: OwnDesk) -> Response:
    """All of it."""
    return await list_page(desk, Typed(desk.language, {}))


async def list_page(desk: Desk, typed: Typed) -> Response:
    pool = desk.deps.pool
    rows = await rows_of(desk, await standings(pool))
    return show(
        desk,
        "rates.html",
        None,
        422 if typed.wrong else 200,
        rows=rows,
        waiting=await waiting(pool),
        policy=await policy(pool),
        banks=await banks_of(desk),
        values=blank(("pair", "value")) | dict(typed.form),
        wrong=typed.wrong,
        small=(rates_picture.SMALL_WIDTH, rates_picture.SMALL_HEIGHT),
    )


async def rows_of(desk: Desk, found: Sequence[Standing]) -> list[Row]:
    """Pairs in use first, then those that are too old, then those that were ended."""
    pool, now = desk.deps.pool, datetime.now(UTC)
    used = [it.rate or it.last for it in found]
    numbers = [rate.version for rate in used if rate is not None and rate.version is not None]
    people = await rates_store.versions(pool, numbers)
    keys = {
        it.pair.key: (it.pair, rate.source)
        for it, rate in zip(found, used, strict=True)
        if rate is not None
    }
    since = now - timedelta(days=rates_picture.DAYS)
    went = await rates_store.went(pool, list(keys), since)
    lines = rates_picture.small_lines(keys, went, now)
    rows = []
    for it, rate in zip(found, used, strict=True):
        who = people.get(rate.version or 0) if rate else None
        by, second = (who["entered_by"], who["decided_by"]) if who else (None, None)
        old = it.rate is None and it.last is not None
        rows.append(Row(it, rate, old, by, second, lines.get(it.pair.key)))
    return sorted(rows, key=lambda row: (row.rate is None, row.is_old, str(row.standing.pair)))


async def banks_of(desk: Desk) -> list[tuple[Any, Any]]:
    """Connections to banks, and how asking them went last."""
    rows = {row["connection_id"]: row for row in await bank_store.every(desk.deps.pool)}
    return [
        (active, rows.get(active.id))
        for active in desk.deps.registry.all()
        if active.connector.name in BANKS and active.state != "off"
    ]


@router.post("/rates/set")
async def set_rate(desk: AdminDesk) -> Response:
    """Say first what would become of it; enter it once that was seen."""
    typed = Typed(desk.language, desk.form)
    try:
        pair, value = pair_of(typed.plain("pair")), value_of(typed.plain("value"))
        sure = desk.form.get("sure") == "yes"
        made = await enter(desk, pair, value, sure=sure)
    except RateRefused as error:
        typed.wrong["value"] = refusal(desk, error)
        return await list_page(desk, typed)
    if sure:
        waits = made.state is State.WAITING
        return go(f"/rates/{pair.base}-{pair.quote}", "rate_waits" if waits else "rate_set")
    return await pair_page(desk, pair, typed, (value, made))


async def enter(desk: Desk, pair: Pair, value: Decimal, *, sure: bool) -> Proposed:
    """Enter a rate, or only try. Raises RateRefused."""
    made: Proposed | None = None
    by = desk.person.login
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            made = await propose(connection, pair, value, by=by)
            if not sure:
                raise Undone
            moved = None if made.move is None else format(made.move, "f")
            said = {"pair": str(pair), "value": str(value), "state": made.state, "move": moved}
            await note(connection, by, "set_rate", f"rate:{made.version}", said)
    except Undone:
        assert made is not None
    return made


@router.post("/rates/waiting/{version}")
async def decide(desk: AdminDesk, version: str) -> Response:
    """Bring what waits into force, or have it never be."""
    number, act, by = row_id(version), desk.form.get("do", ""), desk.person.login
    typed = Typed(desk.language, desk.form)
    if act not in ("approve", "refuse"):
        raise HTTPException(400)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            reason = typed.line("reason", LONGEST_REASON, needed=False) or None
            if act == "approve":
                await approve(connection, number, by=by)
            else:
                await refuse(connection, number, by=by, reason=reason)
            said = {"reason": reason} if reason else {}
            await note(connection, by, f"{act}_rate", f"rate:{number}", said)
    except RateRefused as error:
        if error.why is Why.UNKNOWN:
            raise HTTPException(404) from None
        typed.wrong[""] = refusal(desk, error)
        return await list_page(desk, typed)
    return go("/rates", "rate_approved" if act == "approve" else "rate_refused")


@router.post("/rates/end")
async def end_pair(desk: AdminDesk) -> Response:
    """Take back what people entered of a pair: a bank's rate is used again where there is one."""
    typed, by = Typed(desk.language, desk.form), desk.person.login
    try:
        pair = pair_of(typed.plain("pair"))
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            version = await end(connection, pair, by=by)
            await note(connection, by, "end_rate", f"rate:{version}", {"pair": str(pair)})
    except RateRefused as error:
        typed.wrong[""] = refusal(desk, error)
        return await list_page(desk, typed)
    return go(f"/rates/{pair.base}-{pair.quote}", "rate_ended")


@router.get("/rates/{pair}")
async def show_pair(desk: OwnDesk, pair: str) -> Response:
    """One pair: what is used, how it went, who said so."""
    try:
        return await pair_page(desk, pair_of(pair), Typed(desk.language, {}), None)
    except RateRefused:
        raise HTTPException(404) from None


async def pair_page(
    desk: Desk, pair: Pair, typed: Typed, told: tuple[Decimal, Proposed] | None
) -> Response:
    pool, now = desk.deps.pool, datetime.now(UTC)
    since = now - timedelta(days=rates_picture.DAYS)
    points = await history(pool, pair.base, pair.quote, since)
    every = [it for it in await standings(pool) if it.pair.key == pair.key]
    rows = await rows_of(desk, every)
    return show(
        desk,
        "rates_pair.html",
        None,
        422 if typed.wrong else 200,
        pair=pair,
        row=rows[0] if rows else None,
        points=points[::-1],
        few=FEW,
        picture=rates_picture.picture(pair, points, now.astimezone(desk.zone)),
        waiting=[it for it in await waiting(pool) if it.rate.pair.key == pair.key],
        policy=await policy(pool),
        values=blank(("pair", "value"), pair=str(pair)) | dict(typed.form),
        wrong=typed.wrong,
        told=told,
    )
