"""Partners and their payments for people, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import WINDOW, Conditions

PARTNERS = """
select p.id, p.public_id, p.name, p.currency, p.settings, p.state, p.account_id, p.test_account_id,
       p.created_at, b.posted_minor, b.held_minor, b.floor_minor,
       (select max(t.last_used_at) from partner_token t where t.partner_id = p.id) as last_used_at,
       (select count(*) from partner_proposal o
         where o.partner_id = p.id and o.state = 'waiting') as waiting,
       today.payments, today.spent_minor
  from partner p
  join ledger_balance b on b.account_id = p.account_id
 cross join lateral (
    select count(*) filter (where m.state <> 'failed') as payments,
           coalesce(sum(m.cost_minor) filter (where m.state <> 'failed'), 0)::bigint as spent_minor
      from payment m
     where m.partner_id = p.id and m.book = 'live' and m.id >= $1 and m.created_at >= $2) today
"""
PAYMENT = (
    "m.id, m.public_id, m.partner_id, m.book, m.kind, m.external_id, m.amount, m.currency, "
    "m.cost_minor, m.balance_currency, m.commission_minor, m.rate, m.rate_id, m.state, "
    "m.before_minor, m.after_minor, m.details, m.error, m.hold_id, m.entry_id, m.refund_id, "
    "m.created_at, m.updated_at"
)
# As the index goes, backwards; see query_store.Scan.
NEWEST_FIRST = "order by partner_id desc, book desc, id desc"
ENTRIES = """
select e.id, e.kind, e.created_at, e.made_by, e.reason, a.id as account_id, a.name, a.currency,
       a.book, p.amount_minor, p.balance_minor, p.leg
  from ledger_entry e
  join ledger_posting p on p.entry_id = e.id
  join ledger_account a on a.id = p.account_id
 where e.id = any($1::bigint[]) order by e.id, p.leg
"""
HOLD = """
select h.id, h.amount_minor, h.created_at, x.how, x.taken_minor, x.ended_at, x.made_by, x.reason
  from ledger_hold h left join ledger_hold_end x on x.hold_id = h.id where h.id = $1
"""


async def partners(pool: Pool | Connection, low: int, since: Any) -> list[Any]:
    """All of them, by name; with the payments of a time, whose ids begin at about `low`."""
    return await pool.fetch(f"{PARTNERS} order by p.state, lower(p.name)", low, since)


async def partner(pool: Pool | Connection, partner_id: int, low: int, since: Any) -> Any:
    """One of them, or None."""
    return await pool.fetchrow(f"{PARTNERS} where p.id = $3", low, since, partner_id)


async def any_partner(pool: Pool | Connection) -> bool:
    """Whether there is one."""
    return bool(await pool.fetchval("select exists (select from partner)"))


async def payments(
    pool: Pool, found_by: Conditions, checked: Conditions, limit: int
) -> tuple[list[Any], int | None]:
    """The newest `limit` payments, and where to go on: the last id looked at, None at the end.
    `found_by` are conditions an index covers, `checked` those that are looked at row by row.
    """
    window = WINDOW if checked else limit + 1
    inner = (
        f"select * from payment where {found_by.sql()} "  # noqa: S608
        f"{NEWEST_FIRST} limit {window}"
    )
    rows = await pool.fetch(
        f"select {PAYMENT} from ({inner}) m where {checked.sql(len(found_by.values))} "  # noqa: S608
        f"{NEWEST_FIRST} limit {limit + 1}",
        *found_by.values,
        *checked.values,
    )
    if len(rows) > limit:
        return rows[:limit], int(rows[limit - 1]["id"])
    if not checked:
        return rows, None
    floor = await pool.fetchval(
        f"select id from ({inner}) m {NEWEST_FIRST} offset {WINDOW - 1} limit 1",  # noqa: S608
        *found_by.values,
    )
    return rows, floor


async def payments_called(pool: Pool, partner_id: int, book: str, text: str) -> list[Any]:
    """Those with this number, ours or the partner's."""
    return await pool.fetch(
        f"select {PAYMENT} from payment m where m.partner_id = $1 and m.book = $2 "  # noqa: S608
        "and (m.public_id = $3 or m.external_id = $3) order by id desc",
        partner_id,
        book,
        text,
    )


async def payment(connection: Connection, partner_id: int, public_id: str) -> Any:
    """One, or None; with the public number of its quote."""
    return await connection.fetchrow(
        f"select {PAYMENT}, q.public_id as quote from payment m "  # noqa: S608
        "left join quote q on q.id = m.quote_id where m.public_id = $2 and m.partner_id = $1",
        partner_id,
        public_id,
    )


async def payment_place(pool: Pool, number: int) -> Any:
    """(partner_id, public_id) of a payment by its number here, or None."""
    return await pool.fetchrow("select partner_id, public_id from payment where id = $1", number)


async def steps(connection: Connection, payment_id: int) -> list[Any]:
    """(number, state, at, made_by, reason), in their order."""
    return await connection.fetch(
        "select number, state, at, made_by, reason from payment_step where payment_id = $1 "
        "order by number",
        payment_id,
    )


async def entries(connection: Connection, numbers: Sequence[int]) -> list[Any]:
    """Legs of entries, with their accounts."""
    return await connection.fetch(ENTRIES, list(numbers))


async def hold(connection: Connection, number: int) -> Any:
    """A hold and how it ended."""
    return await connection.fetchrow(HOLD, number)


async def found_payments(connection: Connection, text: str) -> list[Any]:
    """Payments with this number of ours; for the search."""
    return await connection.fetch(
        "select m.id, m.public_id, m.partner_id, m.state, p.name, m.created_at as at "
        "from payment m join partner p on p.id = m.partner_id where m.public_id = $1",
        text,
    )


async def acts(pool: Pool, subject: str, most: int) -> list[Any]:
    """What people did, the newest first: (at, actor, action, detail)."""
    return await pool.fetch(
        "select at, actor, action, detail from audit where subject = $1 order by id desc limit $2",
        subject,
        most,
    )


async def pulse(connection: Connection) -> str:
    """A word that changes when a payment, a proposal or a rate does."""
    found: str = await connection.fetchval(
        "select concat_ws(' ', (select max(id) from payment), "
        "(select max(id) from partner_proposal), "
        "(select count(*) from partner_proposal where state = 'waiting'), "
        "(select max(id) from rate), (select max(posted_at) from ledger_balance))"
    )
    return found
