"""The console's cookies. Over https they are `__Host-` ones: no neighbouring subdomain, and nothing
on the way that speaks plain http, can plant them.
"""

from starlette.requests import Request
from starlette.responses import Response

from uzel.kit.settings import Settings

SESSION, FORM, BROWSER = "uzel_session", "uzel_form", "uzel_browser"
LANGUAGE, THEME = "uzel_language", "uzel_theme"
A_YEAR_S = 365 * 24 * 3600


def is_secure(settings: Settings) -> bool:
    """Whether people reach this installation over https."""
    return settings.url.startswith("https://")


def name_of(settings: Settings, name: str) -> str:
    """The cookie's full name."""
    return f"__Host-{name}" if is_secure(settings) else name


def read(request: Request, settings: Settings, name: str) -> str:
    """A cookie that proves something; empty if absent."""
    return request.cookies.get(name_of(settings, name), "")


def give(
    response: Response, settings: Settings, name: str, value: str, lasts_s: int | None = None
) -> None:
    """Set a cookie that proves something, until the browser closes unless it lasts longer."""
    response.set_cookie(
        name_of(settings, name),
        value,
        max_age=lasts_s,
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def take(response: Response, settings: Settings, name: str) -> None:
    """Remove it."""
    response.delete_cookie(
        name_of(settings, name),
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def remember(response: Response, settings: Settings, name: str, value: str) -> None:
    """Set a preference, for a year; it proves nothing."""
    response.set_cookie(
        name,
        value,
        max_age=A_YEAR_S,
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )
