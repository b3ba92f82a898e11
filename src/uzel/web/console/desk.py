"""Who asks, in what language and time zone. Every handler of the console gets a Desk.

A form carries a token. For a signed-in person it is the session's own, kept in the database. The
sign-in form has no session yet, so its token is compared with a cookie of the same page: another
site can post our form but can neither read that cookie nor set it. Comparing Origin with our own
address would do as well, but only where a proxy in front passes the host on unchanged.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, HTTPException
from starlette.requests import Request

from uzel.connections import store as connections
from uzel.connections.registry import Active
from uzel.people.manage import Session, find_session
from uzel.web.console import cookies
from uzel.web.console.attention import Attention, attention
from uzel.web.console.form import read_form
from uzel.web.console.language import Language, language_of
from uzel.web.console.show import zone_name
from uzel.web.deps import Deps, deps_of

SAFE = ("GET", "HEAD", "OPTIONS")
UTC_ZONE = ZoneInfo("UTC")


class SignInNeeded(Exception):
    """Nobody is signed in; the page sends to the sign-in form and back."""


@dataclass(frozen=True, slots=True)
class Business:
    """Whose console this is."""

    id: int
    name: str
    zone: ZoneInfo
    request_gap_days: int


@dataclass(frozen=True, slots=True)
class Desk:
    """What a handler works with.

    token  what every form of the page must send as `csrf`
    form   the fields that were posted; empty for a GET
    """

    request: Request
    deps: Deps
    language: Language
    theme: str
    session: Session | None
    token: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> Session:
        """Who is signed in; only for pages that ask for it."""
        assert self.session is not None
        return self.session

    @property
    def is_admin(self) -> bool:
        """Whether settings may be changed."""
        return self.session is not None and self.session.role == "admin"

    @property
    def business(self) -> Business:
        """Whose console this is; only for pages of signed-in people."""
        found: Business = self.request.state.business
        return found

    @property
    def zone(self) -> ZoneInfo:
        """In which times are shown."""
        found: Business | None = getattr(self.request.state, "business", None)
        return found.zone if found else UTC_ZONE

    @property
    def zone_name(self) -> str:
        """`Europe/Moscow (UTC+3)`."""
        return zone_name(datetime.now(UTC).astimezone(self.zone))

    @property
    def attention(self) -> Attention:
        """What waits for a person, for the badges; only for pages of signed-in people."""
        found: Attention = self.request.state.attention
        return found

    @property
    def here(self) -> str:
        """The address of this page, to come back to; the overview where it was made by a form."""
        url = self.request.url
        if self.request.method not in SAFE:
            return "/"
        return url.path + (f"?{url.query}" if url.query else "")

    @property
    def paused(self) -> int:
        """How many connections are paused."""
        return sum(active.state == "paused" for active in self.deps.registry.all())

    @property
    def callers(self) -> Sequence[Active]:
        """The connections that can be called."""
        return [active for active in self.deps.registry.all() if active.connector.operations]


async def open_desk(request: Request) -> Desk:
    """For pages anybody may see. A form without its token is refused."""
    return await make_desk(request, await session_of(request))


async def signed_in(request: Request) -> Desk:
    """For all other pages. Raises SignInNeeded."""
    session = await session_of(request)
    if session is None:
        raise SignInNeeded
    deps = deps_of(request)
    request.state.business = await load_business(deps)
    request.state.attention = await attention(deps.pool)
    return await make_desk(request, session)


AnyDesk = Annotated[Desk, Depends(open_desk)]
OwnDesk = Annotated[Desk, Depends(signed_in)]


async def admin(desk: OwnDesk) -> Desk:
    """For what changes settings. Raises HTTPException 403."""
    if not desk.is_admin:
        raise HTTPException(403)
    return desk


AdminDesk = Annotated[Desk, Depends(admin)]


async def make_desk(request: Request, session: Session | None) -> Desk:
    """Read and check the form, if there is one. Raises HTTPException 403."""
    deps = deps_of(request)
    known = session.csrf if session else cookies.read(request, deps.settings, cookies.FORM)
    form: Mapping[str, str] = {}
    if request.method not in SAFE:
        form = await read_form(request)
        if not same(form.get("csrf", ""), known):
            raise HTTPException(403, "csrf")
    theme = request.cookies.get(cookies.THEME, "")
    return Desk(
        request,
        deps,
        language_of(request),
        theme if theme in ("dark", "light") else "auto",
        session,
        known or secrets.token_urlsafe(24),
        form,
    )


def same(given: str, known: str) -> bool:
    """Whether two tokens are equal, in a time that does not tell how far; nothing equals none."""
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())


async def session_of(request: Request) -> Session | None:
    """The session of the cookie."""
    deps = deps_of(request)
    token = cookies.read(request, deps.settings, cookies.SESSION)
    return await find_session(deps.pool, token) if token else None


async def load_business(deps: Deps) -> Business:
    """The first business; made if there is none."""
    row = await connections.find_business(deps.pool)
    if row is None:
        await connections.default_business(deps.pool)
        row = await connections.find_business(deps.pool)
    return Business(row["id"], row["name"], zone_of(row), row["request_gap_days"])


def zone_of(row: Any) -> ZoneInfo:
    """The time zone of a business; UTC where the name means nothing to this machine."""
    try:
        return ZoneInfo(row["time_zone"])
    except (ZoneInfoNotFoundError, ValueError):
        return UTC_ZONE
