"""How all pages of the cabinet look and what goes out with them."""

import base64
import functools
import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from uzel.web.cabinet import words
from uzel.web.cabinet.desk import FORM, LOCALES, PREFIX, Desk
from uzel.web.console import cookies
from uzel.web.console.language import LANGUAGES, Language, language
from uzel.web.console.language import mark as m

FOLDER = Path(__file__).parent
TABS = (
    ("", m("Обзор")),
    ("transactions", m("Транзакции")),
    ("leads", m("Лиды")),
    ("statement", m("Выписка")),
    ("rates", m("Курсы")),
    ("tokens", m("Токены")),
    ("webhooks", m("Вебхуки")),
    ("api", m("API")),
)


@functools.cache
def environment(code: str) -> Environment:
    """The templates in one language. Everything is escaped but the style, a file of ours."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    spoken = language(code, LOCALES)
    made.globals.update(
        _=spoken.text,
        n_=spoken.count,
        style=Markup(style()),  # noqa: S704
        languages=LANGUAGES,
        lang=code,
        prefix=PREFIX,
        tabs=TABS,
        states=words.STATES,
        lead_states=words.LEADS,
        delivery_states=words.DELIVERIES,
        scope_words=words.SCOPES,
    )
    return made


@functools.cache
def style() -> str:
    """The style stands in the page."""
    return (FOLDER / "cabinet.css").read_text("utf-8")


@functools.cache
def headers() -> dict[str, str]:
    """What differs from `uzel.web.headers`: no script at all, no style but ours."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return {
        "content-security-policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "x-robots-tag": "noindex, nofollow",
        "cache-control": "no-store",
    }


def render(desk: Desk, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A page. Visitors without a session get the cookie their forms are compared with."""
    page = environment(desk.language.code).get_template(template)
    response = HTMLResponse(page.render(desk=desk, **values), status, headers())
    settings = desk.deps.settings
    if desk.session is None and not cookies.read(desk.request, settings, FORM):
        cookies.give(response, settings, FORM, desk.token)
    return response


def bare(spoken: Language, template: str, status: int, **values: Any) -> HTMLResponse:
    """A page that needs neither a session nor a database: dead ends."""
    page = environment(spoken.code).get_template(template)
    return HTMLResponse(page.render(desk=None, **values), status, headers())


def go(place: str) -> RedirectResponse:
    """After a change: the page to look at next."""
    return RedirectResponse(f"{PREFIX}/{place}", HTTPStatus.SEE_OTHER, headers())
