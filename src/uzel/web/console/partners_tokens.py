"""Tokens of a partner: made and shown once, replaced with an overlap, revoked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.kit.database import Connection
from uzel.partners import manage
from uzel.partners import partner_store as store
from uzel.partners.own_tokens import about_token
from uzel.people.store import note
from uzel.views.partners import PartnerRow
from uzel.web.console.desk import AdminDesk, Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, row_id
from uzel.web.console.page import go
from uzel.web.console.partners import is_living
from uzel.web.console.partners_desk import blank, settings_of, show, the_partner
from uzel.web.console.typed import Typed

LONGEST_NAME = 60
FIELDS = ("name", "lasts")
LASTS = {"": None, "30": 30, "90": 90, "365": 365}
LASTS_NAMES = {
    "": m("бессрочный"),
    "30": m("30 дней"),
    "90": m("90 дней"),
    "365": m("год"),
}
# Code → for how many hours the old token works beside the new one.
OVERLAPS = {"0": 0, "1": 1, "24": 24, "168": 168}
OVERLAP_NAMES = {
    "24": m("ещё сутки"),
    "1": m("ещё час"),
    "168": m("ещё неделю"),
    "0": m("прекратить сразу"),
}
CLOSED = m("Партнёр закрыт: новый токен не заработал бы. Сначала откройте партнёра.")

router = APIRouter(include_in_schema=False)


@router.get("/partners/{partner_id}/tokens")
async def show_tokens(desk: OwnDesk, partner_id: str) -> Response:
    """All of them; none can be read."""
    partner = await the_partner(desk, partner_id)
    return await tokens_page(desk, partner, Typed(desk.language, {}))


async def tokens_page(
    desk: Desk, partner: PartnerRow, typed: Typed, fresh: manage.Added | None = None
) -> Response:
    """The page; `fresh`: a token that was made just now, shown this once."""
    rows = await store.tokens(desk.deps.pool, partner.id)
    now = datetime.now(UTC)
    living, ended = (
        [t for t in rows if is_living(t, now)],
        [t for t in rows if not is_living(t, now)],
    )
    chosen = {f"scope_{scope}": "on" for scope in manage.SCOPES} if not typed.form else {}
    return show(
        desk,
        "partner_tokens.html",
        partner,
        422 if typed.wrong else 200,
        tab="/tokens",
        living=living,
        ended=ended,
        fresh=fresh.token if fresh else None,
        in_url=settings_of(partner).token_in_url,
        scopes=manage.ALL_SCOPES,
        lasts=LASTS_NAMES,
        values=blank((*FIELDS, "test", *(f"scope_{s}" for s in manage.ALL_SCOPES)))
        | chosen
        | (dict(typed.form) if typed.wrong else {}),
        wrong=typed.wrong,
        url=desk.deps.settings.url,
    )


@router.post("/partners/{partner_id}/tokens")
async def add(desk: AdminDesk, partner_id: str) -> Response:
    """A new one; the answer to this form is the only place that shows it."""
    partner, typed = await the_partner(desk, partner_id), Typed(desk.language, desk.form)
    name = typed.line("name", LONGEST_NAME)
    lasts = LASTS[typed.choice("lasts", LASTS) if desk.form.get("lasts") in LASTS else ""]
    scopes = [scope for scope in manage.ALL_SCOPES if typed.switch(f"scope_{scope}")]
    if partner.state != "active":
        typed.refuse("", CLOSED)
    if not scopes:
        typed.refuse("scopes", m("Отметьте хотя бы одно."))
    if typed.wrong:
        return await tokens_page(desk, partner, typed)
    expires_at = datetime.now(UTC) + timedelta(days=lasts) if lasts else None
    is_test = typed.switch("test")
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        made = await manage.add_token(
            connection,
            partner.id,
            name,
            scopes=scopes,
            is_test=is_test,
            expires_at=expires_at,
            created_by=desk.person.login,
        )
        said = {
            **about_token(await store.token(connection, partner.id, made.id)),
            "scopes": scopes,
            "is_test": is_test,
        }
        await note(connection, desk.person.login, "add_token", f"partner:{partner.id}", said)
    return await tokens_page(desk, partner, Typed(desk.language, {}), made)


async def the_token(desk: Desk, partner: PartnerRow, token_id: str) -> Mapping[str, Any]:
    """A living token of the partner's. Raises HTTPException 404."""
    number, now = row_id(token_id, LARGEST_INT), datetime.now(UTC)
    rows: Sequence[Any] = await store.tokens(desk.deps.pool, partner.id)
    for row in rows:
        if row["id"] == number and is_living(row, now):
            found: Mapping[str, Any] = row
            return found
    raise HTTPException(404)


@router.get("/partners/{partner_id}/tokens/{token_id}/{act}")
async def ask_end(desk: AdminDesk, partner_id: str, token_id: str, act: str) -> Response:
    """Whether it is to be replaced, or revoked."""
    partner = await the_partner(desk, partner_id)
    if act not in ("rotate", "revoke"):
        raise HTTPException(404)
    token = await the_token(desk, partner, token_id)
    return show(
        desk,
        "partner_token_end.html",
        partner,
        tab="/tokens",
        token=token,
        act=act,
        overlaps=OVERLAP_NAMES,
        values={"overlap": "24"},
        wrong={},
    )


@router.post("/partners/{partner_id}/tokens/{token_id}/rotate")
async def rotate(desk: AdminDesk, partner_id: str, token_id: str) -> Response:
    """A new one like it; the old one works for some time more."""
    partner = await the_partner(desk, partner_id)
    token = await the_token(desk, partner, token_id)
    if partner.state != "active":
        typed = Typed(desk.language, {})
        typed.refuse("", CLOSED)
        return await tokens_page(desk, partner, typed)
    hours = OVERLAPS.get(desk.form.get("overlap", ""))
    if hours is None:
        raise HTTPException(400)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await end(connection, partner, token, hours)
        made = await manage.add_token(
            connection,
            partner.id,
            token["name"],
            scopes=token["scopes"],
            is_test=token["is_test"],
            created_by=desk.person.login,
        )
        said = {"token": made.id, "instead_of": token["id"], "overlap_h": hours}
        await note(connection, desk.person.login, "rotate_token", f"partner:{partner.id}", said)
    return await tokens_page(desk, partner, Typed(desk.language, {}), made)


@router.post("/partners/{partner_id}/tokens/{token_id}/revoke")
async def revoke(desk: AdminDesk, partner_id: str, token_id: str) -> Response:
    """Have it work no longer, from now on."""
    partner = await the_partner(desk, partner_id)
    token = await the_token(desk, partner, token_id)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await end(connection, partner, token, 0)
        said = about_token(token)
        await note(connection, desk.person.login, "revoke_token", f"partner:{partner.id}", said)
    return go(f"/partners/{partner.id}/tokens", "token_revoked")


async def end(
    connection: Connection, partner: PartnerRow, token: Mapping[str, Any], hours: int
) -> None:
    """At once, or after some hours, though never later than it would have ended. Raises
    HTTPException 404 where somebody was faster.
    """
    at = datetime.now(UTC) + timedelta(hours=hours) if hours else None
    if at is not None and token["expires_at"] is not None:
        at = min(at, token["expires_at"])
    if not await store.revoke_token(connection, partner.id, token["id"], at):
        raise HTTPException(404)
