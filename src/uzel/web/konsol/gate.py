"""Who may ask for payouts: a living API token with the scope for it."""

from dataclasses import dataclass

from starlette.requests import Request

from uzel.flows.payouts.means import Means
from uzel.payouts.programs.asked import Asker
from uzel.web.api.tokens import Caller, find_caller
from uzel.web.deps import Deps, deps_of
from uzel.web.konsol.reply import NotDone
from uzel.web.partner.carriers import bearer_of
from uzel.web.partner.wrong_tokens import TooMany

REALM = 'Bearer realm="uzel"'


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    request: Request
    asker: Asker
    means: Means


async def admit(request: Request, scope: str) -> Call:
    """Raises NotDone."""
    token = bearer_of(request.headers.get("authorization", ""))
    if token is None:
        raise NotDone("unauthorized", headers={"www-authenticate": REALM})
    caller = await caller_of(request, token)
    if caller is None:
        challenge = f'{REALM}, error="invalid_token"'
        raise NotDone("unauthorized", headers={"www-authenticate": challenge})
    if scope not in caller.scopes:
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        said = f"У токена нет права {scope}."
        raise NotDone("scope_missing", said, headers={"www-authenticate": challenge})
    asker = Asker(caller.id, caller.actor, caller.connection_id)
    return Call(request, asker, means_of(deps_of(request)))


async def caller_of(request: Request, token: str) -> Caller | None:
    """Wrong tokens are counted here with those at all doors. Raises NotDone."""

    async def find(wanted: str) -> Caller | None:
        return await find_caller(request, wanted)

    try:
        wrong = deps_of(request).partners.gate.wrong
        return await wrong.look(token, address_of(request), find)
    except TooMany as many:
        raise NotDone("rate_limited", headers={"retry-after": str(many.wait_s)}) from None


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def means_of(deps: Deps) -> Means:
    return Means(deps.pool, deps.ring, deps.registry, deps.reach)
