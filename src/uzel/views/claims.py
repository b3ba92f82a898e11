"""Claims as those see them who decide: the queue, and all that is known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.payouts import limit_store
from uzel.payouts.claims import claim_store, thread
from uzel.payouts.claims.claim import State
from uzel.payouts.day import today
from uzel.payouts.limits import Limits, limits_of
from uzel.views import claims_store as store
from uzel.views.query_store import Scan
from uzel.views.rows import Page

STATES = tuple(str(state) for state in State)
MOST_WAITING, MOST_RELATED, MOST_DIRECT = 200, 20, 10
LAST_DIGITS, SHORTEST_PHONE = 4, 5
LARGEST_ID = 2**63 - 1
# What the numbers of forms begin with, so that one sent twice makes one claim.
FORM = "form:"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim; see table claim.

    maker, editor  who made it and changed it last, as people (see `claim_person`)
    votes          who approved it as it stands
    payout         its newest one's public number, and `payout_state`
    is_asking      whether the claimant wrote last
    """

    id: int
    connection_id: int
    connection_name: str
    claimant_id: int | None
    claimant: str | None
    is_blocked: bool | None
    external_id: str | None
    state: str
    amount_minor: int | None
    currency: str
    purpose: str | None
    first_name: str | None
    last_name: str | None
    patronymic: str | None
    kind: str | None
    phone: str | None
    bank_id: str | None
    bank_name: str | None
    card_shown: str | None
    has_card: bool
    target: bytes | None
    version: int
    made_by: str
    edited_by: str
    maker: str
    editor: str
    reason: str | None
    held_code: str | None
    votes: Sequence[str] | None
    two_above_minor: int | None
    payout: str | None
    payout_state: str | None
    is_asking: bool | None
    files: int
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """Last name first."""
        return " ".join(filter(None, (self.last_name, self.first_name, self.patronymic)))

    @property
    def needed(self) -> int:
        """How many have to approve it."""
        limit = self.two_above_minor
        return 2 if limit is not None and (self.amount_minor or 0) > limit else 1

    @property
    def number(self) -> str | None:
        """The asker's own number; forms of the console have one nobody need see."""
        return None if (self.external_id or "").startswith(FORM) else self.external_id


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """text: a number, ours or the asker's, a name, the last four digits of a card, a phone."""

    state: str | None = None
    text: str | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What of the limits was taken today, by the business's clock, in minor units: by the same card
    or phone, by how many payouts, by everybody.
    """

    limits: Limits
    person_minor: int
    person_count: int
    day_minor: int


@dataclass(frozen=True, slots=True)
class Other:
    """Another claim of the same person. is_target: it goes to the same card or phone; is_name:
    under the same name; is_same: as much, to the same, within a week.
    """

    claim: ClaimRow
    is_target: bool
    is_name: bool
    is_same: bool


@dataclass(frozen=True, slots=True)
class ClaimLife:
    """All about one. direct: payouts to the same card or phone without a claim."""

    claim: ClaimRow
    steps: Sequence[Any]
    messages: Sequence[Any]
    files: Sequence[Any]
    payouts: Sequence[Any]
    used: Used
    others: Sequence[Other]
    direct: Sequence[Any]

    @property
    def foreign_names(self) -> Sequence[str]:
        """Other names that the same card or phone came with."""
        mine = self.claim.name.casefold()
        claims = [it.claim.name for it in self.others if it.is_target]
        paid = [name_of(row) for row in self.direct]
        found = dict.fromkeys(name for name in (*claims, *paid) if name)
        return [name for name in found if name.casefold() != mine]


def name_of(row: Mapping[str, Any]) -> str:
    """Last name first."""
    return " ".join(filter(None, (row["last_name"], row["first_name"], row["patronymic"])))


def claim_of(row: Any) -> ClaimRow:
    return ClaimRow(**{field.name: row[field.name] for field in fields(ClaimRow)})


async def find_claim(pool: Pool | Connection, number: int) -> ClaimRow | None:
    row = await store.find(pool, number)
    return None if row is None else claim_of(row)


async def waiting_claims(pool: Pool) -> list[ClaimRow]:
    """Those that wait to be decided on, the longest waiting first; no more than MOST_WAITING."""
    return [claim_of(row) for row in await store.waiting(pool, MOST_WAITING)]


async def list_claims(
    pool: Pool, wanted: ClaimFilter, before: int | None, limit: int
) -> Page[ClaimRow]:
    """The newest first, those below an id."""
    scan = Scan("claim", store.CLAIM, "created_at")
    if wanted.state is not None:
        scan.key("state", wanted.state)
    if wanted.text is not None:
        search(scan, wanted.text)
    if wanted.least_minor is not None:
        scan.where("amount_minor >= {}", wanted.least_minor)
    if wanted.most_minor is not None:
        scan.where("amount_minor <= {}", wanted.most_minor)
    await scan.between(pool, wanted.since, wanted.until)
    page = await scan.page(pool, claim_of, before, limit)
    if wanted.text is None or before is not None:
        return page
    # However old it is, what has exactly this number is found.
    known = {claim.id for claim in page.items}
    called = map(claim_of, await store.called(pool, wanted.text, whole(wanted.text)))
    first = [it for it in called if it.id not in known and wanted.state in (None, it.state)]
    return Page((*first, *page.items), page.next, page.cut)


def search(scan: Scan, text: str) -> None:
    """Whatever somebody has at hand."""
    words = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = text if text.isascii() and text.isdigit() else ""
    scan.where(
        "external_id = {} or id = {} or right(card_shown, 4) = {} or phone = {} "
        "or concat_ws(' ', last_name, first_name, patronymic) ilike {}",
        text,
        whole(text),
        digits if len(digits) == LAST_DIGITS else None,
        phone_of(text),
        f"%{words}%",
    )


def whole(text: str) -> int | None:
    """A number of ours."""
    plain = text.lstrip("#№ ")
    if not plain.isascii() or not plain.isdigit():
        return None
    return number if len(plain) < 20 and (number := int(plain)) <= LARGEST_ID else None


def phone_of(text: str) -> str | None:
    if sum(letter.isdigit() for letter in text) < SHORTEST_PHONE:
        return None
    try:
        return parse_phone(text).e164
    except PhoneRejected:
        return None


async def claim_life(pool: Pool, number: int) -> ClaimLife | None:
    """All about one of them; None."""
    async with pool.acquire() as connection:
        claim = await find_claim(connection, number)
        if claim is None:
            return None
        steps = await claim_store.steps(connection, number)
        messages, files = await thread.thread(connection, number)
        payouts = await claim_store.payouts(connection, number)
        used = await used_of(connection, claim)
        rows = await store.related(
            connection, number, claim.claimant_id, claim.target, MOST_RELATED
        )
        direct: Sequence[Any] = ()
        if claim.target is not None:
            direct = await store.direct(connection, claim.connection_id, claim.target, MOST_DIRECT)
    others = [other_of(claim, claim_of(row)) for row in rows]
    return ClaimLife(claim, steps, messages, files, payouts, used, others, direct)


async def used_of(connection: Connection, claim: ClaimRow) -> Used:
    """What may leave, and what of it has today."""
    through = claim.connection_id
    since = (await today(connection, through)).begun_at
    everybody = await limit_store.before(connection, through, since, None, None)
    mine: Any = {"sum": 0, "count": 0}
    if claim.target is not None:
        mine = await limit_store.before(connection, through, since, claim.target, None)
    limits = await limits_of(connection, through)
    return Used(limits, mine["sum"], mine["count"], everybody["sum"])


def other_of(claim: ClaimRow, other: ClaimRow) -> Other:
    is_target = claim.target is not None and other.target == claim.target
    near = abs((other.created_at - claim.created_at).days) < 7
    return Other(
        other,
        is_target,
        other.name.casefold() == claim.name.casefold(),
        is_target
        and near
        and other.amount_minor == claim.amount_minor
        and other.state not in (State.REJECTED, State.CANCELLED),
    )


async def next_claim(pool: Pool, person: str, claim: ClaimRow | None) -> int | None:
    """The next one that this person may decide on."""
    since = claim.submitted_at if claim else None
    number = claim.id if claim else 0
    return await store.next_to_decide(pool, person, since, number)
