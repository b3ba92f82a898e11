"""Coming in and going out; language and look, which need nobody to be signed in."""

import secrets

from fastapi import APIRouter
from starlette.responses import Response

from uzel.people.manage import Throttled, sign_in, sign_out
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
    login, settings = desk.form.get("login", ""), desk.deps.settings
    address = desk.request.client.host if desk.request.client else ""
    try:
        token = await sign_in(desk.deps.pool, login, desk.form.get("password", ""), address)
    except Throttled as wait:
        said = desk.language.text("Слишком много попыток. Подождите {n} с.", n=wait.wait_s)
        refused = form(desk, 429, wrong=said, login=login, next=desk.form.get("next"))
        refused.headers["retry-after"] = str(wait.wait_s)
        return refused
    if token is None:
        said = desk.language.text("Логин или пароль не подходит.")
        return form(desk, 401, wrong=said, login=login, next=desk.form.get("next"))
    await end_session(desk)
    response = go(local_path(desk.form.get("next")))
    cookies.give(response, settings, cookies.SESSION, token)
    cookies.give(response, settings, cookies.FORM, secrets.token_urlsafe(24))
    return response


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
