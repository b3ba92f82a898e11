"""The provider's directory of SBP as it was taken last. Until there is one, the banks that people
name most stand for it; a bank that it left out is not paid to any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uzel.errors import ContractBroken
from uzel.kit.database import Connection
from uzel.payouts import banks_store as store
from uzel.payouts.banks import MEMBER_ID, Directory, spelling

LONGEST_NAME = 200
# A list that lost more than half of its banks at once is rather half a list.
MOST_GONE = 0.5


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a list. `left_out`: entries that are no bank with a number and a name."""

    banks: int
    added: int
    gone: int
    left_out: int


async def directory(connection: Connection, connection_id: int) -> Directory:
    """The banks that money can be sent to through a connection."""
    rows = await store.members(connection, connection_id)
    if not rows:
        return Directory()
    return Directory((row["member_id"], row["name"]) for row in rows if row["gone_at"] is None)


async def take(
    connection: Connection, connection_id: int, listed: Sequence[Mapping[str, Any]]
) -> Taken:
    """Keep a list of {"id", "name", "bic"}, in the caller's transaction. Raises ContractBroken for
    one that cannot be the whole of it; then the last one stays.
    """
    banks: dict[str, tuple[str, str, str | None]] = {}
    for it in listed:
        if (found := bank_of(it)) is not None:
            banks.setdefault(found[0], found)
    if not banks:
        raise ContractBroken("there is no bank in the directory")
    rows = await store.members(connection, connection_id)
    known = [row["member_id"] for row in rows if row["gone_at"] is None]
    lost = sum(member_id not in banks for member_id in known)
    if lost > MOST_GONE * len(known):
        raise ContractBroken(f"{lost} of {len(known)} banks are missing from the directory at once")
    kept = await store.keep(connection, connection_id, list(banks.values()))
    return Taken(len(banks), kept["added"], kept["gone"], len(listed) - len(banks))


def bank_of(it: Mapping[str, Any]) -> tuple[str, str, str | None] | None:
    """(member id, name, BIC); None for what is none."""
    member_id, name, bic = it.get("id"), it.get("name"), it.get("bic")
    if not isinstance(member_id, str) or not MEMBER_ID.fullmatch(member_id):
        return None
    if not isinstance(name, str) or not spelling(name):
        return None
    return member_id, name.strip()[:LONGEST_NAME], bic if isinstance(bic, str) else None
