"""Where an OAuth server sends the owner of an account back (amoCRM, "OAuth: step by step").

It comes with a code, which is changed for tokens here, and with the state that the owner set out
with from the console. Nobody is signed in here as a rule: the state, good once and for an hour, is
what proves where the visitor comes from.
"""

import logging
from typing import Any

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ExceptionHandler

from uzel.calls.plan import wake
from uzel.connections import store
from uzel.connections.registry import Active
from uzel.errors import AuthFailed, CallFailed, ConfigError
from uzel.kit import database
from uzel.model.access import OAuth
from uzel.people.store import note
from uzel.web.deps import Deps, deps_of
from uzel.web.guest.look import headers
from uzel.web.public_pages import (
    another_account,
    code_refused,
    denied,
    no_answer,
    no_connection,
    not_here,
    not_now,
    our_fault,
    without_state,
)

log = logging.getLogger("uzel.public")


async def come_back(request: Request) -> Response:
    """`/public/oauth_callback.php?code&state&referer…`, or `error` in place of the code."""
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(405)
    query = request.query_params
    if request.method == "HEAD":  # who looks where a link leads must not use it up
        return Response()
    state = query.get("state", "")
    if not state:
        return without_state(query.get("error", ""))
    deps = deps_of(request)
    went = await deps.reach.grants.come_back(state)
    return not_here() if went is None else await take_in(deps, went, query)


async def take_in(deps: Deps, went: Any, query: QueryParams) -> Response:
    """What somebody brings who set out from here. `went`: as `Grants.come_back` gives it."""
    await deps.registry.refresh()
    active = deps.registry.get(went["connection_id"])
    oauth = ready(active)
    if active is None or oauth is None:
        return no_connection()
    code, error = query.get("code", ""), query.get("error", "")
    if error or not code:
        log.info("connection %s: access was not granted", active.id)
        return denied(active, error)
    if wrong := wrong_server(active, query.get("referer", "")):
        return another_account(active, wrong)
    return await exchange(deps, active, oauth, went, code)


def ready(active: Active | None) -> OAuth | None:
    """How this connection is given access; None where it cannot be, or no longer."""
    if active is None or active.config is None or active.connector.oauth is None:
        return None
    return active.connector.oauth if active.connector.oauth.ready(active.config) else None


async def exchange(deps: Deps, active: Active, oauth: OAuth, went: Any, code: str) -> Response:
    """Change the code for tokens, keep them, and go on to the connection's page."""
    http = deps.reach.client(active)
    try:
        tokens = await oauth.exchange(http, active.config, went["redirect_uri"], code)
    except AuthFailed as error:
        log.warning("connection %s: the code of a consent is refused: %s", active.id, error)
        return code_refused(active, error.detail, went["redirect_uri"])
    except (CallFailed, ConfigError) as error:
        log.warning("connection %s: no tokens for a consent: %s", active.id, error)
        return no_answer(active, str(error))
    await deps.reach.grants.grant(active, tokens, went["redirect_uri"], went["made_by"])
    await begin_again(deps, active, went["made_by"])
    log.info("connection %s: access granted", active.id)
    # The address that follows tells nothing of this one.
    return RedirectResponse(f"/connections/{active.id}?done=granted", 303, headers())


async def begin_again(deps: Deps, active: Active, by: str) -> None:
    """What was paused for want of access works again; what a person switched off stays off."""
    async with deps.pool.acquire() as connection, connection.transaction():
        if active.state == "paused":
            await store.set_state(connection, active.id, "active", None)
            await store.close_breaker(connection, active.id)
            await wake(connection, active.id)
        await note(connection, by, "grant_access", f"connection:{active.id}", {})
    await deps.registry.refresh()


def wrong_server(active: Active, referer: str) -> str | None:
    """The account that access was granted to, where it is not the connection's. amoCRM names the
    server alone; no word of it is no contradiction: the code is changed at our account's server,
    which knows its own codes only.
    """
    theirs = server_in(referer)
    ours = server_in(str(getattr(active.config, "base_url", "")))
    return theirs if theirs and theirs != ours else None


def server_in(address: str) -> str:
    """`example.amocrm.ru` of whatever stands around it."""
    return address.strip().lower().partition("://")[2 if "://" in address else 0].split("/")[0]


async def refused(request: Request, error: Exception) -> Response:
    """An HTTPException."""
    assert isinstance(error, HTTPException)
    return not_here(error.status_code)


async def no_database(request: Request, error: Exception) -> Response:
    """The database is away: whether the state was used up is not known."""
    log.warning("no database for a consent (%s)", type(error).__name__)
    return not_now()


async def our_error(request: Request, error: Exception) -> Response:
    """A bug of ours. The address holds code and state, so it stays out of the log."""
    log.error("a consent was not taken in", exc_info=error)
    return our_fault()


TROUBLES: dict[type[BaseException], ExceptionHandler] = {
    HTTPException: refused,
    **dict.fromkeys(database.PASSING, no_database),
    Exception: our_error,
}
