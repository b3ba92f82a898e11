"""`/public/…`: the addresses that integrations of shared hosting have, kept for who moves over.

The cron of a hosting panel and amoCRM call them as they always did. What stands in their queries
(the token of the cron, the code and the state of a consent) is worth as much as a password: none of
it gets into a log, an answer, or the address of a page that follows.
"""

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.types import ExceptionHandler

from uzel.connections.grants import CALLBACK
from uzel.kit import database
from uzel.web.deps import Deps
from uzel.web.public_callback import TROUBLES, come_back
from uzel.web.public_cron import Cron

log = logging.getLogger("uzel.public")

CRON, MIGRATE = "/public/cron.php", "/public/migrate.php"
RETRY_AFTER_S = 10

Handler = Callable[[Request], Awaitable[Response]]


def register(app: FastAPI, deps: Deps) -> None:
    """Put the addresses into an application. Without a secret, there is no cron."""
    add(app, CALLBACK, come_back, TROUBLES)
    if deps.settings.cron_secret is not None:
        cron = Cron(deps, deps.settings.cron_secret)
        add(app, CRON, cron.run, CRON_TROUBLES)
        add(app, MIGRATE, cron.migrate, CRON_TROUBLES)


def add(
    app: FastAPI,
    path: str,
    handler: Handler,
    troubles: dict[type[BaseException], ExceptionHandler],
) -> None:
    """One address. What goes wrong ends here: passed on, it would be shown and logged in the way of
    the console, with the address in it.
    """
    app.router.routes.append(Route(path, ExceptionMiddleware(request_response(handler), troubles)))


async def refused(request: Request, error: Exception) -> Response:
    """What an HTTPException says."""
    assert isinstance(error, HTTPException)
    said = {"ok": False, "problem": error.detail}
    return JSONResponse(said, error.status_code, dict(error.headers or {}))


async def no_database(request: Request, error: Exception) -> Response:
    """The database is away."""
    log.warning("no database for the cron (%s)", type(error).__name__)
    said = {"ok": False, "problem": "the database does not answer; try again"}
    return JSONResponse(said, 503, {"retry-after": str(RETRY_AFTER_S)})


async def our_error(request: Request, error: Exception) -> Response:
    """A bug of ours."""
    log.error("an address of the cron failed", exc_info=error)
    return JSONResponse({"ok": False, "problem": "an error of ours; the log has it"}, 500)


CRON_TROUBLES: dict[type[BaseException], ExceptionHandler] = {
    HTTPException: refused,
    **dict.fromkeys(database.PASSING, no_database),
    Exception: our_error,
}
