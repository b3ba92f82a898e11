"""Claims in the database."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "c.id, c.connection_id, c.claimant_id, c.external_id, c.state, c.amount_minor, c.currency, "
    "c.purpose, c.first_name, c.last_name, c.patronymic, c.kind, c.phone, c.bank_id, c.bank_name, "
    "c.card_shown, c.target, c.vault_id, c.details, c.version, c.made_by, c.edited_by, c.reason, "
    "c.held_code, c.payout_id, c.created_at, c.updated_at, c.submitted_at, c.decided_at, c.ended_at"
)
# What a form can change.
FILLED = (
    *("amount_minor", "purpose", "first_name", "last_name", "patronymic", "kind", "phone"),
    *("bank_id", "bank_name", "card_shown", "target", "details", "vault_id"),
)
STEP = """
with step as (
    insert into claim_step (claim_id, number, act, state, made_by, reason)
    select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from claim_step where claim_id = $1
)
insert into claim_news (claim_id, act, state, text, made_by) values ($1, $2, $3, $5, $4)
"""


async def add(
    connection: Connection,
    connection_id: int,
    claimant_id: int | None,
    external_id: str | None,
    currency: str,
    made_by: str,
) -> int:
    """The number of a new and empty one. Raises UniqueViolationError."""
    found: int = await connection.fetchval(
        "insert into claim (connection_id, claimant_id, external_id, state, currency, made_by, "
        "edited_by) values ($1, $2, $3, 'draft', $4, $5, $5) returning id",
        connection_id,
        claimant_id,
        external_id,
        currency,
        made_by,
    )
    return found


async def find(pool: Pool | Connection, number: int) -> Any:
    return await pool.fetchrow(f"select {COLUMNS} from claim c where id = $1", number)  # noqa: S608


async def lock(connection: Connection, number: int) -> Any:
    """One of them, locked until the transaction ends; None."""
    return await connection.fetchrow(
        f"select {COLUMNS} from claim c where id = $1 for update",  # noqa: S608
        number,
    )


async def by_external_id(pool: Pool | Connection, external_id: str) -> Any:
    return await pool.fetchrow(
        f"select {COLUMNS} from claim c where external_id = $1",  # noqa: S608
        external_id,
    )


async def fill(connection: Connection, row: Any, columns: Mapping[str, Any], by: str) -> None:
    """Change what is asked for: another version of it, by somebody."""
    values = [columns.get(name, row[name]) for name in FILLED]
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(FILLED, 3))
    await connection.execute(
        f"update claim set {settings}, edited_by = $2, version = version + 1, "  # noqa: S608
        "updated_at = clock_timestamp() where id = $1",
        row["id"],
        by,
        *values,
    )


async def submit(connection: Connection, number: int, *, again: bool) -> None:
    """`again`: what failed is another version now, which has no approvals."""
    await connection.execute(
        "update claim set state = 'submitted', reason = null, held_code = null, "
        "version = version + $2, ended_at = null, decided_at = null, "
        "submitted_at = clock_timestamp(), updated_at = clock_timestamp() where id = $1",
        number,
        int(again),
    )


async def move(
    connection: Connection,
    number: int,
    state: str,
    reason: str | None,
    *,
    decided: bool = False,
    ended: bool = False,
    held_code: str | None = None,
) -> None:
    await connection.execute(
        "update claim set state = $2, reason = $3, held_code = $6, "
        "decided_at = case when $4 then clock_timestamp() else decided_at end, "
        "ended_at = case when $5 then clock_timestamp() end, updated_at = clock_timestamp() "
        "where id = $1",
        number,
        state,
        reason,
        decided,
        ended,
        held_code,
    )


async def pay(connection: Connection, number: int, payout_id: int) -> None:
    """Its payout was made."""
    await connection.execute(
        "insert into claim_payout (payout_id, claim_id) values ($1, $2)", payout_id, number
    )
    await connection.execute("update claim set payout_id = $2 where id = $1", number, payout_id)


async def set_payout(connection: Connection, number: int, payout_id: int) -> None:
    """Which of its payouts was paid, where that is an earlier one."""
    await connection.execute("update claim set payout_id = $2 where id = $1", number, payout_id)


async def payouts(connection: Connection | Pool, number: int) -> list[Any]:
    """(payout_id, public_id, state, is_live), the oldest first."""
    return await connection.fetch(
        "select p.id as payout_id, p.public_id, p.state, l.is_live from claim_payout l "
        "join payout p on p.id = l.payout_id where l.claim_id = $1 order by p.id",
        number,
    )


async def of_payout(connection: Connection, payout_id: int) -> int | None:
    """The claim that a payout was made for."""
    found: int | None = await connection.fetchval(
        "select claim_id from claim_payout where payout_id = $1", payout_id
    )
    return found


async def end_payout(connection: Connection, payout_id: int) -> None:
    """It is not to be paid any more: another one can be made."""
    await connection.execute(
        "update claim_payout set is_live = false where payout_id = $1", payout_id
    )


async def step(
    connection: Connection, number: int, act: str, state: str, by: str, reason: str | None
) -> None:
    """Write down what was done, for those who ask and for those who are told."""
    await connection.execute(STEP, number, act, state, by, reason)


async def steps(pool: Pool | Connection, number: int) -> list[Any]:
    """(act, state, at, made_by, reason), the oldest first."""
    return await pool.fetch(
        "select act, state, at, made_by, reason from claim_step where claim_id = $1 "
        "order by number",
        number,
    )


async def vote(connection: Connection, number: int, version: int, person: str) -> bool:
    """False: they have. Raises IntegrityConstraintViolationError where the database refuses it."""
    found = await connection.fetchval(
        "insert into claim_approval (claim_id, version, person) values ($1, $2, $3) "
        "on conflict do nothing returning true",
        number,
        version,
        person,
    )
    return bool(found)


async def votes(connection: Connection | Pool, number: int, version: int) -> list[str]:
    """Who approved this version, the first one first."""
    rows = await connection.fetch(
        "select person from claim_approval where claim_id = $1 and version = $2 order by at",
        number,
        version,
    )
    return [row["person"] for row in rows]


async def needed(connection: Connection | Pool, number: int) -> int:
    """How many have to approve it."""
    found: int = await connection.fetchval(
        "select claim_approvals_needed(c) from claim c where id = $1", number
    )
    return found


async def person_of(connection: Connection | Pool, actor: str) -> str:
    """The login that an actor's name stands for."""
    return await connection.fetchval("select claim_person($1)", actor) or ""


