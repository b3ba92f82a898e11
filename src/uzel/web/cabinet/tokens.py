"""The partner's own tokens: seen by all who are signed in, changed by those who may."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.responses import Response

from uzel.kit.database import Connection
from uzel.partners import own_tokens
from uzel.partners.manage import TOKENS, Added
from uzel.partners.own_tokens import TokenRefused
from uzel.web.cabinet.desk import Desk
from uzel.web.cabinet.look import go, render
from uzel.web.cabinet.words import SCOPES, WHY
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, row_id

OVERLAPS = {
    "0": m("сразу"),
    "1": m("через час"),
    "24": m("через сутки"),
    "168": m("через неделю"),
}


async def show(desk: Desk) -> Response:
    return await page(desk)


async def create(desk: Desk) -> Response:
    """A new token: fields `name`, `test`, and `scope:…` for each scope."""
    scopes = {name for name in SCOPES if desk.form.get(f"scope:{name}")}

    async def work(connection: Connection) -> Added:
        name, is_test = desk.form.get("name", ""), bool(desk.form.get("test"))
        return await own_tokens.create(connection, desk.caller, name, scopes, is_test=is_test)

    return await changed(desk, work)


async def rotate(desk: Desk) -> Response:
    """Another token in the place of one: field `overlap`, hours."""
    number = token_id(desk)
    hours = desk.form.get("overlap", "")
    overlap = timedelta(hours=int(hours) if hours in OVERLAPS else 24)

    async def work(connection: Connection) -> Added:
        return await own_tokens.rotate(connection, desk.caller, number, overlap)

    return await changed(desk, work)


async def revoke(desk: Desk) -> Response:
    """End a token; who ends the own one is out."""
    number = token_id(desk)

    async def work(connection: Connection) -> None:
        await own_tokens.revoke(connection, desk.caller, number)

    return await changed(desk, work)


async def changed(desk: Desk, work: Callable[[Connection], Awaitable[Added | None]]) -> Response:
    """The new token, shown this once; or the list."""
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            made = await work(connection)
    except TokenRefused as refused:
        status = 404 if refused.why is own_tokens.Why.UNKNOWN else 422
        return await page(desk, status, wrong=desk.language.text(WHY[refused.why]))
    if made is None:
        return go("tokens")
    return render(desk, "new_token.html", 201, made=made)


async def page(desk: Desk, status: int = 200, *, wrong: str = "") -> Response:
    rows = await own_tokens.listed(desk.deps.pool, desk.caller)
    return render(
        desk,
        "tokens.html",
        status,
        rows=sorted(rows, key=own_tokens.is_living, reverse=True),
        living=own_tokens.is_living,
        scopes=[name for name in SCOPES if name in desk.caller.scopes and name != TOKENS],
        overlaps=OVERLAPS,
        wrong=wrong,
    )


def token_id(desk: Desk) -> int:
    """Raises HTTPException 404."""
    return row_id(desk.request.path_params["token_id"], LARGEST_INT)
