"""What becomes of a registry in amoCRM: how far it is, what is stuck, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.flows.registry_deals import mirror_store, switching
from uzel.flows.registry_deals.settings import MirrorSettings
from uzel.people.store import note
from uzel.views import mirrors_store
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, found, row_id
from uzel.web.console.page import go
from uzel.web.console.registry_deal import deal_url, why
from uzel.web.console.registry_desk import path_of, show
from uzel.web.console.shops_names import stage_names

PATH = "/registry/mirror"
MOST_SHOWN = 50
OWN = m("Реестр Узла")
# Choice → (the modules whose records become deals, what that is called).
DEALS: dict[str, tuple[tuple[str, ...], str]] = {
    "both": (("Contacts", "Project"), m("люди и проекты")),
    "people": (("Contacts",), m("только люди")),
    "projects": (("Project",), m("только проекты")),
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A registry, and what it becomes. source: the vtiger it is, None for our own; row: of
    `mirrors_store.mirrors`, None where it becomes nothing; stage: where deals begin, as far as it
    is known; stuck: `mirrors_store.stuck`.
    """

    source: Active | None
    row: Any = None
    crm: Active | None = None
    stage: str | None = None
    stuck: Sequence[Any] = ()

    @property
    def settings(self) -> MirrorSettings:
        """How deals are made."""
        return MirrorSettings.model_validate(self.row["settings"] if self.row else {})

    @property
    def deals(self) -> str:
        """A key of DEALS."""
        wanted = set(self.settings.deals)
        return next(code for code, (modules, _) in DEALS.items() if set(modules) == wanted)

    @property
    def is_on(self) -> bool:
        """Whether new records become deals."""
        return self.row is not None and self.row["state"] == "on"


def connections_with(desk: Desk, operation: str) -> list[Active]:
    """Those of the business that can do something, and are not switched off."""
    return [
        active
        for active in desk.deps.registry.all()
        if active.business_id == desk.business.id
        and operation in active.connector.operations
        and active.state != "off"
    ]


async def mirrors(desk: Desk) -> list[Mirror]:
    """Our registry first, then every vtiger that there is, or that is read."""
    registry = desk.deps.registry
    rows = await mirrors_store.mirrors(desk.deps.pool, desk.business.id)
    by_source = {row["source_id"]: row for row in rows}
    numbers = [None, *(active.id for active in connections_with(desk, "sync"))]
    numbers += [number for number in by_source if number not in numbers]
    made = []
    for number in numbers:
        source = registry.get(number) if number is not None else None
        row = by_source.get(number)
        made.append(Mirror(source) if row is None else await mirror_of(desk, source, row))
    return made


async def mirror_of(desk: Desk, source: Active | None, row: Any) -> Mirror:
    """One that was switched on."""
    crm = desk.deps.registry.get(row["crm_id"])
    settings = MirrorSettings.model_validate(row["settings"])
    stage = None
    if settings.status_id is not None:
        names = await stage_names(desk, row["crm_id"], crm)
        code = f"{settings.pipeline_id}:{settings.status_id}"
        stage = names.get(code, f"№ {code}")
    stuck = await mirrors_store.stuck(desk.deps.pool, row["id"], MOST_SHOWN)
    return Mirror(source, row, crm, stage, stuck)


async def the_mirror(desk: Desk, number: str) -> Any:
    """A row of this business's. Raises HTTPException 404."""
    row = await mirror_store.one(desk.deps.pool, row_id(number, LARGEST_INT))
    return found(row if row is not None and row["business_id"] == desk.business.id else None)


@router.get("/registry/mirror")
async def show_mirrors(desk: AdminDesk) -> Response:
    """All of them."""
    return show(
        desk,
        "registry_mirror.html",
        tab=PATH,
        mirrors=await mirrors(desk),
        crms=connections_with(desk, "create_leads"),
        own=OWN,
        kinds=DEALS,
        most=MOST_SHOWN,
        why=lambda reason: why(desk.language, reason),
        deal_url=deal_url,
        record_path=lambda number: path_of(int(number.partition("x")[2])),
    )


@router.post("/registry/mirror/{number}/retry")
async def try_again(desk: AdminDesk, number: str) -> Response:
    """Once more what is stuck: one record, or all."""
    mirror = await the_mirror(desk, number)
    wanted = desk.form.get("number") or None
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        tried = await switching.retry(connection, mirror, wanted)
        if tried:
            said = {"business": desk.business.id, "number": wanted}
            await note(
                connection, desk.person.login, "registry.mirror_retry", str(mirror["id"]), said
            )
    return go(PATH, "deal_again" if tried else "deal_as_it_was")


@router.get("/registry/mirror/{number}/off")
async def ask_off(desk: AdminDesk, number: str) -> Response:
    """Whether no more deals are to be made."""
    wanted = (await the_mirror(desk, number))["id"]
    mirror = next(it for it in await mirrors(desk) if it.row and it.row["id"] == wanted)
    return show(desk, "registry_mirror_off.html", tab=PATH, mirror=mirror, own=OWN)


@router.post("/registry/mirror/{number}/off")
async def switch_off(desk: AdminDesk, number: str) -> Response:
    """Deals that are there stay."""
    mirror = await the_mirror(desk, number)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await mirror_store.set_state(connection, mirror["id"], "off")
        said = {"business": desk.business.id}
        await note(connection, desk.person.login, "registry.mirror_off", str(mirror["id"]), said)
    return go(PATH, "mirror_off")
