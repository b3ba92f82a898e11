"""What is said about a claim, and the files with it."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from uzel.kit.database import Connection
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims import thread, thread_store
from uzel.payouts.claims.claim import ClaimRefused
from uzel.web.api import claim_models as models
from uzel.web.api.claim_acts import do, message, refused
from uzel.web.api.claim_tokens import ClaimReader, ClaimWriter
from uzel.web.api.openapi import BAD_REQUEST, CONFLICT, NOT_FOUND, error
from uzel.web.api.paging import Id
from uzel.web.api.problems import Coded
from uzel.web.deps import deps_of

router = APIRouter(prefix="/claims/{claim_id}", tags=["claims"], responses=NOT_FOUND)
BYTES = {"schema": {"type": "string", "format": "binary"}}
TYPES = (*(kind for _, kind in thread.BEGINNINGS), "image/webp")
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, at most 10 MiB. What it is, its first bytes say.",
        "content": {"application/octet-stream": BYTES},
    }
}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file itself.", "content": dict.fromkeys(TYPES, BYTES)}
}
# Nobody's browser is to run what somebody sent.
SAFE = {"content-security-policy": "default-src 'none'; sandbox", "cache-control": "no-store"}


async def demand_claim(request: Request, number: int) -> None:
    if await store.find(deps_of(request).pool, number) is None:
        raise Coded("not_found", f"There is no claim {number}.")


@router.get("/messages", operation_id="listClaimMessages")
async def messages(request: Request, caller: ClaimReader, claim_id: Id) -> models.ClaimMessages:
    """What was said, by the claimant and to them, oldest first."""
    await demand_claim(request, claim_id)
    rows = await thread_store.messages(deps_of(request).pool, claim_id)
    return models.ClaimMessages(items=[message(row) for row in rows])


@router.post("/messages", operation_id="addClaimMessage", status_code=201, responses=BAD_REQUEST)
async def say(
    request: Request, caller: ClaimWriter, claim_id: Id, wanted: models.NewMessage
) -> models.ClaimMessage:
    """Write to the claimant, or have what they wrote kept."""

    said = 0

    async def work(connection: Connection) -> Any:
        nonlocal said
        said = await thread.say(
            connection, claim_id, wanted.text, caller.by, is_claimants=wanted.from_claimant
        )
        return await store.find(connection, claim_id)

    await do(request, caller, "say", work)
    rows = await thread_store.messages(deps_of(request).pool, claim_id)
    return next(message(row) for row in rows if row["id"] == said)


@router.get("/files", operation_id="listClaimFiles")
async def files(request: Request, caller: ClaimReader, claim_id: Id) -> models.ClaimFiles:
    """The files with it, oldest first."""
    await demand_claim(request, claim_id)
    rows = await thread_store.files(deps_of(request).pool, claim_id)
    return models.ClaimFiles(items=[models.ClaimFile(**dict(row)) for row in rows])


@router.post(
    "/files",
    operation_id="addClaimFile",
    status_code=201,
    openapi_extra=FILE,
    responses={**BAD_REQUEST, **CONFLICT, **error(413), **error(415)},
)
async def attach(
    request: Request,
    caller: ClaimWriter,
    claim_id: Id,
    name: Annotated[models.Line, Query(description="What it is called.", examples=["чек.png"])],
) -> models.ClaimFile:
    """Keep a picture or a PDF with it. The same file again is the same one."""
    await demand_claim(request, claim_id)
    content = await body_of(request)
    kept = 0

    async def work(connection: Connection) -> Any:
        nonlocal kept
        kept = await thread.attach(connection, claim_id, name, content, caller.by)
        return await store.find(connection, claim_id)

    await do(request, caller, "attach", work)
    rows = await thread_store.files(deps_of(request).pool, claim_id)
    return next(models.ClaimFile(**dict(row)) for row in rows if row["id"] == kept)


async def body_of(request: Request) -> bytes:
    """No more of it is kept than is taken. Raises Coded."""
    found = bytearray()
    try:
        async for chunk in request.stream():
            found += chunk
            if len(found) > thread.LARGEST_FILE:
                about = f"a file has at most {thread.LARGEST_FILE} bytes"
                raise refused(ClaimRefused("too_large", about))
    except ClientDisconnect:
        raise Coded("bad_request", "The file did not arrive.") from None
    return bytes(found)


@router.get(
    "/files/{file_id}", operation_id="getClaimFile", response_class=Response, responses=CONTENT
)
async def file(request: Request, caller: ClaimReader, claim_id: Id, file_id: Id) -> Response:
    """A file, to be kept and not to be opened where it came from."""
    found = await thread_store.file(deps_of(request).pool, claim_id, file_id)
    if found is None:
        raise Coded("not_found", f"There is no file {file_id} with the claim {claim_id}.")
    name = quote(found["name"], safe="")
    kept = f"attachment; filename*=UTF-8''{name}"
    headers = {**SAFE, "content-disposition": kept}
    return Response(found["content"], media_type=found["content_type"], headers=headers)
