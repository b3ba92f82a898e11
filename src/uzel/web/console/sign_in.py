"""Coming in and going out; language and look, which need nobody to be signed in."""

import secrets

from fastapi import APIRouter
from starlette.responses import Response

from uzel.people import browsers
from uzel.people.browsers import KnownBrowser
from uzel.people.manage import Busy, Throttled, plain, remember_browser, sign_in, sign_out
from uzel.web.console import cookies
from uzel.web.console.desk import AnyDesk, Desk, OwnDesk
from uzel.web.console.form import local_path
from uzel.web.console.language import LANGUAGES
from uzel.web.console.page import go, render

THEMES = ("auto", "light", "dark")

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def show_form(desk: AnyDesk) -> Response:
    """The form; who is signed in goes on."""
    query = desk.request.query_params
    if desk.session is not None:
        return go(local_path(query.get("next")))
    return form(desk, next=query.get("next"), signed_out=query.get("done") == "signed_out")


@router.post("/sign-in")
async def enter(desk: AnyDesk) -> Response:
    """Check the password; give a new session, whatever the browser had before."""
    login, deps = desk.form.get("login", ""), desk.deps
    try:
        token = await sign_in(
            deps.pool,
            login,
            desk.form.get("password", ""),
            address_of(desk),
            browser_of(desk, login),
        )
    except Throttled as wait:
        said = desk.language.text("Слишком много попыток. Подождите {n} с.", n=wait.wait_s)
        return not_now(desk, 429, said, wait.wait_s)
    except Busy as wait:
        said = desk.language.text(
            "Слишком много входов сразу. Попробуйте через {n} с.", n=wait.wait_s
        )
        return not_now(desk, 503, said, wait.wait_s)
    if token is None:
        said = desk.language.text("Логин или пароль не подходит.")
        return form(desk, 401, wrong=said, login=login, next=desk.form.get("next"))
    await end_session(desk)
    response = go(local_path(desk.form.get("next")))
    cookies.give(response, deps.settings, cookies.SESSION, token)
    cookies.give(response, deps.settings, cookies.FORM, secrets.token_urlsafe(24))
    if (browser := await remember_browser(deps.pool, deps.ring, login)) is not None:
        cookies.give(response, deps.settings, cookies.BROWSER, browser, browsers.LASTS_S)
    return response


def address_of(desk: Desk) -> str:
    """Where the visitor comes from."""
    return desk.request.client.host if desk.request.client else ""


def browser_of(desk: Desk, login: str) -> KnownBrowser | None:
    """What the visitor's browser can prove about this login."""
    cookie = cookies.read(desk.request, desk.deps.settings, cookies.BROWSER)
    return browsers.read_cookie(desk.deps.ring, plain(login), cookie)


def not_now(desk: Desk, status: int, said: str, wait_s: int) -> Response:
    """The form again, to be sent after a while."""
    login = desk.form.get("login", "")
    refused = form(desk, status, wrong=said, login=login, next=desk.form.get("next"))
    refused.headers["retry-after"] = str(wait_s)
    return refused


@router.post("/sign-out")
async def leave(desk: OwnDesk) -> Response:
    """End the session, here and in the database."""
    await end_session(desk)
    response = go("/sign-in", "signed_out")
    cookies.take(response, desk.deps.settings, cookies.SESSION)
    return response


@router.post("/preferences")
async def prefer(desk: AnyDesk) -> Response:
    """Remember a language or a theme, and go back."""
    response = go(local_path(desk.form.get("back")))
    settings = desk.deps.settings
    if (code := desk.form.get("language")) in LANGUAGES:
        cookies.remember(response, settings, cookies.LANGUAGE, str(code))
    if (theme := desk.form.get("theme")) in THEMES:
        cookies.remember(response, settings, cookies.THEME, str(theme))
    return response


def form(
    desk: Desk,
    status: int = 200,
    *,
    wrong: str = "",
    login: str = "",
    next: str | None,
    signed_out: bool = False,
) -> Response:
    """The sign-in page."""
    return render(
        desk,
        "sign_in.html",
        status,
        wrong=wrong,
        login=login[:200],
        next=local_path(next),
        signed_out=signed_out,
    )


async def end_session(desk: Desk) -> None:
    """The session the browser came with, if any."""
    token = cookies.read(desk.request, desk.deps.settings, cookies.SESSION)
    if token:
        await sign_out(desk.deps.pool, token)
