"""Claims: asked for, changed, decided on."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from uzel.flows.payouts import claims as flow
from uzel.kit.database import Connection
from uzel.model.cards import masked
from uzel.payouts.claims import acts, approval
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims import claimant_store as claimants
from uzel.payouts.claims.claim import Form
from uzel.payouts.claims.fill import no_card
from uzel.views.claim_list_store import ClaimFilter, list_claims
from uzel.web.api import claim_models as models
from uzel.web.api.claim_acts import do, of_row, through, whole
from uzel.web.api.claim_tokens import ClaimCaller, ClaimDecider, ClaimReader, ClaimWriter
from uzel.web.api.openapi import BAD_REQUEST, CONFLICT, NOT_FOUND
from uzel.web.api.paging import ConnectionId, Id, Listed, ListQuery, Text, listed
from uzel.web.api.problems import Coded
from uzel.web.deps import deps_of

router = APIRouter(prefix="/claims", tags=["claims"])
REFUSED = {**BAD_REQUEST, **NOT_FOUND, **CONFLICT}
AGAIN: dict[int | str, dict[str, Any]] = {
    200: {
        "model": models.WholeClaim,
        "description": "There was a claim with this external_id: this one, as it is now. Nothing "
        "was changed.",
    }
}


class ClaimQuery(ListQuery):
    """Which claims."""

    state: models.ClaimState | None = None
    claimant: Text | None = Field(
        default=None, description="As a claim has it.", examples=["api:shop:4711"]
    )
    external_id: Text | None = Field(default=None, examples=["prize-118"])
    connection_id: ConnectionId | None = None


@router.get("", operation_id="listClaims")
async def list_all(
    request: Request,
    response: Response,
    caller: ClaimReader,
    query: Annotated[ClaimQuery, Query()],
) -> Listed[models.Claim]:
    """Claims, newest first."""
    asked = query.model_dump(exclude={"cursor", "limit"})
    if caller.connection_id is not None:
        if asked["connection_id"] not in (None, caller.connection_id):
            raise Coded("not_found", "This API token is good for another connection.")
        asked["connection_id"] = caller.connection_id
    chosen = ClaimFilter(**asked)
    page = await list_claims(deps_of(request).pool, chosen, query.before, query.limit)
    return listed(request, response, page, of_row)


@router.post(
    "", operation_id="addClaim", status_code=201, responses={**BAD_REQUEST, **CONFLICT, **AGAIN}
)
async def add(
    request: Request, response: Response, caller: ClaimWriter, wanted: models.NewClaim
) -> models.WholeClaim:
    """Ask for a payout. The same external_id again changes nothing."""
    pays = through(request, caller.token, wanted.connection_id).id
    known = False

    async def work(connection: Connection) -> Any:
        nonlocal known
        known = await store.by_external_id(connection, wanted.external_id) is not None
        asks = await claimant_of(connection, caller, wanted.claimant)
        keys = await acts.keys_of(connection, deps_of(request).ring)
        row = await acts.make(
            connection, keys, pays, form_of(wanted), caller.by,
            claimant_id=asks, external_id=wanted.external_id,
        )  # fmt: skip
        if wanted.submit and row["state"] == "draft":
            row = await acts.submit(connection, row["id"], caller.by)
        return row

    row = await do(request, caller, "add", work)
    if known:
        response.status_code = 200
    response.headers["location"] = f"/api/v1/claims/{row['id']}"
    return await whole(request, row["id"])


async def claimant_of(
    connection: Connection, caller: ClaimCaller, given: models.Claimant | None
) -> int | None:
    """The number of who asks. Raises WishRejected."""
    if given is None:
        return None
    name = masked(given.name) if given.name else None
    key = f"api:{caller.token.name}:{no_card('claimant.id', given.id)}"
    return await claimants.known(connection, key, name)


@router.get("/{claim_id}", operation_id="getClaim", responses=NOT_FOUND)
async def get(request: Request, caller: ClaimReader, claim_id: Id) -> models.WholeClaim:
    """A claim with its steps, approvals, payouts, messages and files."""
    return await whole(request, claim_id)


@router.patch("/{claim_id}", operation_id="changeClaim", responses=REFUSED)
async def change(
    request: Request, caller: ClaimWriter, claim_id: Id, wanted: models.ChangedClaim
) -> models.WholeClaim:
    """Ask for something else, until it is approved. Whoever has approved it has to again."""

    async def work(connection: Connection) -> Any:
        keys = await acts.keys_of(connection, deps_of(request).ring)
        return await acts.edit(
            connection, keys, claim_id, form_of(wanted), caller.by, wanted.version
        )

    await do(request, caller, "edit", work)
    return await whole(request, claim_id)


@router.post("/{claim_id}/submit", operation_id="submitClaim", responses=REFUSED)
async def submit(request: Request, caller: ClaimWriter, claim_id: Id) -> models.WholeClaim:
    """Have it decided on; what failed, once more."""
    await do(request, caller, "submit", lambda c: acts.submit(c, claim_id, caller.by))
    return await whole(request, claim_id)


@router.post("/{claim_id}/cancel", operation_id="cancelClaim", responses=REFUSED)
async def cancel(
    request: Request,
    caller: ClaimWriter,
    claim_id: Id,
    wanted: models.Cancellation | None = None,
) -> models.WholeClaim:
    """Take it back before it is paid."""
    reason = wanted.reason if wanted else ""
    await do(request, caller, "cancel", lambda c: acts.cancel(c, claim_id, caller.by, reason))
    return await whole(request, claim_id)


@router.post("/{claim_id}/approve", operation_id="approveClaim", responses=REFUSED)
async def approve(
    request: Request, caller: ClaimDecider, claim_id: Id, wanted: models.Approval
) -> models.WholeClaim:
    """Say that this version is paid; the last word needed pays it. The answer is `submitted` where
    others have to approve too, `paying`, or `approved` where a limit holds it back.
    """
    ring = deps_of(request).ring
    await do(
        request,
        caller,
        "approve",
        lambda c: flow.approve(c, ring, claim_id, wanted.version, caller.by),
    )
    return await whole(request, claim_id)


@router.post("/{claim_id}/reject", operation_id="rejectClaim", responses=REFUSED)
async def reject(
    request: Request, caller: ClaimDecider, claim_id: Id, wanted: models.Rejection
) -> models.WholeClaim:
    """Say that it is not paid, and why."""
    await do(
        request,
        caller,
        "reject",
        lambda c: approval.reject(c, claim_id, caller.by, wanted.reason, wanted.version),
    )
    return await whole(request, claim_id)


def form_of(given: models.ClaimFields) -> Form:
    card = given.card.get_secret_value() if given.card is not None else None
    return Form(
        given.amount, given.purpose, given.name, card, given.phone, given.bank, given.details or {}
    )
