"""Entering the address of a hook at its provider, by the provider's own API."""

from fastapi import APIRouter
from starlette.responses import Response

from uzel.calls.registration import Obstacle, Registered, obstacle, register
from uzel.connections import manage
from uzel.connections.registry import Active
from uzel.people.store import note
from uzel.web.console.connections import find, hook_url
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.page import go, render

router = APIRouter(include_in_schema=False)

WHY_NOT = {
    Obstacle.BY_HAND: m("{title} не умеет этого: впишите адрес сами."),
    Obstacle.OFF: m("Подключение выключено: его адрес ничего не принимает."),
    Obstacle.SETTINGS: m("Настройки подключения не читаются."),
    Obstacle.NO_ADDRESS: m(
        "У Узла нет адреса, который виден снаружи: UZEL_PUBLIC_URL не задан, а {url} открывается "
        "только на этой машине. Задайте его (https://…) и перезапустите Узел."
    ),
    Obstacle.INSIDE: m(
        "{url} не виден снаружи: он ведёт на эту машину или в её сеть. Задайте в UZEL_PUBLIC_URL "
        "адрес, по которому Узел открывается из интернета, и перезапустите Узел."
    ),
}


@router.get("/connections/{connection_id}/register")
async def ask(desk: AdminDesk, connection_id: str) -> Response:
    """Whether this is wanted, and what it means; or why it cannot be done."""
    return page_of(desk, await find(desk, connection_id))


@router.post("/connections/{connection_id}/register")
async def enter(desk: AdminDesk, connection_id: str) -> Response:
    """A new key, and its address entered at the provider. If they refuse, the key is new all the
    same, so the address is shown once.
    """
    active = await find(desk, connection_id)
    if obstacle(active, desk.deps.settings) is not None:
        return page_of(desk, active)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        key = await manage.new_key(connection, active.id)
        await note(connection, desk.person.login, "register", f"connection:{active.id}", {})
    await desk.deps.registry.refresh()
    url = hook_url(desk, active.connector.name, key)
    done = await register(active, desk.deps.reach, url)
    if done.good:
        return go(f"/connections/{active.id}", "registered")
    return page_of(desk, active, done, url)


def page_of(
    desk: Desk, active: Active, done: Registered | None = None, hook: str | None = None
) -> Response:
    """The question, or what came of it."""
    found = obstacle(active, desk.deps.settings)
    title, url = active.connector.title, desk.deps.settings.url
    return render(
        desk,
        "registration.html",
        200 if found is None else 409,
        active=active,
        hook_url=hook_url(desk, active.connector.name, "…"),
        why_not=desk.language.text(WHY_NOT[found], title=title, url=url) if found else "",
        done=done,
        hook=hook,
        room_path="/connections",
    )
