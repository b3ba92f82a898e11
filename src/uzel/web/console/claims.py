"""Claims: those that wait to be decided on, all of them, one with all that is known, its files."""

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.model.sums import read_sum
from uzel.payouts.claims import thread_store
from uzel.views import claims_store
from uzel.views.claims import (
    MOST_WAITING,
    STATES,
    ClaimFilter,
    ClaimRow,
    claim_life,
    list_claims,
    waiting_claims,
)
from uzel.web.console.claims_desk import KEYS, decided, may, next_path, providers, show, the_claim
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import PER_PAGE, Asked, asked, found, listing, row_id

FIELDS = ("state", "q", "from", "to")
# The list as it is opened: what waits for a decision.
WAITING, ANY = "submitted", "any"
TABS = (
    ("", m("Ждут решения")),
    ("approved", m("Утверждены, не ушли")),
    ("paying", m("Платятся")),
    ("failed", m("Не выплачены")),
    ("draft", m("Черновики")),
    (ANY, m("Все")),
)
PICTURES = ("image/jpeg", "image/png", "image/webp")

router = APIRouter(include_in_schema=False)


@router.get("/claims")
async def show_list(desk: OwnDesk) -> Response:
    """The queue, the longest waiting first; or what a filter finds, the newest first."""
    wanted, pool = asked(desk, FIELDS), desk.deps.pool
    is_queue = set(wanted.values) <= {"state"} and wanted.get("state") in (None, WAITING)
    claims: Sequence[ClaimRow] = ()
    page = None
    if is_queue:
        claims = await waiting_claims(pool)
    else:
        found_page = await list_claims(pool, narrowed(wanted), wanted.before, PER_PAGE)
        page = listing(found_page, wanted)
        claims = page.items
    return show(
        desk,
        "claims.html",
        wanted=wanted,
        claims=claims,
        is_queue=is_queue,
        is_cut=is_queue and len(claims) == MOST_WAITING,
        listing=page,
        counts=await claims_store.counts(pool),
        tabs=TABS,
        states=STATES,
        able={claim.id for claim in claims if may(desk, claim).approve},
        providers=providers(desk),
        after=await decided(desk),
    )


def narrowed(wanted: Asked) -> ClaimFilter:
    """The filter of the views."""
    state = wanted.get("state") or (None if set(wanted.values) - {"state"} else WAITING)
    return ClaimFilter(
        None if state == ANY else state,
        wanted.get("q"),
        roubles(wanted.get("from")),
        roubles(wanted.get("to")),
        wanted.since,
        wanted.until,
    )


def roubles(text: str | None) -> int | None:
    """Minor units; None for what is no sum."""
    read = read_sum(text) if text else None
    if read is None or read.amount is None:
        return None
    return min(int(read.amount * 100), 2**62)


@router.get("/claims/{claim_id}")
async def show_claim(desk: OwnDesk, claim_id: str) -> Response:
    """One claim, and what is to be done about it."""
    return await claim_page(desk, claim_id)


async def claim_page(desk: Desk, claim_id: str, status: int = 200, said: str = "") -> Response:
    """`said`: why what was asked for is not done."""
    life = found(await claim_life(desk.deps.pool, row_id(claim_id)))
    claim = life.claim
    return show(
        desk,
        "claim.html",
        status,
        KEYS,
        life=life,
        claim=claim,
        may=may(desk, claim),
        said=said,
        next_path=await next_path(desk, claim),
        pictures=PICTURES,
        after=await decided(desk),
    )


@router.get("/claims/{claim_id}/files/{file_id}")
async def download(desk: OwnDesk, claim_id: str, file_id: str) -> Response:
    """A file that came with a claim. Of what strangers sent a browser shows pictures and nothing
    else: no type but those that were looked for in its content, no guessing, no scripts.
    """
    claim = await the_claim(desk, claim_id)
    row = await thread_store.file(desk.deps.pool, claim.id, row_id(file_id))
    if row is None:
        raise HTTPException(404)
    kind = row["content_type"]
    is_picture = kind in PICTURES
    name = f"claim-{claim.id}-{row_id(file_id)}.{kind.partition('/')[2]}"
    return Response(
        bytes(row["content"]),
        media_type=kind if is_picture or kind == "application/pdf" else "application/octet-stream",
        headers={
            "content-disposition": f'{"inline" if is_picture else "attachment"}; filename="{name}"',
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
        },
    )
