"""Coming in with a token of the API, and going out; the language, which needs neither.

The token is looked at once and exchanged for a session: no page, cookie or log has it afterwards.
"""

import secrets

from starlette.responses import RedirectResponse, Response

from uzel.partners.manage import READ
from uzel.partners.sessions import end_session, open_session
from uzel.web.cabinet.desk import FORM, PREFIX, SESSION, Desk, address_of
from uzel.web.cabinet.look import go, headers, render
from uzel.web.console import cookies
from uzel.web.console.form import local_path
from uzel.web.console.language import LANGUAGES
from uzel.web.partner.gate import Denied


async def show_form(desk: Desk) -> Response:
    """The form; who is signed in goes on."""
    if desk.session is not None:
        return onward(desk.query.get("next"))
    return form(desk, wanted=desk.query.get("next"))


async def enter(desk: Desk) -> Response:
    """Look at the token; give a new session, whatever the browser had before."""
    wanted, deps = desk.form.get("next"), desk.deps
    try:
        token = desk.form.get("token", "").strip()
        caller = await deps.partners.gate.admit(token, address_of(desk.request))
    except Denied as denied:
        return refused(desk, denied, wanted)
    if READ not in caller.scopes:
        said = desk.language.text("У этого токена нет права читать: для кабинета нужен другой.")
        return form(desk, 403, wrong=said, wanted=wanted)
    await leave_old(desk)
    made = await open_session(deps.pool, caller)
    response = onward(wanted)
    cookies.give(response, deps.settings, SESSION, made)
    cookies.give(response, deps.settings, FORM, secrets.token_urlsafe(24))
    return response


def refused(desk: Desk, denied: Denied, wanted: str | None) -> Response:
    if denied.retry_after_s:
        said = desk.language.text("Слишком много попыток. Подождите {n} с.", n=denied.retry_after_s)
        response = form(desk, 429, wrong=said, wanted=wanted)
        response.headers["retry-after"] = str(denied.retry_after_s)
        return response
    if denied.code == "address_not_allowed":
        said = desk.language.text("С этого сетевого адреса войти нельзя.")
        return form(desk, 403, wrong=said, wanted=wanted)
    said = desk.language.text("Такого действующего токена нет.")
    return form(desk, 401, wrong=said, wanted=wanted)


async def leave(desk: Desk) -> Response:
    """End the session, here and in the database."""
    await leave_old(desk)
    response = go("sign-in")
    cookies.take(response, desk.deps.settings, SESSION)
    return response


async def prefer(desk: Desk) -> Response:
    """Remember a language, and go back."""
    response = onward(desk.form.get("back"))
    if (code := desk.form.get("language")) in LANGUAGES:
        cookies.remember(response, desk.deps.settings, cookies.LANGUAGE, str(code))
    return response


def form(desk: Desk, status: int = 200, *, wrong: str = "", wanted: str | None) -> Response:
    return render(desk, "sign_in.html", status, wrong=wrong, wanted=inside(wanted))


def inside(wanted: str | None) -> str:
    """An address of the cabinet, and of nothing else."""
    path = local_path(wanted)
    return path if path.startswith(f"{PREFIX}/") else f"{PREFIX}/"


def onward(wanted: str | None) -> RedirectResponse:
    return RedirectResponse(inside(wanted), 303, headers())


async def leave_old(desk: Desk) -> None:
    """The session the browser came with, if any."""
    if token := cookies.read(desk.request, desk.deps.settings, SESSION):
        await end_session(desk.deps.pool, token)
