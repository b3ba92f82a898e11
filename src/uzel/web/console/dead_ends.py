"""Pages for what went wrong: what happened, what it means for the data, where to go."""

import logging
from urllib.parse import quote

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from uzel.kit import database
from uzel.web.console.desk import SAFE, SignInNeeded
from uzel.web.console.form import local_path
from uzel.web.console.language import language_of
from uzel.web.console.language import mark as m
from uzel.web.console.page import bare, go

log = logging.getLogger("uzel.console")

RETRY_AFTER_S = 5
TEXTS = {
    400: (m("Запрос не читается"), m("Форма пришла повреждённой. Ничего не изменено.")),
    403: (m("Нельзя"), m("Для этого нужны права администратора. Ничего не изменено.")),
    404: (m("Такой страницы нет"), m("Возможно, адрес неполный или запись ещё не появилась.")),
    405: (m("Так сюда не обращаются"), m("Ничего не изменено.")),
    413: (m("Форма слишком велика"), m("Ничего не изменено.")),
    415: (m("Это не форма"), m("Ничего не изменено.")),
    500: (
        m("Ошибка Узла"),
        m("Страница не получилась. Принятые события и сообщения на месте; подробности в журнале."),
    ),
    503: (
        m("База данных недоступна"),
        m("Принятое сохранено, ничего не потеряно. Узел подключится сам, обновите страницу."),
    ),
}
AGAIN, TO_OVERVIEW = m("Попробовать ещё раз"), m("На обзор")
CSRF = (
    m("Форма устарела"),
    m("Она открыта давно или в другом окне вошли заново. Ничего не изменено: откройте её снова."),
)


def register(app: FastAPI) -> None:
    """Take over how errors of pages are shown; what is under `/api/` has its own way."""
    app.add_exception_handler(SignInNeeded, to_sign_in)
    app.add_exception_handler(HTTPException, refused)
    for lost in database.LOST:
        app.add_exception_handler(lost, no_database)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, our_error)


async def to_sign_in(request: Request, error: Exception) -> Response:
    """To the form, and back to the page asked for; a posted form is not repeated by itself."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = local_path(wanted) if request.method in SAFE else "/"
    return go("/sign-in" if back == "/" else f"/sign-in?next={quote(back, safe='/')}")


async def refused(request: Request, error: Exception) -> Response:
    """A page for an HTTPException."""
    assert isinstance(error, HTTPException)
    response = dead_end(request, error.status_code, csrf=error.detail == "csrf")
    response.headers.update(error.headers or {})
    return response


async def no_database(request: Request, error: Exception) -> Response:
    """The database is away; it comes back without anybody's help."""
    log.warning("%s: no database (%s)", request.url.path, type(error).__name__)
    response = dead_end(request, 503)
    response.headers["retry-after"] = str(RETRY_AFTER_S)
    return response


async def our_error(request: Request, error: Exception) -> Response:
    """A bug of ours."""
    log.error("%s failed", request.url.path, exc_info=error)
    return dead_end(request, 500)


def dead_end(request: Request, status: int, *, csrf: bool = False) -> Response:
    """The page for a status."""
    spoken = language_of(request)
    title, text = CSRF if csrf else TEXTS.get(status, TEXTS[500 if status >= 500 else 404])
    again = status in (500, 503) and request.method in SAFE
    return bare(
        spoken,
        "dead_end.html",
        status,
        title=spoken.text(title),
        text=spoken.text(text),
        request_id=getattr(request.state, "request_id", "") if status == 500 else "",
        way=request.url.path if again else "/",
        way_text=spoken.text(AGAIN if again else TO_OVERVIEW),
    )
