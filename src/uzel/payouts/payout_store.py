"""Payouts in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "p.id, p.public_id, p.connection_id, p.mark, p.external_id, p.digest, p.payee_id, "
    "p.amount_minor, p.currency, p.kind, p.purpose, p.phone, p.bank_id, p.bank_name, "
    "p.card_shown, p.vault_id, p.details, p.state, p.provider_id, p.provider_status, p.error, "
    "p.sent, p.looked, p.holds, p.made_by, p.created_at, p.updated_at, p.ended_at"
)
ADD = """
insert into payout (public_id, connection_id, mark, external_id, digest, payee_id, amount_minor,
                    currency, kind, purpose, phone, bank_id, bank_name, card_shown,
                    card_fingerprint, vault_id, details, state, holds, target,
                    made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'waiting', $18,
        $19, $20)
returning id
"""
PAYEE = """
with made as (
    insert into payee (connection_id, fingerprint, first_name, last_name, patronymic, phone)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id
)
select id from made
union all
select id from payee where connection_id = $1 and fingerprint = $2
"""
STEP = """
insert into payout_step (payout_id, number, state, made_by, reason)
select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from payout_step where payout_id = $1
"""
MOVE = """
update payout
   set state = $2, error = $3, provider_status = coalesce($4, provider_status),
       provider_id = coalesce($5, provider_id), updated_at = clock_timestamp(),
       ended_at = case when $6 then clock_timestamp() end
 where id = $1
"""


async def payee(
    connection: Connection,
    connection_id: int,
    fingerprint: bytes,
    names: tuple[str, str, str | None],
    phone: str | None,
) -> int:
    """The number of a person, who is added if there is none yet."""
    args = (connection_id, fingerprint, *names, phone)
    found: int | None = await connection.fetchval(PAYEE, *args)
    if found is not None:
        return found
    # Made by somebody else between the two looks of the statement: now it is seen.
    return await connection.fetchval(PAYEE, *args) or 0


async def lock_payee(connection: Connection, payee_id: int) -> Any:
    """(id, connection_id, first_name, last_name, patronymic, phone, reference, asking), locked."""
    return await connection.fetchrow(
        "select id, connection_id, first_name, last_name, patronymic, phone, reference, asking "
        "from payee where id = $1 for update",
        payee_id,
    )


async def ask_payee(connection: Connection, payee_id: int) -> int:
    """The how many-th asking for a person at the provider begins."""
    statement = "update payee set asked = asked + 1, asking = true where id = $1 returning asked"
    return await connection.fetchval(statement, payee_id) or 0


async def know_payee(connection: Connection, payee_id: int, reference: str | None) -> None:
    """The provider knows them by this, and is not asked any more; None: it does not."""
    await connection.execute(
        "update payee set reference = $2, asking = false where id = $1", payee_id, reference
    )


async def of_payee(connection: Connection, payee_id: int) -> list[int]:
    """Payouts that wait for the provider to know this person, the oldest first."""
    rows = await connection.fetch(
        "select id from payout where payee_id = $1 and state = 'waiting' and sent = 0 order by id",
        payee_id,
    )
    return [row["id"] for row in rows]


async def add(connection: Connection, row: Sequence[Any]) -> int:
    """The number of a new one; see ADD. Raises UniqueViolationError."""
    found: int = await connection.fetchval(ADD, *row)
    await step(connection, found, "waiting", str(row[-1]), None)
    return found


async def step(
    connection: Connection, payout_id: int, state: str, made_by: str, reason: str | None
) -> None:
    await connection.execute(STEP, payout_id, state, made_by, reason)


async def by_external_id(connection: Connection, external_id: str) -> Any:
    return await connection.fetchrow(
        f"select {COLUMNS} from payout p where external_id = $1",  # noqa: S608
        external_id,
    )


async def find(pool: Pool | Connection, name: str) -> Any:
    """By our id, the asker's number, the provider's id or the mark; None."""
    return await pool.fetchrow(
        f"select {COLUMNS} from payout p where public_id = $1 or external_id = $1 "  # noqa: S608
        "or provider_id = $1 or mark = $1 order by (public_id = $1) desc, id limit 1",
        name,
    )


async def lock(connection: Connection, payout_id: int) -> Any:
    """One of them, locked until the transaction ends; None."""
    return await connection.fetchrow(
        f"select {COLUMNS} from payout p where id = $1 for update",  # noqa: S608
        payout_id,
    )


async def told_of(connection: Connection, connection_id: int, provider_id: str) -> int | None:
    """The payout that a provider's id belongs to."""
    found: int | None = await connection.fetchval(
        "select id from payout where connection_id = $1 and provider_id = $2",
        connection_id,
        provider_id,
    )
    return found


async def move(
    connection: Connection,
    payout_id: int,
    state: str,
    error: str | None,
    provider_status: str | None,
    provider_id: str | None,
    *,
    ended: bool,
) -> None:
    await connection.execute(MOVE, payout_id, state, error, provider_status, provider_id, ended)


async def next_send(connection: Connection, payout_id: int) -> int:
    """The how many-th sending begins."""
    statement = "update payout set sent = sent + 1 where id = $1 returning sent"
    return await connection.fetchval(statement, payout_id) or 0


async def next_look(connection: Connection, payout_id: int) -> int:
    """The how many-th asking after it begins."""
    statement = "update payout set looked = looked + 1 where id = $1 returning looked"
    return await connection.fetchval(statement, payout_id) or 0


async def steps(pool: Pool | Connection, payout_id: int) -> list[Any]:
    """(state, at, made_by, reason), the oldest first."""
    return await pool.fetch(
        "select state, at, made_by, reason from payout_step where payout_id = $1 order by number",
        payout_id,
    )


async def newest(pool: Pool, state: str | None, before: int | None, most: int) -> list[Any]:
    """The newest first, each with the `name` of who is paid; of one state, and before a number."""
    name = "concat_ws(' ', e.last_name, e.first_name, e.patronymic) as name"
    return await pool.fetch(
        f"select {COLUMNS}, {name} from payout p join payee e on e.id = p.payee_id "  # noqa: S608
        "where ($1::text is null or p.state = $1) and ($2::bigint is null or p.id < $2) "
        "order by p.id desc limit $3",
        state,
        before,
        most,
    )


async def stopped(connection: Connection | Pool) -> Any:
    """(reason, made_by, made_at) while no payout may leave; None: they may."""
    return await connection.fetchrow(
        "select reason, made_by, made_at from payout_stop where ended_at is null"
    )


async def stop(connection: Connection, reason: str, made_by: str) -> bool:
    """False: it was stopped already."""
    found = await connection.fetchval(
        "insert into payout_stop (reason, made_by) values ($1, $2) on conflict do nothing "
        "returning true",
        reason,
        made_by,
    )
    return bool(found)


async def go_on(connection: Connection, made_by: str) -> bool:
    """False: nothing was stopped."""
    found = await connection.fetchval(
        "update payout_stop set ended_by = $1, ended_at = clock_timestamp() "
        "where ended_at is null returning true",
        made_by,
    )
    return bool(found)
