"""What is done to a claim by the API: one transaction, its note in the audit, and what refuses it
as a problem.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from fastapi import Request

from uzel.connections.registry import Active
from uzel.kit.database import Connection
from uzel.payouts.claims.claim import ClaimRefused
from uzel.payouts.wish import WishRejected
from uzel.people.store import note
from uzel.views.claim_life import ClaimLife, claim_life
from uzel.views.claim_list_store import ClaimRow
from uzel.web.api import claim_models as models
from uzel.web.api.claim_codes import OTHERWISE
from uzel.web.api.claim_tokens import ClaimCaller
from uzel.web.api.problems import Coded
from uzel.web.api.tokens import Caller
from uzel.web.deps import deps_of

CONNECTOR = "konsol"
# What a refusal knows besides, for programs.
SAID: tuple[str, ...] = ("state", "version", "missing")
OF_ROW = (
    *("id", "state", "version", "amount_minor", "currency", "name", "purpose", "kind", "phone"),
    *("bank_id", "bank_name", "external_id", "claimant", "claimant_name", "details", "made_by"),
    *("edited_by", "reason", "held_code", "payout", "connection_id", "created_at", "updated_at"),
    *("submitted_at", "decided_at", "ended_at"),
)


async def do(
    request: Request, who: ClaimCaller, name: str, work: Callable[[Connection], Awaitable[Any]]
) -> Any:
    """What `work` gives: the claim's row. Raises Coded."""
    try:
        return await once(request, who, name, work)
    except asyncpg.UniqueViolationError:  # the same, at this moment, by somebody else
        return await once(request, who, name, work)


async def once(
    request: Request, who: ClaimCaller, name: str, work: Callable[[Connection], Awaitable[Any]]
) -> Any:
    try:
        async with deps_of(request).pool.acquire() as connection, connection.transaction():
            row = await work(connection)
            about = {"state": row["state"], "version": row["version"], "by": who.by}
            await note(connection, who.token.actor, name, f"claim:{row['id']}", about)
            return row
    except ClaimRefused as error:
        raise refused(error) from None
    except WishRejected as error:
        raise rejected(error) from None


def refused(error: ClaimRefused) -> Coded:
    code = OTHERWISE.get(error.code, error.code)
    known = {name: error.about[name] for name in SAID if name in error.about}
    return Coded(code, f"{str(error)[:1].upper()}{str(error)[1:]}.", more=known)


def rejected(error: WishRejected) -> Coded:
    wrong = {"location": f"body.{error.field}", "detail": error.reason}
    more: dict[str, Any] = {"field": error.field, "reason": error.reason, "errors": [wrong]}
    if error.candidates:
        more["candidates"] = [{"id": it.member_id, "name": it.name} for it in error.candidates]
    return Coded("claim_invalid", f"Not valid: {error.field} ({error.reason}).", more=more)


def through(request: Request, caller: Caller, connection_id: int | None) -> Active:
    """Which connection pays: for a token of one, that one. Raises Coded."""
    found = [it for it in deps_of(request).registry.all() if it.connector.name == CONNECTOR]
    if caller.connection_id is not None:
        found = [it for it in found if it.id == caller.connection_id]
    if connection_id is not None:
        found = [it for it in found if it.id == connection_id]
    if not found:
        raise Coded("payouts_off", "There is no such connection to pay through.")
    if len(found) > 1:
        raise Coded("connection_needed", "Give connection_id: there are several to pay through.")
    return found[0]


async def whole(request: Request, number: int) -> models.WholeClaim:
    """Raises Coded."""
    life = await claim_life(deps_of(request).pool, number)
    if life is None:
        raise Coded("not_found", f"There is no claim {number}.")
    return of_life(life)


def of_row(row: ClaimRow) -> models.Claim:
    return models.Claim(**fields_of(row))


def fields_of(row: ClaimRow) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in OF_ROW}
    return found | {"card": row.card_shown, "card_needed": row.card_needed}


def of_life(life: ClaimLife) -> models.WholeClaim:
    return models.WholeClaim(
        **fields_of(life.row),
        approvals_needed=life.needed,
        approvals=life.approvals,
        steps=[models.ClaimStep(**dict(step)) for step in life.steps],
        payouts=[
            models.ClaimPayout(id=it["public_id"], state=it["state"], is_live=it["is_live"])
            for it in life.payouts
        ],
        messages=[message(it) for it in life.messages],
        files=[models.ClaimFile(**dict(it)) for it in life.files],
    )


def message(row: Any) -> models.ClaimMessage:
    return models.ClaimMessage(
        id=row["id"],
        at=row["at"],
        made_by=row["made_by"],
        from_claimant=row["is_claimants"],
        text=row["text"],
    )
