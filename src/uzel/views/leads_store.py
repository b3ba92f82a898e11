"""Leads for people, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import WINDOW, Conditions

# A lead, whose it is, who holds it, the last report on it, and what was last paid for it.
ROWS = """
select l.id, l.public_id, l.book, l.partner_id, l.connection_id, l.external_id, l.deal_id,
       l.payment_url, l.data, l.state, l.version, l.leased_by, l.leased_until,
       l.created_at, l.updated_at, p.name as partner_name, n.connector,
       n.name as connection_name, b.name as robot,
       r.id as report_id, r.public_id as report, r.is_success, r.status, r.amount, r.currency,
       r.email, r.card, r.crm_state, r.crm_message, r.created_at as reported_at,
       m.public_id as payment, m.state as payment_state, m.cost_minor, m.balance_currency,
       {is_late} as is_late
  from {source} l
  left join partner p on p.id = l.partner_id
  left join connection n on n.id = l.connection_id
  left join robot b on b.id = l.leased_by
  left join lateral (
      select * from lead_report where lead_id = l.id order by id desc limit 1) r on true
  left join lateral (
      select * from payment where lead_id = l.id order by id desc limit 1) m on true
 where {where}
"""
# The link changed after the lead was done.
IS_LATE = """(l.state = 'done' and exists (
    select from lead_step s where s.lead_id = l.id and s.what = 'link' and s.number > coalesce(
        (select max(d.number) from lead_step d where d.lead_id = l.id and d.what = 'done'), 0)))"""
# Leads whose last report waits for the CRM, was refused by it, or that nobody could be charged for.
WAITING = "id in (select lead_id from lead_report where crm_state = 'waiting')"
FAILED = """id in (select r.lead_id from lead_report r where r.crm_state = 'failed'
    and not exists (select from lead_report x where x.lead_id = r.lead_id and x.id > r.id))"""
UNCHARGED = """id in (select s.lead_id from lead_step s where s.what = 'uncharged' and (
    select m.state from payment m where m.lead_id = s.lead_id order by m.id desc limit 1
    ) = 'failed') and state = 'done'"""
OVERDUE = "state = 'new' and updated_at < now() - interval '1 hour'"
TROUBLE = f"""
select (select count(*) from lead where book = 'live' and {FAILED}) as failed,
       (select count(*) from lead where book = 'live' and {UNCHARGED}) as uncharged,
       (select count(*) from (select from lead where book = 'live' and {OVERDUE} limit 1000) o
       ) as overdue,
       (select min(updated_at) from (
            select updated_at from lead where book = 'live' and {OVERDUE} order by id limit 1000) o
       ) as overdue_since,
       (select count(*) from lead_report where lead_id is null and crm_state = 'failed'
           and book = 'live' and created_at > now() - interval '1 day') as lost
