"""A registry's deals switched on, or made otherwise: chosen, looked at without doing it, done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.errors import ConfigError
from uzel.flows.kaspi_orders.settings import split_stage
from uzel.flows.registry_deals import switching
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.flows.registry_deals.switching import Switched
from uzel.people.store import note
from uzel.web.console import words
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found
from uzel.web.console.page import go
from uzel.web.console.registry_desk import show
from uzel.web.console.registry_mirror import DEALS, OWN, PATH, Mirror, connections_with, mirrors
from uzel.web.console.shops_lists import Lists, read_lists, stage_choices
from uzel.web.console.typed import Typed

MOST_DAYS = 3650
FIELDS = ("stage", "responsible", "deals", "days")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which registry becomes deals of which CRM; `lists` as that CRM tells them."""

    mirror: Mirror
    crms: Sequence[Active]
    crm: Active | None
    lists: Lists


async def chosen_of(desk: Desk, source: str, crm: str) -> Chosen:
    """By the ids that stand in an address or a form. A registry's deals stay in the CRM they were
    begun in. Raises HTTPException 404 for what is none.
    """
    await desk.deps.registry.refresh()
    named = (it for it in await mirrors(desk) if str(it.source.id if it.source else "") == source)
    mirror = found(next(named, None))
    crms = connections_with(desk, "create_leads")
    if mirror.row is not None:
        crms = [active for active in crms if active.id == mirror.row["crm_id"]]
    if crm or len(crms) != 1:
        wanted = next((active for active in crms if str(active.id) == crm), None)
        active = found(wanted) if crm else None
    else:
        (active,) = crms
    lists = Lists()
    if active is not None:
        lists = await read_lists(desk, active, {"pipelines": {}, "users": {}})
    return Chosen(mirror, crms, active, lists)


@router.get("/registry/mirror/on")
async def ask(desk: AdminDesk) -> Response:
    """Which CRM, where there are several; then how deals are made."""
    query = desk.request.query_params
    chosen = await chosen_of(desk, query.get("source", ""), query.get("crm", ""))
    return on_page(desk, chosen, Typed(desk.language, {}))


def on_page(desk: Desk, chosen: Chosen, typed: Typed) -> Response:
    """The form, with what was typed or holds now."""
    kept = chosen.mirror.settings
    stage = f"{kept.pipeline_id}:{kept.status_id}" if kept.status_id is not None else ""
    values = {
        "stage": stage,
        "responsible": str(kept.responsible_user_id or ""),
        "deals": chosen.mirror.deals,
        "days": "0",
    }
    return show(
        desk,
        "registry_mirror_on.html",
        422 if typed.wrong else 200,
        tab=PATH,
        own=OWN,
        chosen=chosen,
        mirror=chosen.mirror,
        lists=chosen.lists,
        stages=stage_choices(chosen.lists.of("pipelines")),
        users=[(it["id"], it["name"]) for it in chosen.lists.of("users")],
        kinds=DEALS,
        most_days=MOST_DAYS,
        values={name: typed.form.get(name, values[name]) for name in FIELDS},
        wrong=typed.wrong,
    )


@router.post("/registry/mirror/on")
async def switch_on(desk: AdminDesk) -> Response:
    """What it would do; or do it; or back to the form."""
    typed = Typed(desk.language, desk.form)
    chosen = await chosen_of(desk, typed.plain("source"), typed.plain("crm"))
    settings, days = settings_of(typed, chosen), typed.number("days", 0, MOST_DAYS) or 0
    do = typed.choice("do", ("look", "back", "on"))
    if typed.wrong or do == "back" or chosen.crm is None:
        return on_page(desk, chosen, typed)
    since = datetime.now(UTC) - timedelta(days=days)
    try:
        switched = await switched_by(desk, chosen, settings, since, dry=do == "look")
    except ConfigError as error:
        typed.wrong[""] = words.detail(desk.language, str(error))
        return on_page(desk, chosen, typed)
    return go(PATH, "mirror_on") if do == "on" else seen_page(desk, chosen, settings, switched)


def settings_of(typed: Typed, chosen: Chosen) -> MirrorSettings:
    """What was chosen over what holds now."""
    kept = chosen.mirror.settings
    lists = chosen.lists
    if not lists.has("pipelines"):
        typed.refuse("stage", m("Воронки не прочитаны: сохранить нельзя."))
        return kept
    stages = [value for _, some in stage_choices(lists.of("pipelines")) for value, _ in some]
    stage = typed.choice("stage", ["", *stages])
    deals = typed.choice("deals", DEALS)
    changes: dict[str, Any] = {"pipeline_id": None, "status_id": None}
    if lists.has("users"):
        user = typed.choice("responsible", ["", *(str(it["id"]) for it in lists.of("users"))])
        changes["responsible_user_id"] = int(user) if user.isdigit() else None
    if typed.wrong:
        return kept
    if stage:
        changes["pipeline_id"], changes["status_id"] = split_stage(stage)
    changes["deals"] = DEALS[deals][0]
    return MirrorSettings.model_validate({**kept.model_dump(), **changes})


async def switched_by(
    desk: Desk, chosen: Chosen, settings: MirrorSettings, since: datetime, *, dry: bool
) -> Switched:
    """Switch it on; `dry`: nothing of it stays. Raises ConfigError."""
    assert chosen.crm is not None
    source, crm, login = chosen.mirror.source, chosen.crm, desk.person.login
    async with desk.deps.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            switched = await switching.switch_on(
                *(connection, desk.business.id, source, crm, settings, since, login), dry=dry
            )
            said = {"business": desk.business.id, "stage": stage_of(chosen, settings)}
            await note(connection, login, "registry.mirror_on", crm.title, said)
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if dry else transaction.commit())
    return switched


def stage_of(chosen: Chosen, settings: MirrorSettings) -> str | None:
    """What people call the stage where deals begin; None where the CRM decides."""
    if settings.status_id is None:
        return None
    code = f"{settings.pipeline_id}:{settings.status_id}"
    return chosen.lists.stage_names.get(code, code)


def seen_page(desk: Desk, chosen: Chosen, settings: MirrorSettings, switched: Switched) -> Response:
    """What would come of it."""
    return show(
        desk,
        "registry_mirror_seen.html",
        tab=PATH,
        own=OWN,
        chosen=chosen,
        mirror=chosen.mirror,
        stage=stage_of(chosen, settings),
        user=chosen.lists.name_of("users", settings.responsible_user_id)
        if settings.responsible_user_id
        else None,
        kinds=DEALS,
        switched=switched,
        typed={name: desk.form.get(name, "") for name in ("source", "crm", *FIELDS)},
    )
