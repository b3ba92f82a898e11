"""Several claims at once: what they come to first, then each approved in a transaction of its own,
for the version that was looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from uzel.flows.payouts import claims as flow
from uzel.payouts.claims.claim import ClaimRefused
from uzel.views import claims_store
from uzel.views.claims import ClaimRow, claim_of
from uzel.web.console.claims_acts import do
from uzel.web.console.claims_desk import may, show
from uzel.web.console.claims_words import refused
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.listing import LARGEST_ID, LARGEST_INT, whole
from uzel.web.console.page import go

PREFIX = "claim_"
MOST = 100

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one. `why` it is as it was; empty where it was approved."""

    claim: ClaimRow
    why: str


@router.post("/claims/chosen")
async def look(desk: OwnDesk) -> Response:
    """What the chosen ones come to; or, once that was seen, each approved."""
    versions = chosen(desk.form)
    if not versions:
        return go("/claims")
    rows = await claims_store.some(desk.deps.pool, list(versions))
    claims = [claim_of(row) for row in rows]
    if desk.form.get("sure") == "yes":
        done = [await approve(desk, claim, versions[claim.id]) for claim in claims]
        return chosen_page(desk, [], await as_now(desk, done))
    return chosen_page(desk, claims, [])


def chosen(form: Mapping[str, str]) -> dict[int, int]:
    """Number → version, of the boxes that are ticked."""
    found: dict[int, int] = {}
    for name, value in form.items():
        number = whole(name.removeprefix(PREFIX), LARGEST_ID)
        version = whole(value, LARGEST_INT)
        if name.startswith(PREFIX) and number is not None and version is not None:
            found[number] = version
    return dict(list(found.items())[:MOST])


async def approve(desk: Desk, claim: ClaimRow, version: int) -> Done:
    """One of them."""
    login = desk.person.login
    try:
        await do(
            desk,
            claim,
            "approve",
            lambda c: flow.approve(c, desk.deps.ring, claim.id, version, login),
            version=version,
        )
    except ClaimRefused as error:
        return Done(claim, str(refused(desk, error)))
    return Done(claim, "")


async def as_now(desk: Desk, done: Sequence[Done]) -> list[Done]:
    """With the claims as they are by now."""
    why = {it.claim.id: it.why for it in done}
    rows = await claims_store.some(desk.deps.pool, list(why))
    return [Done(claim_of(row), why[row["id"]]) for row in rows]


def chosen_page(desk: Desk, claims: Sequence[ClaimRow], done: Sequence[Done]) -> Response:
    able = [claim for claim in claims if may(desk, claim).approve]
    return show(
        desk,
        "claims_chosen.html",
        able=able,
        unable=[(claim, may(desk, claim).not_approve) for claim in claims if claim not in able],
        total_minor=sum(claim.amount_minor or 0 for claim in able),
        currency=able[0].currency if able else "RUB",
        done=done,
    )
