"""A claim as the pages of its room know it: who may do what with it, and which is the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from uzel.connections.registry import Active
from uzel.payouts.claims.claim import EDITABLE, MOVES, State
from uzel.payouts.claims.fill import NEEDED
from uzel.payouts.payout import State as Payout
from uzel.views.claims import ClaimRow, find_claim, next_claim
from uzel.web.console.claims_words import spoken
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found, row_id, whole
from uzel.web.console.page import render

PROVIDER = "konsol"
# Key → what it does on the page; for the list of keys.
KEYS = (
    ("a", m("утвердить: ещё раз a или Enter подтверждает")),
    ("r", m("отклонить: выбрать причину")),
    ("n", m("следующая заявка")),
    ("m", m("написать заявителю")),
    ("e", m("изменить")),
)


@dataclass(frozen=True, slots=True)
class May:
    """What this person may do with a claim. `not_approve`: codes of what speaks against it, the
    first one first; of nobody who has nothing to decide there.
    """

    approve: bool
    reject: bool
    cancel: bool
    edit: bool
    submit: bool
    pay: bool
    block: bool
    withdraw: bool
    not_approve: Sequence[str]


def may(desk: Desk, claim: ClaimRow) -> May:
    """Who is signed in, and this claim. The database has the last word on all of it."""
    me, state = desk.person.login.lower(), State(claim.state)
    is_mine = me in (claim.maker, claim.editor)
    decides = desk.may_decide and not is_mine
    against = obstacles(desk, claim, is_mine) if state is State.SUBMITTED else []
    lacks_card = claim.kind == "card" and not claim.has_card
    ready = not lacks_card and not any(getattr(claim, it) is None for it in NEEDED)
    return May(
        approve=state is State.SUBMITTED and not against,
        reject=State.REJECTED in MOVES[state] and decides,
        cancel=State.CANCELLED in MOVES[state] and (is_mine or desk.may_decide),
        edit=state in EDITABLE | {State.FAILED},
        submit=state in (State.DRAFT, State.FAILED) and ready and not claim.is_blocked,
        pay=state is State.APPROVED and desk.may_decide and not lacks_card,
        block=claim.claimant_id is not None and desk.may_decide,
        withdraw=claim.payout_state == Payout.WAITING and desk.may_decide,
        not_approve=against,
    )


def obstacles(desk: Desk, claim: ClaimRow, is_mine: bool) -> list[str]:
    """Codes of what speaks against this person approving it."""
    found = {
        "no_approver": not desk.may_decide,
        "same_person": is_mine,
        "voted": desk.person.login.lower() in (claim.votes or ()),
        "card_needed": claim.kind == "card" and not claim.has_card,
        "blocked": bool(claim.is_blocked),
    }
    return [code for code, is_so in found.items() if is_so]


async def the_claim(desk: Desk, claim_id: str) -> ClaimRow:
    """The one with this number. Raises HTTPException 404."""
    return found(await find_claim(desk.deps.pool, row_id(claim_id)))


async def decided(desk: Desk) -> tuple[ClaimRow, bool] | None:
    """The claim that was decided on before this page opened, and whether its payout can still be
    taken back.
    """
    number = whole(desk.request.query_params.get("after"), 2**63 - 1)
    claim = await find_claim(desk.deps.pool, number) if number is not None else None
    return None if claim is None else (claim, may(desk, claim).withdraw)


async def next_path(desk: Desk, claim: ClaimRow) -> str:
    """Where to go on after this one: the next that waits for this person, or the queue."""
    number = None
    if desk.may_decide:
        number = await next_claim(desk.deps.pool, desk.person.login.lower(), claim)
    return "/claims" if number is None else f"/claims/{number}"


def providers(desk: Desk) -> list[Active]:
    """Connections that pay."""
    return [
        active
        for active in desk.deps.registry.all()
        if active.connector.name == PROVIDER and active.state != "off"
    ]


def show(
    desk: Desk,
    template: str,
    status: int = 200,
    keys: Sequence[tuple[str, str]] = (),
    **values: Any,
) -> Response:
    """A page of these rooms."""
    named: Mapping[str, Any] = spoken(desk)
    return render(desk, template, status, page_keys=keys, **named, **values)
