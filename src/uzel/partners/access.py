"""Who calls: a partner's token, known by its hash."""

from dataclasses import dataclass
from time import monotonic
from typing import Any

from uzel.kit.database import Pool
from uzel.kit.secrets import fingerprint
from uzel.ledger.accounts import LIVE, TEST
from uzel.partners import partner_store as store
from uzel.partners.payment import Partner
from uzel.partners.settings import PartnerSettings

# For so long a token may live on after it was revoked.
FRESH_S = 1.0
MOST_KNOWN = 10_000
LONGEST_TOKEN = 512


@dataclass(frozen=True, slots=True)
class Caller:
    """A living token and whose it is."""

    token_id: int
    scopes: frozenset[str]
    partner: Partner


class Access:
    """Finds callers; what was found is good for a second, so that a busy partner costs no query at
    each request.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[bytes, tuple[float, Caller | None]] = {}

    async def caller(self, token: str) -> Caller | None:
        """Whose token this is; None: nobody's, or it has ended."""
        if not token or len(token) > LONGEST_TOKEN:
            return None
        hashed = fingerprint(token)
        known = self._known.get(hashed)
        if known is not None and known[0] > monotonic():
            return known[1]
        found = await self._find(hashed)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[hashed] = (monotonic() + FRESH_S, found)
        return found

    async def _find(self, hashed: bytes) -> Caller | None:
        row = await store.find_token(self._pool, hashed)
        if row is None:
            return None
        await store.note_use(self._pool, row["token_id"])
        return caller_of(row)


def caller_of(row: Any) -> Caller:
    """A row with a partner and its living token: `token_id`, `scopes`, `is_test`."""
    partner = partner_of(row, TEST if row["is_test"] else LIVE)
    return Caller(row["token_id"], frozenset(row["scopes"]), partner)


def partner_of(row: Any, book: str) -> Partner:
    """A partner in one of its books."""
    return Partner(
        row["id"],
        row["public_id"],
        row["name"],
        row["currency"],
        book,
        row["test_account_id"] if book == TEST else row["account_id"],
        PartnerSettings.model_validate(row["settings"]),
    )
