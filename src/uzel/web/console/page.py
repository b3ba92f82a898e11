"""Pages: templates, and what they may call. Everything is escaped unless it says otherwise."""

import functools
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from uzel import __version__
from uzel.web.console import chosen, cookies, show, static, words
from uzel.web.console.desk import Desk
from uzel.web.console.language import LANGUAGES, Language, language
from uzel.web.console.notices import NOTICES

TEMPLATES = Path(__file__).parent / "templates"
ROOMS = (
    "/",
    "/calls/waiting",
    "/parked",
    "/events",
    "/messages",
    "/calls",
    "/funnel",
    "/ratings",
    "/costs",
    "/shops",
    "/partners",
    "/leads",
    "/registry",
    "/rates",
    "/claims",
    "/payouts",
    "/connections",
    "/business",
    "/business/rules",
    "/business/texts",
    "/business/stop-list",
    "/business/consents",
)


@functools.cache
def environment(code: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    spoken = language(code)
    made.globals.update(
        _=spoken.text,
        n_=spoken.count,
        asset=static.url_of,
        languages=LANGUAGES,
        notices=NOTICES,
        version=__version__,
        lang=code,
    )
    made.filters.update(show.filters(spoken))
    made.filters.update(words.filters(spoken))
    return made


def render(desk: Desk, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A page. Visitors without a session get the cookie their forms are compared with."""
    values.setdefault("room_path", room_of(desk.request.url.path))
    html = environment(desk.language.code).get_template(template).render(desk=desk, **values)
    response = HTMLResponse(html, status)
    settings = desk.deps.settings
    if desk.session is None and not cookies.read(desk.request, settings, cookies.FORM):
        cookies.give(response, settings, cookies.FORM, desk.token)
    if (choice := chosen.to_remember(desk.request, desk.business_id)) is not None:
        cookies.remember(response, settings, chosen.COOKIE, choice)
    return response


def room_of(path: str) -> str:
    """The room a page belongs to: the longest address in the menu it begins with."""
    inside = [room for room in ROOMS if path == room or path.startswith(f"{room}/")]
    return max(inside, key=len, default="/parked" if path.startswith("/raw/") else "")


def bare(spoken: Language, template: str, status: int, **values: Any) -> HTMLResponse:
    """A page that needs neither a session nor a database: dead ends."""
    page = environment(spoken.code).get_template(template)
    return HTMLResponse(page.render(desk=None, status=status, **values), status)


def go(path: str, notice: str | None = None) -> RedirectResponse:
    """After a change: the page to look at next, and what to say there (a key of NOTICES)."""
    if notice is not None:
        assert notice in NOTICES
        path += ("&" if "?" in path else "?") + f"done={notice}"
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
