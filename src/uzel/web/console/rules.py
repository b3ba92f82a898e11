"""The rules of a business: in words on one page, and a form for each section of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from markupsafe import escape
from starlette.responses import Response

from uzel.connections import business_store
from uzel.connections.store import save_rules
from uzel.errors import ConfigError
from uzel.flows.review_requests.reckon import outdated, reckon_anew
from uzel.messages import budget
from uzel.model.rules import Rules, read_rules
from uzel.people.store import note
from uzel.web.console import rates_form, route_form
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.listing import found
from uzel.web.console.page import go, render
from uzel.web.console.place_form import SOURCES, as_business
from uzel.web.console.route_form import Ways
from uzel.web.console.rules_form import CURRENCIES, GAP, SECTIONS, Section, rules_in
from uzel.web.console.rules_words import WORDS, Seen
from uzel.web.console.typed import Typed, span_words

# Rules with people's addresses in them: the audit says how many, not whose.
LISTS_OF_PEOPLE = ("never", "allowed")

router = APIRouter(include_in_schema=False)


@router.get("/business/rules")
async def show(desk: OwnDesk) -> Response:
    """All rules in words."""
    row = await business_store.rules_of(desk.deps.pool, desk.business.id)
    seen = Seen(desk.language, rules_in(row["rules"]), row[GAP], ways_of(desk))
    sections = [(section, list(WORDS[name](seen))) for name, section in SECTIONS.items()]
    wrong = unreadable(row["rules"])
    return render(
        desk,
        "rules.html",
        sections=sections,
        unreadable=wrong,
        outdated=0 if wrong else await count_outdated(desk),
    )


async def count_outdated(desk: Desk) -> int:
    """How many requests wait by rules that have changed since."""
    async with desk.deps.pool.acquire() as connection:
        return await outdated(connection, desk.business.id)


@router.post("/business/rules/reckon")
async def reckon(desk: AdminDesk) -> Response:
    """Have the rules of now hold for what waits."""
    business = desk.business.id
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        count = await reckon_anew(connection, business)
        said = {"section": "timing", "reckoned": count}
        await note(connection, desk.person.login, "change", f"business:{business}", said)
    return go("/business/rules", "reckoned")


def unreadable(stored: Mapping[str, Any]) -> str:
    """Why stored rules cannot be read, if they cannot."""
    try:
        read_rules(stored)
    except ConfigError as error:
        return str(error)
    return ""


@router.get("/business/rules/{name}/edit")
async def show_section(desk: AdminDesk, name: str) -> Response:
    """The form of a section."""
    return await page_of(desk, found(SECTIONS.get(name)))


@router.post("/business/rules/{name}/edit")
async def save_section(desk: AdminDesk, name: str) -> Response:
    """Change what the section is about, and nothing else."""
    section = found(SECTIONS.get(name))
    typed = Typed(desk.language, desk.form)
    values = section.read(typed, ways_of(desk))
    if not typed.wrong:
        await write(desk, typed, section, values)
    if typed.wrong:
        return await page_of(desk, section, typed)
    return go("/business/rules", "saved")


async def write(desk: Desk, typed: Typed, section: Section, values: dict[str, Any]) -> None:
    """Store the values beside the other rules, unless they do not go together."""
    gap_days = values.pop(GAP, None)
    business = desk.business.id
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        stored = await business_store.lock_rules(connection, business)
        before = rules_in(stored)
        try:
            after = read_rules({**before.model_dump(), **values})
        except ConfigError as error:
            typed.wrong[""] = escape(str(error))
            return
        kept = after.model_dump(mode="json", exclude_defaults=True)
        await save_rules(connection, business, kept)
        if gap_days is not None:
            await business_store.save_gap(connection, business, gap_days)
        said = {"section": section.name, **changes(before, after)}
        if gap_days not in (None, desk.business.request_gap_days):
            said[GAP] = gap_days
        await note(connection, desk.person.login, "change", f"business:{business}", said)
    if budget_of(before) != budget_of(after):
        # Not in the transaction that locks the business: who opens its day has to wait for that.
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            await budget.changed(connection, business, datetime.now(desk.business.zone).date())


def budget_of(rules: Rules) -> tuple[int | None, int | None]:
    """What a day may cost."""
    return rules.budget_day_minor, rules.messages_per_day


def changes(before: Rules, after: Rules) -> dict[str, Any]:
    """What is different now, for the audit."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = {name: value for name, value in new.items() if value != old[name]}
    return {
        name: len(value) if name in LISTS_OF_PEOPLE else value for name, value in changed.items()
    }


def ways_of(desk: Desk) -> Ways:
    """The connections of the chosen business that reach people."""
    return Ways.of(desk.business.id, desk.deps.registry.all())


async def page_of(desk: Desk, section: Section, typed: Typed | None = None) -> Response:
    """The form, with what was typed and what is wrong with it."""
    row = await business_store.rules_of(desk.deps.pool, desk.business.id)
    rules = rules_in(row["rules"])
    values: Mapping[str, str] = {**section.shown(rules), GAP: str(row[GAP])}
    if typed is not None:
        values = {**dict.fromkeys(values, ""), **typed.form}
    usual = Rules()
    return render(
        desk,
        f"rules_{section.name}.html",
        422 if typed else 200,
        section=section,
        values=values,
        wrong=typed.wrong if typed else {},
        rows=(rates_form if section.name == "money" else route_form).rows_in(values),
        ways=ways_of(desk),
        currencies=CURRENCIES,
        delays={s: span_words(desk.language, as_business(usual, s)) for s in SOURCES},
    )
