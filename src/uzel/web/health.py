"""Is it alive, can it work."""

import asyncio

from fastapi import APIRouter, Request, Response

from uzel.kit import database
from uzel.web.deps import deps_of

ANSWER_WITHIN_S = 2.0

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, str]:
    """The process can do its work: the database answers."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await deps_of(request).pool.fetchval("select 1")
    except database.LOST as error:
        response.status_code = 503
        return {"status": "no database", "error": type(error).__name__}
    return {"status": "ok"}
