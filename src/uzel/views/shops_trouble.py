"""Shops that need somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.kit.database import Pool
from uzel.views import shops_store as store
from uzel.views.shops_proof import as_it_stands

# A run that fails is made once more within seconds; people hear of it when that does not help.
PATIENCE = {
    "fetch": timedelta(seconds=90),
    "reconcile": timedelta(minutes=25),
    "proof": timedelta(days=1, hours=1),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A shop with something wrong.

    problems          task → what has kept it from its end for long
    missing, doubles  orders that are without their deal now, and those with several by the last
                      proof
    waiting           orders without a deal that go on by themselves
    """

    shop_id: int
    state: str
    source_id: int
    stuck: int
    stuck_since: datetime | None
    waiting: int
    problems: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    doubles: int = 0

    @property
    def held_up(self) -> bool:
        """Whether orders wait because the shop is on pause."""
        return self.state == "paused" and self.waiting > 0


async def shops_in_trouble(pool: Pool, now: datetime | None = None) -> list[Trouble]:
    """Shops with orders that are stuck, tasks that fail, deals that are not there or there twice;
    shops on pause with orders that wait.
    """
    async with pool.acquire() as connection:
        rows = await store.troubles(connection)
        proofs = [await as_it_stands(connection, row["id"], proof_of(row)) for row in rows]
    at = now or datetime.now(UTC)
    found = [trouble_of(row, proof, at) for row, proof in zip(rows, proofs, strict=True)]
    return [t for t in found if t.stuck or t.problems or t.missing or t.doubles or t.held_up]


def proof_of(row: Any) -> Mapping[str, Any]:
    """What the last proof found, out of a row of store.troubles."""
    found: Mapping[str, Any] = ((row["tasks"] or {}).get("proof") or {}).get("found") or {}
    return found


def trouble_of(row: Any, proof: Mapping[str, Any], now: datetime) -> Trouble:
    """A row of store.troubles, and the proof as it stands."""
    tasks = row["tasks"] or {}
    return Trouble(
        shop_id=row["id"],
        state=row["state"],
        source_id=row["source_id"],
        stuck=row["stuck"],
        stuck_since=row["stuck_since"],
        waiting=row["waiting"],
        problems=dict(problems_of(tasks, now)),
        missing=len(proof.get("missing", ())),
        doubles=len(proof.get("doubles", ())),
    )


def problems_of(tasks: Mapping[str, Mapping[str, Any]], now: datetime) -> Iterable[tuple[str, str]]:
    """Tasks that have failed for longer than a hiccup lasts."""
    for name, patience in PATIENCE.items():
        task = tasks.get(name) or {}
        if inner := (task.get("found") or {}).get("problem"):
            yield name, inner
        elif task.get("problem") and is_long_ago(task.get("succeeded_at"), now - patience):
            yield name, task["problem"]


def is_long_ago(text: str | None, before: datetime) -> bool:
    """Whether a time as the database writes it lies before another, or never was."""
    return text is None or datetime.fromisoformat(text) < before
