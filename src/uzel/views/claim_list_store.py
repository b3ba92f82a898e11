"""Claims as lists."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from uzel.kit.database import Pool
from uzel.views.query_store import Scan
from uzel.views.rows import Page

# Of other tables, for the rows of a page only.
BESIDE = {
    "claimant": "(select key from claimant m where m.id = t.claimant_id) as claimant",
    "claimant_name": "(select name from claimant m where m.id = t.claimant_id) as claimant_name",
    "payout": "(select public_id from payout p where p.id = t.payout_id) as payout",
    "has_card": "t.vault_id is not null as has_card",
}


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims; None: any. `claimant` by key."""

    state: str | None = None
    claimant: str | None = None
    external_id: str | None = None
    connection_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim; of its card what may be shown. `has_card`: the number lies in the vault."""

    id: int
    connection_id: int
    state: str
    external_id: str | None
    claimant: str | None
    claimant_name: str | None
    amount_minor: int | None
    currency: str
    purpose: str | None
    last_name: str | None
    first_name: str | None
    patronymic: str | None
    kind: str | None
    phone: str | None
    bank_id: str | None
    bank_name: str | None
    card_shown: str | None
    has_card: bool
    details: dict[str, Any]
    version: int
    made_by: str
    edited_by: str
    reason: str | None
    held_code: str | None
    payout: str | None
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None

    @property
    def card_needed(self) -> bool:
        """Whether its number was destroyed, and it could be paid if it were entered again."""
        asks = self.state in ("draft", "submitted", "approved", "failed")
        return asks and self.kind == "card" and not self.has_card

    @property
    def name(self) -> str | None:
        """Of who is paid."""
        parts = (self.last_name, self.first_name, self.patronymic)
        return " ".join(part for part in parts if part) or None


CLAIM = ", ".join(BESIDE.get(f.name, f"t.{f.name}") for f in fields(ClaimRow))


async def list_claims(
    pool: Pool, wanted: ClaimFilter, before: int | None, limit: int
) -> Page[ClaimRow]:
    """Claims that pass the filter, newest first."""
    scan = Scan("claim", CLAIM, "created_at")
    if wanted.claimant is not None:
        number = await pool.fetchval("select id from claimant where key = $1", wanted.claimant)
        scan.key("claimant_id", number or 0, "claimant_id is not null")
    if wanted.state is not None:
        scan.key("state", wanted.state)
    if wanted.connection_id is not None:
        scan.where("connection_id = {}", wanted.connection_id)
    if wanted.external_id is not None:
        # One at most: it is unique.
        scan.where("external_id = {}", wanted.external_id)
    await scan.between(pool, wanted.since, wanted.until)
    return await scan.page(pool, to_claim, before, limit)


async def claim_by_id(pool: Pool, number: int) -> ClaimRow | None:
    row = await pool.fetchrow(f"select {CLAIM} from claim t where t.id = $1", number)  # noqa: S608
    return to_claim(row) if row else None


def to_claim(row: Any) -> ClaimRow:
    """A row with the columns CLAIM."""
    return ClaimRow(**row)
