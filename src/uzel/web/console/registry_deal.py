"""A record's deal in amoCRM: where it is, or what it waits for; tried once more by a person."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.crm.field import Module
from uzel.crm.record import Record
from uzel.flows.registry_deals import mirror_store, switching
from uzel.people.store import note
from uzel.views import mirrors_store
from uzel.web.console import words
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found
from uzel.web.console.page import go
from uzel.web.console.registry_desk import living, modules, path_of

# How a reason begins that names the step it comes from → what that step was.
REASONS = {
    "contact: ": m("amoCRM не принимает контакт: {why}"),
    "find: ": m("amoCRM не даёт искать сделки: {why}"),
    "note: ": m("примечание в сделку не добавлено: {why}"),
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Deal:
    """step: of table crm_mirrored; url: the deal's card; is_on: whether its registry makes deals
    now; crm: None where this process does not know the connection.
    """

    step: str
    lead_id: int | None
    url: str | None
    at: datetime | None
    why: Markup
    is_on: bool
    crm: Active | None


async def deal_of(desk: Desk, module: Module, record: Record) -> Deal | None:
    """What became of a record; None where it is mirrored nowhere."""
    number = module.wire_id(record.id)
    row = await mirrors_store.of_record(desk.deps.pool, desk.business.id, number)
    if row is None:
        return None
    crm = desk.deps.registry.get(row["crm_id"])
    return Deal(
        row["step"],
        row["lead_id"],
        deal_url(crm, row["lead_id"]),
        row["deal_at"],
        why(desk.language, row["reason"]),
        row["state"] == "on",
        crm,
    )


def deal_url(crm: Active | None, lead_id: int | None) -> str | None:
    """The card of a deal."""
    base_url = getattr(crm.config, "base_url", None) if crm else None
    return f"{base_url}/leads/detail/{lead_id}" if base_url and lead_id else None


def why(spoken: Language, reason: str | None) -> Markup:
    """Why a deal is not made, or a note not written."""
    for start, said in REASONS.items():
        if reason and reason.startswith(start):
            rest = words.detail(spoken, reason.removeprefix(start))
            return spoken.text(said, why=rest or "—")
    return words.detail(spoken, reason)


@router.post("/registry/records/{number}/deal")
async def try_again(desk: OwnDesk, number: str) -> Response:
    """Once more, what is stuck."""
    known = await modules(desk)
    record = (await living(desk, known, number)).record
    wire_id = known[record.module].wire_id(record.id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        mirror = found(await mirror_store.of_source(connection, desk.business.id, None))
        tried = await switching.retry(connection, mirror, wire_id)
        if tried:
            await note(connection, desk.person.login, "retry_deal", f"record:{record.id}", {})
    return go(path_of(record.id), "deal_again" if tried else "deal_as_it_was")
