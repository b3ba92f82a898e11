"""Adding a connection and changing its settings."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connections import manage, store
from uzel.connections.config import split, to_give_again, validate
from uzel.connections.registry import Active
from uzel.connector import Config, Connector
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.people.store import note
from uzel.web.console import fields, words
from uzel.web.console.connections import find, hook_url, page_of
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.listing import found
from uzel.web.console.page import go, render

LONGEST_NAME = 60
FASTEST_PER_S = 1000.0

router = APIRouter(include_in_schema=False)


@router.get("/connections/new")
async def choose(desk: AdminDesk) -> Response:
    """Which outside system."""
    known = sorted(connectors().values(), key=lambda connector: connector.title.lower())
    return render(desk, "connectors.html", connectors=known)


@router.get("/connections/new/{connector}")
async def show_new(desk: AdminDesk, connector: str) -> Response:
    """The empty form."""
    return form(desk, found(connectors().get(connector)), None)


@router.post("/connections/new/{connector}")
async def add(desk: AdminDesk, connector: str) -> Response:
    """Add it; its hook address is shown on the answer and never again."""
    known = found(connectors().get(connector))
    values = fields.read(known.config, desk.form)
    wrong = fields.errors_of(desk.language, known.config, values, None)
    name, rate = name_of(desk, wrong), rate_of(desk, wrong)
    if name in await store.names_of(desk.deps.pool, known.name):
        wrong["_name"] = desk.language.text("Подключение с таким названием уже есть.")
    if wrong:
        return form(desk, known, None, wrong)
    try:
        added = await save_new(desk, known, name, values, rate)
    except ConfigError as error:
        return form(desk, known, None, {"": words.detail(desk.language, str(error))})
    active = await find(desk, str(added.id))
    if added.key is None:
        return go(f"/connections/{added.id}", "added")
    return await page_of(desk, active, hook=hook_url(desk, known.name, added.key))


async def save_new(
    desk: Desk, known: Connector, name: str, values: dict[str, Any], rate: float | None
) -> manage.Added:
    """Write a new connection down. Raises ConfigError."""
    business = desk.business.id
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        added = await manage.add(
            connection,
            desk.deps.ring,
            known.name,
            name,
            values,
            business_id=business,
            rate_per_s=rate,
        )
        subject = f"connection:{added.id}"
        await note(connection, desk.person.login, "add", subject, {"connector": known.name})
    return added


@router.get("/connections/{connection_id}/edit")
async def show_edit(desk: AdminDesk, connection_id: str) -> Response:
    """The form with what is set now, secrets excepted."""
    active = await find(desk, connection_id)
    return form(desk, active.connector, active)


@router.post("/connections/{connection_id}/edit")
async def change(desk: AdminDesk, connection_id: str) -> Response:
    """Save the settings; the next call uses them."""
    active = await find(desk, connection_id)
    config = active.connector.config
    values = fields.read(config, desk.form)
    wrong = fields.errors_of(desk.language, config, values, active.config)
    rate = rate_of(desk, wrong)
    if not wrong and active.config is not None:
        wrong.update(again(desk, active.config, values))
    if not wrong:
        try:
            await save(desk, active, values, rate)
        except ConfigError as error:
            wrong[""] = words.detail(desk.language, str(error))
    if wrong:
        return form(desk, active.connector, active, wrong)
    return go(f"/connections/{active.id}", "saved")


def again(desk: Desk, current: Config, values: dict[str, Any]) -> dict[str, str]:
    """Secret fields that have to be typed again because the address leads to another server."""
    old, kept = split(current)
    new = validate(type(current), {**kept, **values})
    said = desk.language.text(
        "Введите ещё раз: адрес ведёт на другой сервер, и сохранённое значение ушло бы туда."
    )
    return dict.fromkeys(to_give_again(old, kept, new, values), said)


async def save(desk: Desk, active: Active, values: dict[str, Any], rate: float | None) -> None:
    """Write settings down. Raises ConfigError."""
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, desk.deps.ring, active.id, values, rate_per_s=rate)
        await note(connection, desk.person.login, "change", f"connection:{active.id}", {})
    await desk.deps.registry.refresh()


def form(
    desk: Desk, connector: Connector, active: Active | None, wrong: dict[str, str] | None = None
) -> Response:
    """The page with the form, for a new connection (`active` None) or an old one."""
    typed = desk.form if wrong is not None else None
    rate = active.rate_per_s if active and active.rate_per_s != connector.rate_per_s else ""
    return render(
        desk,
        "connection_form.html",
        200 if wrong is None else 422,
        connector=connector,
        active=active,
        fields=fields.fields_of(connector.config, active.config if active else None, typed, wrong),
        wrong=wrong or {},
        redirect_uri=desk.deps.reach.grants.redirect_uri if connector.oauth else None,
        name=typed.get("_name", "") if typed is not None else "",
        rate=typed.get("_rate", "") if typed is not None else rate,
    )


def name_of(desk: Desk, wrong: dict[str, str]) -> str:
    """The name people will know it by."""
    name = " ".join(desk.form.get("_name", "").split())
    if not name or len(name) > LONGEST_NAME:
        wrong["_name"] = desk.language.text("Назовите подключение, до {n} знаков.", n=LONGEST_NAME)
    return name


def rate_of(desk: Desk, wrong: dict[str, str]) -> float | None:
    """Calls a second at most; None: the connector's own figure."""
    text = desk.form.get("_rate", "").strip().replace(",", ".")
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= FASTEST_PER_S:
        wrong["_rate"] = desk.language.text("Нужно число больше нуля, до {n}.", n=1000)
    return rate
