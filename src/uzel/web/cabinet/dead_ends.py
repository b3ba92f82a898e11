"""Pages for what went wrong. What is another partner's and what is not there look the same."""

import logging
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from uzel.kit import database
from uzel.web.cabinet.desk import LOCALES, PREFIX, SignInNeeded
from uzel.web.cabinet.look import bare, go
from uzel.web.console.language import language_of
from uzel.web.console.language import mark as m

log = logging.getLogger("uzel.cabinet")

RETRY_AFTER_S = 5
TEXTS = {
    400: (m("Форма не прочиталась"), m("Ничего не изменено. Вернитесь и отправьте её ещё раз.")),
    403: (
        m("Так нельзя"),
        m("Форма устарела, или вход с этого адреса не разрешён. Ничего не изменено."),
    ),
    404: (m("Такого здесь нет"), m("Проверьте адрес или номер.")),
    405: (m("Так сюда не обращаются"), m("Откройте страницу ещё раз из меню.")),
    413: (m("Слишком много данных"), m("Ничего не изменено.")),
    500: (m("Что-то сломалось у нас"), m("Попробуйте чуть позже.")),
    503: (m("Сейчас не получается"), m("Попробуйте через минуту.")),
}


async def refused(request: Request, error: Exception) -> Response:
    """A page for an HTTPException."""
    assert isinstance(error, HTTPException)
    response = dead_end(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def sign_in_first(request: Request, error: Exception) -> Response:
    """To the form, and from there back to what was wanted."""
    path, query = request.url.path, request.url.query
    if request.method != "GET" or path == f"{PREFIX}/":
        return go("sign-in")
    return go("sign-in?" + urlencode({"next": path + (f"?{query}" if query else "")}))


async def no_database(request: Request, error: Exception) -> Response:
    log.warning("no database for the cabinet (%s)", type(error).__name__)
    response = dead_end(request, 503)
    response.headers["retry-after"] = str(RETRY_AFTER_S)
    return response


async def our_error(request: Request, error: Exception) -> Response:
    log.error("a page of the cabinet failed", exc_info=error)
    return dead_end(request, 500)


def dead_end(request: Request, status: int) -> Response:
    title, text = TEXTS.get(status, TEXTS[500 if status >= 500 else 400])
    return bare(language_of(request, LOCALES), "dead_end.html", status, title=title, text=text)


HANDLERS: dict[type[BaseException], ExceptionHandler] = {
    HTTPException: refused,
    SignInNeeded: sign_in_first,
    **dict.fromkeys(database.PASSING, no_database),
    Exception: our_error,
}
