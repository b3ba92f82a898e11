"""How all pages for guests look and what goes out with them."""

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from uzel.flows.review_requests.said import LONGEST_COMMENT

FOLDER = Path(__file__).parent


@functools.cache
def environment() -> Environment:
    """The templates. Everything is escaped but the style, which is a file of ours."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(style=Markup(style()), longest=LONGEST_COMMENT)  # noqa: S704
    return made


@functools.cache
def style() -> str:
    """The style stands in the page: on a phone, a second request costs more than its bytes."""
    return (FOLDER / "guest.css").read_text("utf-8")


@functools.cache
def headers() -> dict[str, str]:
    """What differs from `uzel.web.headers`. No script at all, and no style but ours, known by its
    digest; the address of the page is told to nobody.
    """
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return {
        "content-security-policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
        "cache-control": "no-store",
    }


def render(template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A page."""
    html = environment().get_template(template).render(**values)
    return HTMLResponse(html, status, headers())
