"""Reports that are written into deals, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

# The lead is locked: whatever becomes of its reports happens one after the other. Not `for update`,
# which would wait for everybody who has just written a report of it down, and they for each other.
LOCK = """
select r.id, r.public_id, r.lead_id, r.is_success, r.status, r.amount, r.data, r.crm_state,
       r.crm_step, r.crm_tries, r.crm_begun_at, r.created_at, r.currency, r.email, r.card,
       l.connection_id, l.external_id, l.deal_id, c.settings, c.known, c.known_at
  from lead_report r join lead l on l.id = r.lead_id
  join lead_crm c on c.connection_id = l.connection_id
 where r.id = any($1) order by l.id, r.id for no key update of l, r
"""
# Since the link it is about: another link is another task.
BEFORE = """
select exists (select from lead_report b where b.lead_id = $1 and b.id <> $2
                  and b.crm_state = 'waiting' and b.crm_step is not null) as under_way,
       exists (select from lead_report b where b.lead_id = $1 and b.id <> $2
                  and b.crm_state = 'success' and b.created_at >= coalesce(
                      (select max(s.at) from lead_step s
                        where s.lead_id = $1 and s.what = 'link'), b.created_at)) as done
"""


async def lock(connection: Connection, report_ids: Sequence[int]) -> list[Any]:
    """These reports with their deals and the settings of their CRM, locked; those of no CRM are
    left out.
    """
    return await connection.fetch(LOCK, list(report_ids))


async def before(connection: Connection, lead_id: int, report_id: int) -> Any:
    """Of the other reports of a lead: whether one is `under_way`, and one of this link `done`."""
    return await connection.fetchrow(BEFORE, lead_id, report_id)


async def next_waiting(connection: Connection, lead_id: int) -> int | None:
    """The oldest report of a lead that waits for its turn."""
    found: int | None = await connection.fetchval(
        "select min(id) from lead_report where lead_id = $1 and crm_state = 'waiting' "
        "and crm_step is null",
        lead_id,
    )
    return found


async def step(connection: Connection, report_id: int, name: str) -> int:
    """It is asked for now; the number of the asking."""
    found: int = await connection.fetchval(
        "update lead_report set crm_step = $2, crm_tries = crm_tries + 1, "
        "crm_begun_at = case when crm_step is null then now() else crm_begun_at end "
        "where id = $1 returning crm_tries",
        report_id,
        name,
    )
    return found


async def end(connection: Connection, report_id: int, state: str, message: str) -> None:
    """It is over: `success`, `failed` or `skipped`, and why."""
    await connection.execute(
        "update lead_report set crm_state = $2, crm_message = $3, crm_at = now(), crm_step = null "
        "where id = $1",
        report_id,
        state,
        message,
    )


async def again(connection: Connection, report_id: int) -> None:
    """It waits once more."""
    await connection.execute(
        "update lead_report set crm_state = 'waiting', crm_message = null, crm_at = null, "
        "crm_step = null where id = $1",
        report_id,
    )


async def say(connection: Connection, report_id: int, message: str) -> None:
    """Why it still waits."""
    await connection.execute(
        "update lead_report set crm_message = $2 where id = $1 and crm_state = 'waiting'",
        report_id,
        message,
    )


async def named(pool: Pool | Connection, report: str) -> Any:
    """A report by its public id or its number; None where there is none."""
    return await pool.fetchrow(
        "select id, public_id, lead_id, crm_state, crm_message from lead_report "
        "where public_id = $1 or id::text = $1 order by public_id = $1 desc limit 1",
        report,
    )
