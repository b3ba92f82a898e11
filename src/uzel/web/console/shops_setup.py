"""Connecting a shop step by step; each step is saved by itself, and can be changed at any time."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from uzel.calls.check import Check
from uzel.connections.registry import Active
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.flows.kaspi_orders.take import WAKE
from uzel.jobs.queue import enqueue
from uzel.people.store import note
from uzel.views import shops_store as store
from uzel.web.console import shops_steps as steps
from uzel.web.console.access import access_of
from uzel.web.console.connections import check_now
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found
from uzel.web.console.page import go, render
from uzel.web.console.shops_desk import Shop, find_shop, spoken_words
from uzel.web.console.shops_lists import Lists, read_lists, stage_choices
from uzel.web.console.shops_trial import Trial, trial
from uzel.web.console.shops_zone import save_zone, zone_words
from uzel.web.console.typed import Typed

KASPI, AMOCRM = "kaspi", "amocrm"
MOST_DAYS = 14

router = APIRouter(include_in_schema=False)


def connections_of(desk: Desk, connector: str) -> list[Active]:
    """Those a shop can have."""
    return [
        active
        for active in desk.deps.registry.all()
        if active.connector.name == connector and active.state != "off"
    ]


@router.get("/shops/new")
async def show_new(desk: AdminDesk) -> Response:
    """Which account at Kaspi, and which amoCRM."""
    await desk.deps.registry.refresh()
    return await new_page(desk, Typed(desk.language, {}))


@router.post("/shops/new")
async def add(desk: AdminDesk) -> Response:
    """A shop, switched off; or a look whether a connection works, with what was chosen kept."""
    await desk.deps.registry.refresh()
    typed = Typed(desk.language, desk.form)
    sources, crms = await free_sources(desk), connections_of(desk, AMOCRM)
    if named := typed.plain("test"):
        active = found(next((a for a in (*sources, *crms) if str(a.id) == named), None))
        return await new_page(desk, typed, {active.id: await check_now(desk, active)})
    source = typed.choice("source", [str(active.id) for active in sources])
    crm = typed.choice("crm", [str(active.id) for active in crms])
    if typed.wrong:
        return await new_page(desk, typed)
    settings = ShopSettings().model_dump(mode="json", exclude_defaults=True)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        shop_id = await shop_store.add(
            connection, desk.business.id, int(source), int(crm), settings
        )
        said = {"source": int(source), "crm": int(crm)}
        await note(connection, desk.person.login, "add", f"shop:{shop_id}", said)
    return go(f"/shops/{shop_id}/setup")


async def free_sources(desk: Desk) -> list[Active]:
    """Kaspi connections that are no shop's yet."""
    taken = {row["source_id"] for row in await shop_store.every(desk.deps.pool)}
    return [active for active in connections_of(desk, KASPI) if active.id not in taken]


async def new_page(desk: Desk, typed: Typed, checks: Mapping[int, Check] | None = None) -> Response:
    """The form for a new shop."""
    sources, crms = await free_sources(desk), connections_of(desk, AMOCRM)
    return render(
        desk,
        "shops_new.html",
        422 if typed.wrong else 200,
        sources=sources,
        crms=crms,
        chosen={
            "source": typed.plain("source") or only(sources),
            "crm": typed.plain("crm") or only(crms),
        },
        checks=checks or {},
        access={active.id: await access_of(desk, active) for active in crms},
        wrong=typed.wrong,
        room_path="/shops",
    )


def only(among: Sequence[Active]) -> str:
    """What there is no choice about."""
    return str(among[0].id) if len(among) == 1 else ""


@router.get("/shops/{shop_id}/setup")
async def go_on(desk: AdminDesk, shop_id: str) -> Response:
    """To the first step that is not done."""
    shop = await find_shop(desk, shop_id)
    lights = steps.lights(shop)
    access = await access_of(desk, shop.crm) if shop.crm else None
    if access is None or not access.is_good:
        return go(f"/shops/{shop.id}/setup/crm")
    left = (it.code for it in lights if it.tone != "good" and it.code not in ("trial", "on"))
    return go(f"/shops/{shop.id}/setup/{next(left, 'on')}")


