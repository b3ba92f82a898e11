"""Who works on claims by the API: a token, and the person it speaks for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security

from uzel.payouts.claims import claim_store
from uzel.people import token_store
from uzel.people.scopes import CLAIMS_DECIDE, CLAIMS_READ, CLAIMS_WRITE
from uzel.web.api.problems import Coded
from uzel.web.api.tokens import Caller, caller
from uzel.web.deps import deps_of

LARGEST_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ClaimCaller:
    """`by`: who does it, as a claim's steps have it. A token that speaks for a person is that
    person in all it does, or they could approve tomorrow what they asked for today.
    """

    token: Caller
    by: str


async def demand_own(request: Request, given: Caller) -> None:
    """To a token of one connection the claims of others do not exist. Raises Coded."""
    number = request.path_params.get("claim_id", "")
    if given.connection_id is None or not number.isdecimal():
        return
    row = await claim_store.find(deps_of(request).pool, min(int(number), LARGEST_BIGINT))
    if row is None or row["connection_id"] != given.connection_id:
        raise Coded("not_found", f"There is no claim {number}.")


async def read_caller(
    request: Request, given: Annotated[Caller, Security(caller, scopes=[CLAIMS_READ])]
) -> Caller:
    await demand_own(request, given)
    return given


async def write_caller(
    request: Request, given: Annotated[Caller, Security(caller, scopes=[CLAIMS_WRITE])]
) -> ClaimCaller:
    await demand_own(request, given)
    bound = await token_store.person_of(deps_of(request).pool, given.id)
    return ClaimCaller(given, bound or given.actor)


async def decide_caller(
    request: Request, given: Annotated[Caller, Security(caller, scopes=[CLAIMS_DECIDE])]
) -> ClaimCaller:
    """Answers 403 where the token is nobody's."""
    bound = await token_store.person_of(deps_of(request).pool, given.id)
    if bound is None:
        raise Coded("token_without_person", "This API token speaks for no person.")
    await demand_own(request, given)
    return ClaimCaller(given, bound)


ClaimReader = Annotated[Caller, Depends(read_caller)]
ClaimWriter = Annotated[ClaimCaller, Depends(write_caller)]
ClaimDecider = Annotated[ClaimCaller, Depends(decide_caller)]
