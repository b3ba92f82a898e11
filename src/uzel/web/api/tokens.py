"""Who asks: API tokens, known by their fingerprints, with scopes."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from uzel.kit.secrets import fingerprint
from uzel.people import store
from uzel.people.scopes import READ, REPLAY
from uzel.web.deps import deps_of

LONGEST_TOKEN = 512

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description=(
        "An API token, made with `uzel token add NAME --scope read`. "
        "Scopes: `read` sees everything but secrets, `replay` may have raw events processed again; "
        "`claims:read` sees claims, `claims:write` makes and changes them, `claims:decide` decides "
        "on them in the name of the person the token was made for."
    ),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A living token. `actor` is what the audit calls it; `connection_id`: whose payouts and claims
    it is good for, None: those of all.
    """

    id: int
    name: str
    scopes: frozenset[str]
    connection_id: int | None = None

    @property
    def actor(self) -> str:
        """For the audit."""
        return f"token:{self.name}"


async def find_caller(request: Request, token: str) -> Caller | None:
    """Whose token it is. The database is asked for a hash, so the time that takes tells nothing
    about how much of a wrong token was right.
    """
    if not token or len(token) > LONGEST_TOKEN:
        return None
    row: Any = await store.find_token(deps_of(request).pool, fingerprint(token))
    if row is None:
        return None
    return Caller(row["id"], row["name"], frozenset(row["scopes"]), row["connection_id"])


async def caller(
    request: Request,
    needed: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Who asks, if they may (RFC 6750). Answers 401 or 403 otherwise."""
    if given is None:
        challenge = 'Bearer realm="uzel"'
        raise HTTPException(401, "No API token was sent.", {"www-authenticate": challenge})
    found = await find_caller(request, given.credentials)
    if found is None:
        challenge = 'Bearer realm="uzel", error="invalid_token"'
        raise HTTPException(401, "This API token is unknown.", {"www-authenticate": challenge})
    for scope in needed.scopes:
        if scope not in found.scopes:
            challenge = f'Bearer realm="uzel", error="insufficient_scope", scope="{scope}"'
            raise HTTPException(
                403, f"This API token lacks the scope {scope}.", {"www-authenticate": challenge}
            )
    return found


Reader = Annotated[Caller, Security(caller, scopes=[READ])]
Replayer = Annotated[Caller, Security(caller, scopes=[REPLAY])]
