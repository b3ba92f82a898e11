"""Who asks, in what language. Every page of the cabinet gets a Desk.

A form carries a token: that of the session, kept in the database, or before there is one that of a
cookie of the same page (see `console.desk`).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request

from uzel.ledger.accounts import TEST
from uzel.model.currency import plain
from uzel.partners.access import Caller
from uzel.partners.manage import READ, TOKENS
from uzel.partners.payment import Partner
from uzel.partners.sessions import Session, find_session
from uzel.partners.statement_words import LANGUAGES, Words
from uzel.web.console import cookies
from uzel.web.console.desk import SAFE, same
from uzel.web.console.form import read_form
from uzel.web.console.language import Language, language_of
from uzel.web.deps import Deps, deps_of
from uzel.web.partner.gate import Denied

PREFIX = "/partner"
SESSION, FORM = "uzel_partner", "uzel_partner_form"
LOCALES = Path(__file__).parent / "locales"


class SignInNeeded(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page works with.

    token  what every form of the page must send as `csrf`
    form   the fields that were posted; empty for a GET
    """

    request: Request
    deps: Deps
    language: Language
    session: Session | None
    token: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """Who is signed in; only for pages that ask for it."""
        assert self.session is not None
        return self.session.caller

    @property
    def partner(self) -> Partner:
        return self.caller.partner

    @property
    def is_test(self) -> bool:
        return self.partner.book == TEST

    @property
    def may_tokens(self) -> bool:
        """Whether tokens may be made and ended."""
        return TOKENS in self.caller.scopes

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.partner.settings.time_zone)

    @property
    def words(self) -> Words:
        """How numbers and times are written."""
        return LANGUAGES[self.language.code]

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def here(self) -> str:
        """The address of this page, to come back to; the overview where it was made by a form."""
        if self.request.method not in SAFE:
            return f"{PREFIX}/"
        return self.request.url.path + (f"?{self.request.url.query}" if self.query else "")

    def money(self, minor: int) -> str:
        return self.words.money(minor, self.partner.currency)

    def amount(self, minor: int) -> str:
        return self.words.amount(minor, self.partner.currency)

    def exact(self, amount: Decimal, currency: str) -> str:
        """An amount of any currency, with all its digits."""
        return self.words.exact(amount, currency)

    def plain(self, value: Decimal) -> str:
        return plain(value).replace(".", self.words.comma)

    def time(self, at: datetime) -> str:
        return self.words.time(at, self.zone)

    def day(self, day: date) -> str:
        """As the dates of `time`."""
        return day.strftime(self.words.times.partition(" ")[0])

    def path(self, place: str, **fields: object) -> str:
        """An address of the cabinet; fields without a value are left out."""
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        return f"{PREFIX}/{place}" + (f"?{urlencode(given)}" if given else "")


def address_of(request: Request) -> str:
    """Where the visitor comes from."""
    return request.client.host if request.client else ""


async def open_desk(request: Request) -> Desk:
    """For pages anybody may see."""
    return await make_desk(request, await session_of(request))


async def signed_in(request: Request) -> Desk:
    """For all others. Raises SignInNeeded, and HTTPException 403 from a foreign network."""
    session = await session_of(request)
    if session is None:
        raise SignInNeeded
    try:
        deps_of(request).partners.gate.check_address(session.caller, address_of(request))
    except Denied:
        raise HTTPException(403, "address") from None
    return await make_desk(request, session)


async def session_of(request: Request) -> Session | None:
    """The session of the cookie, if its token may read."""
    deps = deps_of(request)
    token = cookies.read(request, deps.settings, SESSION)
    found = await find_session(deps.pool, token) if token else None
    return found if found is not None and READ in found.caller.scopes else None


async def make_desk(request: Request, session: Session | None) -> Desk:
    """Read and check the form, if there is one. Raises HTTPException 403."""
    deps = deps_of(request)
    known = session.csrf if session else cookies.read(request, deps.settings, FORM)
    form: Mapping[str, str] = {}
    if request.method not in SAFE:
        form = await read_form(request)
        if not same(form.get("csrf", ""), known):
            raise HTTPException(403, "csrf")
    language = language_of(request, LOCALES)
    return Desk(request, deps, language, session, known or secrets.token_urlsafe(24), form)


def today(desk: Desk) -> datetime:
    """Now, in the partner's zone."""
    return datetime.now(UTC).astimezone(desk.zone)
