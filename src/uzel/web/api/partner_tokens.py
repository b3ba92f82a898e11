"""Which partner asks: the same tokens as at the old address, in the header only."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from uzel.partners.access import Caller
from uzel.partners.manage import LEADS, PAY, READ
from uzel.web.api.problems import Coded
from uzel.web.deps import deps_of
from uzel.web.partner.gate import Denied, demand

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="partner_token",
    description=(
        "A partner's token, made with `uzel partner token`. Scopes: `read` sees balance, payments "
        "and statements, `payments:write` pays, `leads:write` submits leads."
    ),
)
ERRORS = {"unauthorized": "invalid_token", "scope_missing": "insufficient_scope"}


async def partner_caller(
    request: Request,
    needed: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Who asks, if they may (RFC 6750). Raises Coded 401, 403, 429."""
    token = given.credentials if given else None
    address = request.client.host if request.client else ""
    try:
        caller = await deps_of(request).partners.gate.admit(token, address)
        for scope in needed.scopes:
            demand(caller, scope)
    except Denied as denied:
        raise Coded(denied.code, denied.detail, headers(denied, given is None)) from None
    return caller


def headers(denied: Denied, nothing_given: bool) -> dict[str, str]:
    if denied.retry_after_s:
        return {"retry-after": str(denied.retry_after_s)}
    error = ERRORS.get(denied.code)
    said = f', error="{error}"' if error and not nothing_given else ""
    return {"www-authenticate": f'Bearer realm="uzel"{said}'}


PartnerReader = Annotated[Caller, Security(partner_caller, scopes=[READ])]
PartnerPayer = Annotated[Caller, Security(partner_caller, scopes=[PAY])]
PartnerSubmitter = Annotated[Caller, Security(partner_caller, scopes=[LEADS])]