"""  # noqa: S608 - texts of this file
FAILED_COUNT = f"select count(*) from lead where book = 'live' and {FAILED}"  # noqa: S608


def query(source: str, where: str) -> str:
    """The rows of `source`, a table or a subquery in brackets."""
    return ROWS.format(source=source, where=where, is_late=IS_LATE)


async def leads(
    pool: Pool, found_by: Conditions, checked: Conditions, limit: int
) -> tuple[list[Any], int | None]:
    """The newest `limit` leads, and where to go on: the last id looked at, None at the end.
    `found_by` are conditions on the table, `checked` those on ROWS that are looked at row by row.
    """
    window = WINDOW if checked else limit + 1
    inner = f"(select * from lead where {found_by.sql()} order by id desc limit {window})"  # noqa: S608
    rows = await pool.fetch(
        f"{query(inner, checked.sql(len(found_by.values)))} order by l.id desc limit {limit + 1}",
        *found_by.values,
        *checked.values,
    )
    if len(rows) > limit:
        return rows[:limit], int(rows[limit - 1]["id"])
    if not checked:
        return rows, None
    floor = await pool.fetchval(
        f"select id from {inner} l order by id desc offset {WINDOW - 1} limit 1",  # noqa: S608
        *found_by.values,
    )
    return rows, floor


async def called(pool: Pool | Connection, book: str, numbers: Sequence[str]) -> list[Any]:
    """Leads that somebody calls so: robots, their partner or CRM, or we; a few hundred at most for
    each number.
    """
    where = "l.book = $1 and (l.deal_id = any($2) or l.external_id = any($2))"
    ours = "l.book = $1 and l.public_id = any($2)"
    found = await pool.fetch(f"{query('lead', where)} order by l.id desc", book, numbers)
    known = {row["id"] for row in found}
    rows = await pool.fetch(f"{query('lead', ours)} order by l.id desc", book, numbers)
    return [*found, *(row for row in rows if row["id"] not in known)]


async def one(pool: Pool | Connection, lead_id: int) -> Any:
    """A lead, or None."""
    return await pool.fetchrow(query("lead", "l.id = $1"), lead_id)


async def lock(connection: Connection, lead_id: int) -> Any:
    """The same, once nobody else is changing it."""
    await connection.execute("select from lead where id = $1 for update", lead_id)
    return await one(connection, lead_id)


async def steps(pool: Pool | Connection, lead_id: int) -> list[Any]:
    """(number, at, what, details, made_by), in their order."""
    return await pool.fetch(
        "select number, at, what, details, made_by from lead_step where lead_id = $1 "
        "order by number",
        lead_id,
    )


async def reports(pool: Pool | Connection, lead_id: int, most: int) -> list[Any]:
    """Reports on a lead, the newest first."""
    return await pool.fetch(
        "select id, public_id, made_by, is_success, status, amount, currency, email, card, data, "
        "crm_state, crm_message, crm_at, created_at from lead_report where lead_id = $1 "
        "order by id desc limit $2",
        lead_id,
        most,
    )


async def lost_reports(pool: Pool | Connection, most: int) -> list[Any]:
    """Reports of the last days that no lead was found for, the newest first."""
    return await pool.fetch(
        "select public_id, deal_id, made_by, status, amount, currency, crm_message, created_at "
        "from lead_report where lead_id is null and crm_state = 'failed' and book = 'live' "
        "and created_at > now() - interval '7 days' order by id desc limit $1",
        most,
    )


async def payments(pool: Pool | Connection, lead_id: int) -> list[Any]:
    """What was paid for a lead, the newest first."""
    return await pool.fetch(
        "select public_id, partner_id, state, cost_minor, balance_currency, created_at "
        "from payment where lead_id = $1 order by id desc",
        lead_id,
    )


async def release(connection: Connection, lead_id: int) -> str | None:
    """Nobody holds it any longer; the robot that did, None where none does."""
    found: str | None = await connection.fetchval(
        "update lead l set leased_by = null, leased_until = null from robot b "
        "where l.id = $1 and b.id = l.leased_by and l.leased_until > now() returning b.name",
        lead_id,
    )
    return found


async def trouble(pool: Pool | Connection) -> Any:
    """(failed, uncharged, overdue, overdue_since, lost)."""
    return await pool.fetchrow(TROUBLE)


async def failed_count(connection: Connection) -> int:
    """Leads whose last report the CRM did not take."""
    found: int = await connection.fetchval(FAILED_COUNT)
    return found


async def pulse(connection: Connection) -> str:
    """A word that changes when a lead or a report comes, or one goes into its CRM."""
    found: str = await connection.fetchval(
        "select concat_ws(' ', (select max(id) from lead), (select max(id) from lead_report), "
        "(select count(*) from lead_report where crm_state = 'waiting'), "
        "(select count(*) from lead_report where crm_state = 'failed'))"
    )
    return found


async def crms(pool: Pool | Connection) -> list[int]:
    """The connections whose deals are leads."""
    rows = await pool.fetch("select connection_id from lead_crm order by connection_id")
    return [row["connection_id"] for row in rows]
