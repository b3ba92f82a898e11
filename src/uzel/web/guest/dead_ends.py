"""Pages for what went wrong, in the look of the others. They never repeat the address: a wrong code
and one that belongs to nobody look the same.
"""

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from uzel.kit import database
from uzel.web.guest.look import render

log = logging.getLogger("uzel.guest")

RETRY_AFTER_S = 5
TEXTS = {
    400: ("Форма не прочиталась", "Ничего не изменено. Вернитесь и отправьте её ещё раз."),
    404: (
        "Такой страницы нет",
        "Проверьте ссылку из сообщения: возможно, она скопирована не целиком.",
    ),
    405: ("Так сюда не обращаются", "Откройте ссылку из сообщения ещё раз."),
    413: ("Слишком много текста", "Ничего не изменено. Вернитесь и сократите сообщение."),
    429: (
        "Слишком много изменений",
        "Последняя оценка и последнее сообщение сохранены. Изменить их можно будет завтра.",
    ),
    500: ("Что-то сломалось у нас", "Попробуйте, пожалуйста, чуть позже."),
    503: ("Сейчас не получается", "Страница скоро вернётся. Попробуйте через минуту."),
}


async def refused(request: Request, error: Exception) -> Response:
    """A page for an HTTPException."""
    assert isinstance(error, HTTPException)
    response = dead_end(error.status_code)
    response.headers.update(error.headers or {})
    return response


async def no_database(request: Request, error: Exception) -> Response:
    """The database is away. What the guest sent comes back with the page, to be sent again."""
    log.warning("no database for a guest's page (%s)", type(error).__name__)
    response = dead_end(503, getattr(request.state, "fields", {}))
    response.headers["retry-after"] = str(RETRY_AFTER_S)
    return response


async def our_error(request: Request, error: Exception) -> Response:
    """A bug of ours. The address holds the code, so it stays out of the log."""
    log.error("a guest's page failed", exc_info=error)
    return dead_end(500)


def dead_end(status: int, fields: dict[str, str] | None = None) -> Response:
    """The page for a status; `fields` are sent to the same address again from there."""
    title, text = TEXTS.get(status, TEXTS[500 if status >= 500 else 400])
    return render("dead_end.html", status, title=title, text=text, fields=fields or {})


HANDLERS: dict[type[BaseException], ExceptionHandler] = {
    HTTPException: refused,
    **dict.fromkeys(database.PASSING, no_database),
    Exception: our_error,
}
