"""Who works on claims by the API: a token, and the person it speaks for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security

from uzel.people import token_store
from uzel.people.scopes import CLAIMS_DECIDE, CLAIMS_READ, CLAIMS_WRITE
from uzel.web.api.problems import Coded
from uzel.web.api.tokens import Caller, caller
from uzel.web.deps import deps_of


@dataclass(frozen=True, slots=True)
class ClaimCaller:
    """`by`: who does it, as a claim's steps have it. A token that speaks for a person is that
    person in all it does, or they could approve tomorrow what they asked for today.
    """

    token: Caller
    by: str


async def read_caller(given: Annotated[Caller, Security(caller, scopes=[CLAIMS_READ])]) -> Caller:
    return given


async def write_caller(
    request: Request, given: Annotated[Caller, Security(caller, scopes=[CLAIMS_WRITE])]
) -> ClaimCaller:
    bound = await token_store.person_of(deps_of(request).pool, given.id)
    return ClaimCaller(given, bound or given.actor)


async def decide_caller(
    request: Request, given: Annotated[Caller, Security(caller, scopes=[CLAIMS_DECIDE])]
) -> ClaimCaller:
    """Answers 403 where the token is nobody's."""
    bound = await token_store.person_of(deps_of(request).pool, given.id)
    if bound is None:
        raise Coded("token_without_person", "This API token speaks for no person.")
    return ClaimCaller(given, bound)


ClaimReader = Annotated[Caller, Depends(read_caller)]
ClaimWriter = Annotated[ClaimCaller, Depends(write_caller)]
ClaimDecider = Annotated[ClaimCaller, Depends(decide_caller)]
