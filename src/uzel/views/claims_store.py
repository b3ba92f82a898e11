"""Claims for people, in the database."""

from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

# Of `t`, a claim, and `n`, its connection.
CLAIM = """
t.id, t.connection_id, n.name as connection_name, t.claimant_id, t.external_id, t.state,
t.amount_minor, t.currency, t.purpose, t.first_name, t.last_name, t.patronymic, t.kind, t.phone,
t.bank_id, t.bank_name, t.card_shown, t.vault_id is not null as has_card, t.target, t.version,
t.made_by, t.edited_by, claim_person(t.made_by) as maker, claim_person(t.edited_by) as editor,
t.reason, t.held_code, t.created_at, t.updated_at, t.submitted_at, t.decided_at, t.ended_at,
(select coalesce(k.name, k.key) from claimant k where k.id = t.claimant_id) as claimant,
(select k.blocked_at is not null from claimant k where k.id = t.claimant_id) as is_blocked,
(select array_agg(a.person order by a.at) from claim_approval a
  where a.claim_id = t.id and a.version = t.version) as votes,
(select r.two_above_minor from payout_rules r
  where r.connection_id = t.connection_id) as two_above_minor,
(select p.public_id from payout p where p.id = t.payout_id) as payout,
(select p.state from payout p where p.id = t.payout_id) as payout_state,
(select w.is_claimants from claim_message w where w.claim_id = t.id
  order by w.id desc limit 1) as is_asking,
(select count(*) from claim_file f where f.claim_id = t.id) as files
"""
FROM = f"select {CLAIM} from claim t join connection n on n.id = t.connection_id"  # noqa: S608
# Those after this one first, then those before it; without what this person may not decide on.
NEXT = """
select c.id from claim c
 where c.state = 'submitted' and c.id <> $3
   and claim_person(c.made_by) <> $1 and claim_person(c.edited_by) <> $1
   and not exists (select 1 from claim_approval a
                    where a.claim_id = c.id and a.version = c.version and a.person = $1)
 order by (c.submitted_at, c.id) <= ($2, $3), c.submitted_at, c.id limit 1
"""
COUNTS = """
select state, count(*) as count from claim
 where state in ('draft', 'submitted', 'approved', 'paying', 'failed') group by state
"""
# Payouts to the same card or phone that no claim stands behind.
DIRECT = """
select p.public_id, p.state, p.amount_minor, p.currency, p.created_at, p.made_by,
       y.last_name, y.first_name, y.patronymic
  from payout p join payee y on y.id = p.payee_id
 where p.connection_id = $1 and p.target = $2
   and not exists (select 1 from claim_payout l where l.payout_id = p.id)
 order by p.id desc limit $3
"""
PULSE = """
select concat_ws(' ', (select max(id) from claim), (select max(id) from claim_message),
    (select concat(count(*), max(updated_at)) from claim
      where state in ('draft', 'submitted', 'approved', 'paying')),
    (select count(*) from claim_approval a join claim c on c.id = a.claim_id
      where c.state = 'submitted'))
"""


async def find(pool: Pool | Connection, number: int) -> Any:
    return await pool.fetchrow(f"{FROM} where t.id = $1", number)


async def some(pool: Pool | Connection, numbers: list[int]) -> list[Any]:
    """Those with these numbers, the oldest first."""
    return await pool.fetch(f"{FROM} where t.id = any($1::bigint[]) order by t.id", numbers)


async def waiting(pool: Pool | Connection, most: int) -> list[Any]:
    """Those that wait to be decided on, the longest waiting first."""
    return await pool.fetch(
        f"{FROM} where t.state = 'submitted' order by t.submitted_at, t.id limit $1", most
    )


async def called(pool: Pool | Connection, text: str, number: int | None) -> list[Any]:
    """Those with this number, ours or the asker's."""
    return await pool.fetch(
        f"{FROM} where t.id = $2 or t.external_id = $1 order by t.id desc", text, number
    )


async def next_to_decide(
    pool: Pool | Connection, person: str, since: datetime | None, number: int
) -> int | None:
    """The one that waits behind this one, or the first that waits."""
    found: int | None = await pool.fetchval(NEXT, person, since, number)
    return found


async def counts(pool: Pool | Connection) -> dict[str, int]:
    """How many are in each state that somebody has to do with."""
    return {row["state"]: row["count"] for row in await pool.fetch(COUNTS)}


async def related(
    pool: Pool | Connection, number: int, claimant_id: int | None, target: bytes | None, most: int
) -> list[Any]:
    """Other claims of the same claimant, or to the same card or phone, the newest first."""
    return await pool.fetch(
        f"{FROM} where t.id <> $1 and (t.claimant_id = $2 or t.target = $3) "
        "order by t.id desc limit $4",
        number,
        claimant_id,
        target,
        most,
    )


async def direct(
    pool: Pool | Connection, connection_id: int, target: bytes, most: int
) -> list[Any]:
    """See DIRECT; the newest first."""
    return await pool.fetch(DIRECT, connection_id, target, most)


async def pulse(connection: Connection) -> str:
    """A word that changes when a claim that somebody has to do with does."""
    found: str = await connection.fetchval(PULSE)
    return found