async def editors(connection: Connection | Pool, number: int) -> set[str]:
    """The logins of everybody who made or changed it."""
    rows = await connection.fetch(
        "select distinct claim_person(made_by) as person from claim_step "
        "where claim_id = $1 and act in ('made', 'edited')",
        number,
    )
    return {row["person"] for row in rows}


async def may_approve(connection: Connection | Pool, person: str) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select 1 from person where lower(login) = $1 "
            "and role in ('approver', 'admin') and disabled_at is null)",
            person,
        )
    )


async def held_back(connection: Connection, codes: list[str], most: int) -> list[int]:
    """Approved ones that a limit holds back, the oldest first."""
    rows = await connection.fetch(
        "select id from claim where state = 'approved' and held_code = any($1) "
        "order by id limit $2",
        codes,
        most,
    )
    return [row["id"] for row in rows]


async def old_cards(connection: Connection, older: timedelta) -> list[Any]:
    """(id, vault_id) of those whose card nobody has needed for too long."""
    return await connection.fetch(
        "select id, vault_id from claim where vault_id is not null and state <> 'paying' "
        "and updated_at < clock_timestamp() - $1::interval order by id limit 500",
        older,
    )


async def two_above(connection: Connection | Pool, connection_id: int) -> int | None:
    """Above what a second approver is needed."""
    found: int | None = await connection.fetchval(
        "select two_above_minor from payout_rules where connection_id = $1", connection_id
    )
    return found


async def set_two_above(connection: Connection, connection_id: int, minor: int | None) -> None:
    await connection.execute(
        "insert into payout_rules (connection_id, two_above_minor) values ($1, $2) "
        "on conflict (connection_id) do update set two_above_minor = excluded.two_above_minor, "
        "updated_at = clock_timestamp()",
        connection_id,
        minor,
    )
