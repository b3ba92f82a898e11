"""Calls as lists, and one by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Pool
from uzel.views.filters import CallFilter
from uzel.views.query_store import Scan
from uzel.views.rows import Attempt, Call, CallRow, Page

CALL = (
    "t.id, t.connection_id, n.connector, n.name as connection_name, t.operation, t.effect, "
    "t.state, t.attempt, t.due_at, t.started_at, t.finished_at, t.error_class, t.code, t.detail, "
    "t.http_status, t.reference, t.request_id, t.decided_by, t.decided_at, t.created_at"
)
# The text of a message that tells a code (web/vtiger/phone_code.py) is shown as the message has it.
FROM = (
    f"select {CALL}, case when m.id is null then t.arguments "  # noqa: S608
    "else t.arguments || jsonb_build_object('text', m.body) end as arguments, t.history, t.answer "
    "from call t join connection n on n.id = t.connection_id left join message m "
    "on m.id = substring(t.effect from '^message:([0-9]{1,18})$')::bigint "
    "and m.origin like 'registry_code:%'"
)
# States with a partial index, written out so that PostgreSQL can tell that it fits.
TROUBLED = ("rejected", "not_sent", "cancelled")
STATES = {
    "planned": "state = 'planned'",
    "sending": "state = 'sending'",
    "unknown": "state = 'unknown'",
    **{
        state: f"state in ('rejected', 'not_sent', 'cancelled') and state = '{state}'"
        for state in TROUBLED
    },
}


async def list_calls(
    pool: Pool, wanted: CallFilter, before: int | None, limit: int
) -> Page[CallRow]:
    """Calls that pass the filter, newest first."""
    scan = Scan("call", CALL, "created_at")
    if wanted.state in STATES:
        scan.only(STATES[wanted.state])
    if wanted.connection_id is not None:
        scan.key("connection_id", wanted.connection_id)
    if wanted.state is not None and wanted.state not in STATES:
        scan.where("state = {}", wanted.state)
    if wanted.operation is not None:
        scan.where("operation = {}", wanted.operation)
    await scan.between(pool, wanted.since, wanted.until)
    return await scan.page(pool, to_call_row, before, limit)


async def calls_by_id(pool: Pool, ids: Sequence[int]) -> tuple[Call, ...]:
    """These calls, oldest first."""
    rows = await pool.fetch(f"{FROM} where t.id = any($1::bigint[]) order by t.id", list(ids))
    return tuple(map(to_call, rows))


async def calls_by_effect(pool: Pool, effects: Sequence[str]) -> tuple[Call, ...]:
    """The calls made for these effects, oldest first."""
    rows = await pool.fetch(f"{FROM} where t.effect = any($1::text[]) order by t.id", list(effects))
    return tuple(map(to_call, rows))


def to_call_row(row: Any) -> CallRow:
    """A row with the columns CALL."""
    return CallRow(**row)


def to_call(row: Any) -> Call:
    """A row with the columns CALL and the JSON ones."""
    columns = dict(row)
    arguments, history = columns.pop("arguments"), columns.pop("history")
    answer = columns.pop("answer")
    return Call(CallRow(**columns), arguments, tuple(map(to_attempt, history)), answer)


def to_attempt(entry: Mapping[str, Any]) -> Attempt:
    """An entry of `call.history`, as `calls.store` writes it."""
    decided_at = time_of(entry.get("at"))
    return Attempt(
        attempt=entry["attempt"],
        state=entry["state"],
        started_at=time_of(entry.get("started_at")) or decided_at,
        finished_at=time_of(entry.get("finished_at")) or decided_at,
        error_class=entry.get("error"),
        code=entry.get("code"),
        detail=entry.get("detail"),
        http_status=entry.get("http_status"),
        by=entry.get("by"),
    )


def time_of(text: str | None) -> datetime | None:
    """A time as PostgreSQL writes it into JSON."""
    return datetime.fromisoformat(text) if text else None
