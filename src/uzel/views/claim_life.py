"""Everything about one claim."""

from dataclasses import dataclass
from typing import Any

from uzel.kit.database import Pool
from uzel.payouts.claims import claim_store, thread_store
from uzel.views.claim_list_store import ClaimRow, claim_by_id


@dataclass(frozen=True, slots=True)
class ClaimLife:
    """A claim with what belongs to it, each list oldest first.

    needed     approvals that its amount needs
    approvals  logins of those who approved this version
    steps      act, state, at, made_by, reason
    payouts    public_id, state, is_live
    messages   id, at, made_by, is_claimants, text
    files      id, at, made_by, name, content_type, size_bytes
    """

    row: ClaimRow
    needed: int
    approvals: list[str]
    steps: list[Any]
    payouts: list[Any]
    messages: list[Any]
    files: list[Any]


async def claim_life(pool: Pool, number: int) -> ClaimLife | None:
    row = await claim_by_id(pool, number)
    if row is None:
        return None
    return ClaimLife(
        row,
        await claim_store.needed(pool, number),
        await claim_store.votes(pool, number, row.version),
        await claim_store.steps(pool, number),
        await claim_store.payouts(pool, number),
        await thread_store.messages(pool, number),
        await thread_store.files(pool, number),
    )
