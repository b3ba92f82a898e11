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
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException
from starlette.requests import Request

from uzel.connections.registry import Active
from uzel.people.manage import Session, find_session
from uzel.web.console import cookies
from uzel.web.console.attention import Attention, attention
from uzel.web.console.chosen import UTC_ZONE, Business, all_businesses, chosen_of
from uzel.web.console.form import read_form
from uzel.web.console.language import Language, language_of
from uzel.web.console.show import zone_name
from uzel.web.deps import Deps, deps_of

SAFE = ("GET", "HEAD", "OPTIONS")


class SignInNeeded(Exception):
    """Nobody is signed in; the page sends to the sign-in form and back."""


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
    def may_decide(self) -> bool:
        """Whether claims may be decided on, and payouts let go on."""
        return self.session is not None and self.session.role in ("approver", "admin")

    @property
    def business(self) -> Business:
        """The one whose settings the page shows; only for pages of signed-in people."""
        found: Business = self.request.state.business
        return found

    @property
    def businesses(self) -> Sequence[Business]:
        """All of them; only for pages of signed-in people."""
        found: Sequence[Business] = self.request.state.businesses
        return found

    @property
    def business_id(self) -> int | None:
        """Which business a form of this page belongs to, whatever is chosen when it is sent."""
        found: Business | None = getattr(self.request.state, "business", None)
        return found.id if found else None

    @property
    def not_live(self) -> Sequence[Business]:
        """Businesses whose messages do not all go out."""
        return [business for business in self.businesses if not business.is_live]

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
    """For all other pages. Raises SignInNeeded, and HTTPException 404 for an unknown business."""
    session = await session_of(request)
    if session is None:
        raise SignInNeeded
    deps = deps_of(request)
    request.state.businesses = await all_businesses(deps.pool)
    request.state.attention = await attention(deps.pool)
    desk = await make_desk(request, session)
    request.state.business = chosen_of(request, desk.form, desk.businesses)
    return desk


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
