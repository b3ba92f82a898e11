"""Is it alive, can it work."""

import asyncio

import asyncpg
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from uzel.kit import database
from uzel.web.api import problems
from uzel.web.deps import Deps, deps_of

ANSWER_WITHIN_S = 2.0
GET = ["GET", "HEAD"]
CAUSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (asyncpg.DiskFullError, "The disk of the database is full."),
    (asyncpg.ReadOnlySQLTransactionError, "The database takes no changes: it is read-only."),
    (asyncpg.TooManyConnectionsError, "The database has no connection left for us."),
    (TimeoutError, "The database does not answer in time."),
    (database.LOST, "The database does not answer."),
)

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=GET)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.api_route("/readyz", methods=GET)
async def readyz(request: Request) -> JSONResponse:
    """The process can do its work: the database answers, and what came last could be stored."""
    kind = await what_hinders(deps_of(request))
    if kind is None:
        return JSONResponse({"status": "ok"})
    detail = f"{cause_of(kind)} Webhooks are answered with 503. ({kind.__name__})"
    again = {"retry-after": str(problems.RETRY_AFTER_S)}
    return problems.answer(request, 503, detail, headers=again)


async def what_hinders(deps: Deps) -> type[BaseException] | None:
    """The kind of error that keeps requests from being stored now, None if they could be."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            if await deps.pool.fetchval("show transaction_read_only") == "on":
                return asyncpg.ReadOnlySQLTransactionError
            return await deps.receiver.trouble()
    except database.LOST as error:
        return type(error)


def cause_of(kind: type[BaseException]) -> str:
    """What stands in the way, as a sentence."""
    for known, said in CAUSES:
        if issubclass(kind, known):
            return said
    return "Requests cannot be stored."
