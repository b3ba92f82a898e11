"""Connections: all with their lights, one with what can be done about it, how to set it up."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.calls.check import TESTED, Check, Seen, check_and_note
from uzel.calls.plan import wake
from uzel.connections import manage, store
from uzel.connections.registry import Active
from uzel.connectors import connectors
from uzel.people.store import note
from uzel.views import provider_store
from uzel.views.overview import Breaker, to_breaker
from uzel.views.overview_store import troubled_connections
from uzel.web.console.access import Access, access_of
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.listing import LARGEST_INT, found, row_id
from uzel.web.console.markdown import to_html
from uzel.web.console.page import go, render

# In our READMEs this stands for the installation's own address.
OUR_ADDRESS = "https://ВАШ-УЗЕЛ"

router = APIRouter(include_in_schema=False)


@router.get("/connections")
async def show_list(desk: OwnDesk) -> Response:
    """All connections."""
    await desk.deps.registry.refresh()
    rest, failed = await resting(desk), await failed_tests(desk)
    lights = {
        active.id: light_of(active, await access_of(desk, active), rest, failed)
        for active in desk.deps.registry.all()
    }
    return render(
        desk,
        "connections.html",
        connections=list(desk.deps.registry.all()),
        lights=lights,
        resting=rest,
        failed=failed,
    )


@router.get("/connections/{connection_id}")
async def show_one(desk: OwnDesk, connection_id: str) -> Response:
    """One connection."""
    return await page_of(desk, await find(desk, connection_id))


@router.post("/connections/{connection_id}/test")
async def test(desk: OwnDesk, connection_id: str) -> Response:
    """Ask the provider whether it accepts the settings; changes nothing here or there."""
    active = await find(desk, connection_id)
    return await page_of(desk, active, checked=await check_now(desk, active))


@router.post("/connections/{connection_id}/pause")
async def pause(desk: OwnDesk, connection_id: str) -> Response:
    """Let calls wait; events go on coming in."""
    active = await find(desk, connection_id)
    await set_state(desk, active, "paused", f"paused by {desk.person.login}")
    return go(f"/connections/{active.id}", "paused")


@router.post("/connections/{connection_id}/resume")
async def resume(desk: OwnDesk, connection_id: str) -> Response:
    """Work again: forget earlier failures and wake what waits. A test that had failed is made once
    more: what it said then may be mended.
    """
    active = await find(desk, connection_id)
    had_failed = active.id in await failed_tests(desk)
    await set_state(desk, active, "active", None)
    if had_failed:
        await check_now(desk, active)
    return go(f"/connections/{active.id}", "resumed")


@router.post("/connections/{connection_id}/off")
async def switch_off(desk: AdminDesk, connection_id: str) -> Response:
    """Neither receive nor call."""
    active = await find(desk, connection_id)
    await set_state(desk, active, "off", f"switched off by {desk.person.login}")
    return go(f"/connections/{active.id}", "off")


@router.get("/connections/{connection_id}/key")
async def ask_for_key(desk: AdminDesk, connection_id: str) -> Response:
    """Whether a new key is wanted, and what stops working with the old one."""
    return key_page(desk, await receiver(desk, connection_id))


@router.post("/connections/{connection_id}/key")
async def new_key(desk: AdminDesk, connection_id: str) -> Response:
    """A new webhook key, shown on this page and never again; asks once more unless the form is that
    of the page that asks.
    """
    active = await receiver(desk, connection_id)
    if desk.form.get("sure") != "yes":
        return key_page(desk, active)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        key = await manage.new_key(connection, active.id)
        await note(connection, desk.person.login, "new_key", f"connection:{active.id}", {})
    await desk.deps.registry.refresh()
    return await page_of(desk, active, hook=hook_url(desk, active.connector.name, key))


@router.get("/setup/{connector}")
async def show_setup(desk: OwnDesk, connector: str) -> Response:
    """The connector's README: what to click on the provider's side, limits, quirks."""
    known = found(connectors().get(connector))
    path = files("uzel.connectors") / known.name / "README.md"
    text = path.read_text("utf-8") if path.is_file() else ""
    return render(
        desk,
        "setup.html",
        connector=known,
        text=to_html(text.replace(OUR_ADDRESS, desk.deps.settings.url)),
        room_path="/connections",
    )


async def check_now(desk: Desk, active: Active) -> Check:
    """Ask the provider, and keep what came of it."""
    pool = desk.deps.pool
    seen = Seen(*await provider_store.seen(pool, active.id), desk.zone)
    return await check_and_note(pool, active, desk.deps.reach, desk.person.login, seen)


async def receiver(desk: Desk, connection_id: str) -> Active:
    """The connection, if it receives anything. Raises HTTPException 404."""
    active = await find(desk, connection_id)
    if active.connector.webhook is None:
        raise HTTPException(404)
    return active


def key_page(desk: Desk, active: Active) -> Response:
    """The question before a new key."""
    return render(
        desk,
        "new_key.html",
        active=active,
        hook_url=hook_url(desk, active.connector.name, "…"),
        room_path="/connections",
    )


async def find(desk: Desk, connection_id: str) -> Active:
    """The connection as it is now. Raises HTTPException 404."""
    await desk.deps.registry.refresh()
    return found(desk.deps.registry.get(row_id(connection_id, LARGEST_INT)))


async def page_of(
    desk: Desk, active: Active, *, checked: Check | None = None, hook: str | None = None
) -> Response:
    """The page of a connection, with what was just learnt about it."""
    rest, failed, access = (
        await resting(desk),
        await failed_tests(desk),
        await access_of(desk, active),
    )
    return render(
        desk,
        "connection.html",
        active=active,
        light=light_of(active, access, rest, failed),
        checked=checked,
        failed=failed.get(active.id),
        hook=hook,
        hook_url=hook_url(desk, active.connector.name, "…"),
        resting=rest.get(active.id),
        operations=active.connector.operations.values(),
        access=access,
        redirect_uri=desk.deps.reach.grants.redirect_uri,
    )


def light_of(
    active: Active, access: Access, rest: Mapping[int, Breaker], failed: Mapping[int, Any]
) -> str:
    """How a connection is shown: its state, or what is worse than that."""
    if access.kind == "revoked" and active.state != "off":
        return "revoked"
    if active.state != "active":
        return active.state
    if active.id in rest:
        return "resting"
    if access.kind == "none":
        return "ungranted"
    return "failing" if active.id in failed else "active"


async def failed_tests(desk: Desk) -> Mapping[int, Any]:
    """Connections whose last test failed, unless something has gone well since."""
    return await provider_store.failed_tests(desk.deps.pool, TESTED)


async def resting(desk: Desk) -> dict[int, Breaker]:
    """Connections that are given a rest after failures."""
    async with desk.deps.pool.acquire() as connection:
        rows = await troubled_connections(connection)
    return {row["id"]: to_breaker(row) for row in rows if row["open"]}


async def set_state(desk: Desk, active: Active, state: str, reason: str | None) -> None:
    """Change the state and write down who did it; an active one starts afresh at once."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await store.set_state(connection, active.id, state, reason)
        if state == "active":
            await store.close_breaker(connection, active.id)
            await wake(connection, active.id)
        said = {"state": state}
        await note(connection, desk.person.login, "set_state", f"connection:{active.id}", said)
    await desk.deps.registry.refresh()


def hook_url(desk: Desk, connector: str, key: str) -> str:
    """The address to enter at the provider."""
    return f"{desk.deps.settings.url}/api/webhook/{connector}?key={key}"