@router.get("/shops/{shop_id}/setup/{step}")
async def show_step(desk: AdminDesk, shop_id: str, step: str) -> Response:
    """A step with what is chosen now."""
    return await step_page(desk, await find_shop(desk, shop_id), known(step))


@router.post("/shops/{shop_id}/setup/{step}")
async def save_step(desk: AdminDesk, shop_id: str, step: str) -> Response:
    """Save a step and go to the next; or do what its other button says."""
    shop, typed = await find_shop(desk, shop_id), Typed(desk.language, desk.form)
    if known(step) == "crm":
        return await save_crm(desk, shop, typed)
    if step == "trial":
        return await step_page(desk, shop, step, tried=await trial(desk, shop))
    if step == "on":
        return await switch(desk, shop, typed)
    return await save_fields(desk, shop, step, typed)


async def save_fields(desk: Desk, shop: Shop, step: str, typed: Typed) -> Response:
    """Save what was chosen from amoCRM's lists; or make the fields that are missing there."""
    here = f"/shops/{shop.id}/setup"
    if typed.plain("do") == "create" and step in ("code", "goods"):
        if changes := await steps.create(desk, shop, step, typed):
            await save(desk, shop, changes)
            return go(f"{here}/{step}", "saved")
        return await step_page(desk, shop, step, typed)
    lists = await read_lists(desk, shop.crm, steps.asked_by(step, shop.settings))
    changes = steps.READERS[step](typed, shop.settings, lists)
    if typed.wrong:
        return await step_page(desk, shop, step, typed, lists)
    await save(desk, shop, changes)
    if changes.get("catalog_id") not in (None, shop.settings.catalog_id):
        # Its fields are still to be chosen.
        return go(f"{here}/goods", "shop_catalog")
    return go(f"{here}/{steps.ORDER[steps.ORDER.index(step) + 1]}", "shop_saved")


def known(step: str) -> str:
    """A step there is. Raises HTTPException 404."""
    if step not in steps.ORDER:
        raise HTTPException(404)
    return step


async def save(
    desk: Desk, shop: Shop, changes: Mapping[str, Any], crm_id: int | None = None
) -> None:
    """Write settings down; those of another amoCRM begin anew. What was chosen is kept even where
    it is what nobody's choice would be: so it shows that somebody chose. Raises HTTPException 422
    for what the flow could not read.
    """
    kept = {} if crm_id else shop.settings.model_dump(mode="json", exclude_unset=True)
    try:
        settings = ShopSettings.model_validate({**kept, **changes})
    except ValidationError:
        raise HTTPException(422) from None
    dumped = settings.model_dump(mode="json", exclude_unset=True)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await shop_store.change(connection, shop.id, crm_id or shop.row["crm_id"], dumped)
        said = {"changed": sorted(changes)}
        await note(connection, desk.person.login, "change", f"shop:{shop.id}", said)


async def save_crm(desk: Desk, shop: Shop, typed: Typed) -> Response:
    """Another amoCRM, as long as no deal is in the one before; or a look whether a side works."""
    crms = connections_of(desk, AMOCRM)
    if named := typed.plain("test"):
        sides = [active for active in (shop.source, *crms) if active is not None]
        active = found(next((a for a in sides if str(a.id) == named), None))
        checks = {active.id: await check_now(desk, active)}
        return await step_page(desk, shop, "crm", checks=checks)
    crm = typed.choice("crm", [str(active.id) for active in crms])
    if not typed.wrong and int(crm) != shop.row["crm_id"]:
        async with desk.deps.pool.acquire() as connection:
            if shop.state != "off" or await store.has_deals(connection, shop.id):
                typed.refuse("crm", m("Сделки этого магазина уже в другом amoCRM: сменить нельзя."))
    if typed.wrong:
        return await step_page(desk, shop, "crm", typed)
    if int(crm) != shop.row["crm_id"]:
        # The numbers of another account mean nothing here.
        await save(desk, shop, {}, int(crm))
    return go(f"/shops/{shop.id}/setup/deals", "shop_saved")


