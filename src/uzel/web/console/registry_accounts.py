"""Who may use a registry from outside: accounts of programs, their keys, and how strict it is."""

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.crm import user_store, users
from uzel.crm.users import NewUser
from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.people.store import note
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import row_id
from uzel.web.console.page import go
from uzel.web.console.registry_desk import show
from uzel.web.console.typed import Typed

PATH = "/registry/accounts"
LONGEST_LOGIN, LONGEST_NAME = 64, 100
BAD_LOGIN = m("До 64 знаков без пробелов, и не такой, как у другой учётной записи Узла.")

router = APIRouter(include_in_schema=False)


async def told(connection: Connection, desk: Desk, act: str, subject: str | None = None) -> None:
    """A line in the audit, as the command writes it."""
    said = {"business": desk.business.id}
    await note(connection, desk.person.login, f"registry.{act}", subject, said)


@router.get("/registry/accounts")
async def show_accounts(desk: AdminDesk) -> Response:
    """All of them; no key can be read."""
    return await accounts_page(desk, Typed(desk.language, {}))


async def accounts_page(desk: Desk, typed: Typed, fresh: NewUser | None = None) -> Response:
    """`fresh`: an account with a key that was made just now, shown this once."""
    pool, business = desk.deps.pool, desk.business.id
    registry = await user_store.registry(pool, business)
    return show(
        desk,
        "registry_accounts.html",
        422 if typed.wrong else 200,
        tab=PATH,
        accounts=await user_store.users(pool, business),
        is_strict=registry is not None and registry["strict"],
        fresh=fresh,
        values={name: typed.form.get(name, "") for name in ("login", "name", "admin")},
        wrong=typed.wrong,
        url=desk.deps.settings.url,
    )


@router.post("/registry/accounts")
async def add(desk: AdminDesk) -> Response:
    """A new one; the answer to this form is the only place that shows its key."""
    typed = Typed(desk.language, desk.form)
    login = typed.line("login", LONGEST_LOGIN)
    name = typed.line("name", LONGEST_NAME, needed=False)
    if typed.wrong:
        return await accounts_page(desk, typed)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            made = await users.add_user(
                *(connection, desk.deps.ring, desk.business.id, login),
                name=name,
                is_admin=typed.switch("admin"),
            )
            await told(connection, desk, "user_added", login)
    except ConfigError:
        typed.refuse("login", BAD_LOGIN)
        return await accounts_page(desk, typed)
    return await accounts_page(desk, Typed(desk.language, {}), made)


async def the_account(desk: Desk, number: str) -> Any:
    """An account of this registry. Raises HTTPException 404."""
    wanted = row_id(number)
    for row in await user_store.users(desk.deps.pool, desk.business.id):
        if row["id"] == wanted:
            return row
    raise HTTPException(404)


@router.get("/registry/accounts/{number}/{act}")
async def ask(desk: AdminDesk, number: str, act: str) -> Response:
    """Whether it is to have another key, or to sign in no more."""
    if act not in ("key", "close"):
        raise HTTPException(404)
    account = await the_account(desk, number)
    return show(desk, "registry_account.html", tab=PATH, account=account, act=act)


@router.post("/registry/accounts/{number}/key")
async def change_key(desk: AdminDesk, number: str) -> Response:
    """Another key, shown once; whoever signed in with the old one is signed out."""
    account = await the_account(desk, number)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        made = await users.change_key(connection, desk.deps.ring, account["login"])
        await told(connection, desk, "user_key_changed", account["login"])
    return await accounts_page(desk, Typed(desk.language, {}), made)


@router.post("/registry/accounts/{number}/close")
async def close(desk: AdminDesk, number: str) -> Response:
    """It signs in no more."""
    return await switch(desk, number, closed=True)


@router.post("/registry/accounts/{number}/open")
async def reopen(desk: AdminDesk, number: str) -> Response:
    """It signs in again."""
    return await switch(desk, number, closed=False)


async def switch(desk: Desk, number: str, *, closed: bool) -> Response:
    account = await the_account(desk, number)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await users.set_closed(connection, account["login"], closed=closed)
        await told(connection, desk, "user_closed" if closed else "user_opened", account["login"])
    return go(PATH, "saved")


@router.post("/registry/strict")
async def set_strict(desk: AdminDesk) -> Response:
    """Whether what does not hold is refused."""
    strict = desk.form.get("strict") == "on"
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await users.open_registry(connection, desk.deps.ring, desk.business.id)
        await user_store.set_strict(connection, desk.business.id, strict=strict)
        await told(connection, desk, "strict" if strict else "not_strict")
    return go(PATH, "saved")