async def switch(desk: Desk, shop: Shop, typed: Typed) -> Response:
    """Switch the shop on or off, or take orders of earlier days, too."""
    wanted = typed.choice("do", ("on", "off", "earlier"))
    days = typed.number("days", 0, MOST_DAYS) or 0
    if wanted == "on":
        await save_zone(desk, shop, typed)
    if wanted == "on" and (shop.source is None or shop.crm is None):
        typed.refuse("do", m("Подключения нет: включать нечего."))
    if typed.wrong:
        return await step_page(desk, shop, "on", typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if wanted in ("on", "off"):
            await shop_store.set_state(connection, shop.id, wanted)
        if wanted != "off" and days:
            await shop_store.begin_earlier(connection, shop.id, days)
        await enqueue(connection, WAKE, shop.row["crm_id"])
        said = {"state": wanted, "days": days}
        await note(connection, desk.person.login, "set_state", f"shop:{shop.id}", said)
    done = {"on": "shop_on", "off": "shop_off", "earlier": "shop_earlier"}[wanted]
    return go(f"/shops?shop={shop.id}", done)


async def step_page(
    desk: Desk,
    shop: Shop,
    step: str,
    typed: Typed | None = None,
    lists: Lists | None = None,
    tried: Trial | None = None,
    checks: Mapping[int, Check] | None = None,
) -> Response:
    """A step: what can be chosen, what is, and what is wrong with what was typed."""
    if lists is None:
        asked = {} if step == "trial" and tried is None else steps.asked_by(step, shop.settings)
        lists = await read_lists(desk, shop.crm, asked)
    wrong: dict[str, Markup] = typed.wrong if typed else {}
    index = steps.ORDER.index(step)
    return render(
        desk,
        "shops_setup.html",
        422 if wrong else 200,
        shop=shop,
        mine=shop.settings,
        step_code=step,
        lights=steps.lights(shop),
        next_step=steps.ORDER[index + 1] if index + 1 < len(steps.ORDER) else None,
        lists=lists,
        problems=sorted(set(lists.problems.values())),
        values=values_of(shop, typed if wrong else None, lists),
        wrong=wrong,
        tried=tried,
        checks=checks or {},
        crms=connections_of(desk, AMOCRM),
        access=await access_of(desk, shop.crm) if shop.crm else None,
        stage_choices=stage_choices(lists.of("pipelines")),
        moves=steps.moves_to(shop.settings, lists),
        moving=steps.MOVES,
        catalogs=steps.catalogs(shop.settings, lists),
        pairs=lambda items: [(it["id"], it["name"]) for it in items],
        named=lists.name_of,
        is_product=steps.is_product(shop.settings.catalog_id, lists),
        most_days=MOST_DAYS,
        room_path="/shops",
        **zone_words(desk, shop),
        **spoken_words(desk, lists.stage_names),
    )


def values_of(shop: Shop, typed: Typed | None, lists: Lists) -> Mapping[str, str]:
    """What stands in the fields: what was typed, else what is set."""
    mine = shop.settings
    first = f"{mine.pipeline_id}:{mine.status_id}" if mine.status_id else ""
    ids = ("catalog_id", "order_code_field_id", "sku_field_id", "price_field_id")
    set_now = {
        "stage": first,
        "responsible": str(mine.responsible_user_id or ""),
        **{name: str(getattr(mine, name) or "") for name in ids},
        "catalog": str(mine.catalog_id or ""),
        "name": mine.name,
        "note": "on" if mine.note else "",
        "days": "0",
        "crm": str(shop.row["crm_id"]),
        **steps.moves_now(mine, lists),
    }
    if typed is None:
        return set_now
    return {**set_now, "note": "", **typed.form}
