"""Leads in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool, columns

KNOWN = """
select external_id, id, public_id, deal_id from lead
 where partner_id = $1 and book = $2 and external_id = any($3)
"""
# In the order of their numbers, so that two batches never wait for each other crosswise.
ADD = """
with added as (
    insert into lead (public_id, book, partner_id, external_id, deal_id, payment_url, data)
    select public_id, $2, $1, external_id, deal_id, payment_url, data
      from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
           as n(public_id, external_id, deal_id, payment_url, data)
     order by external_id
    on conflict do nothing
    returning id, external_id, public_id, deal_id
), stepped as (
    insert into lead_step (lead_id, number, what, made_by)
    select id, 1, 'received', $8 from added
)
select id, external_id, public_id, deal_id from added
"""
TAKEN = "select deal_id from lead where book = $1 and deal_id = any($2)"
STEP = """
insert into lead_step (lead_id, number, what, details, made_by)
select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from lead_step where lead_id = $1
"""
COLUMNS = (
    "l.id, l.public_id, l.book, l.partner_id, l.connection_id, l.external_id, l.deal_id, "
    "l.payment_url, l.data, l.state, l.version, l.leased_by, l.leased_until, "
    "l.created_at, l.updated_at"
)
OF_PARTNER = f"""
select {COLUMNS}, r.public_id as report_id, r.status, r.created_at as reported_at,
       p.public_id as payment, p.state as payment_state, p.cost_minor
  from lead l
  left join lateral (select * from lead_report
                      where lead_id = l.id order by id desc limit 1) r on true
  left join lateral (select * from payment
                      where lead_id = l.id order by id desc limit 1) p on true
 where l.partner_id = $1 and l.book = $2
"""  # noqa: S608


async def known(
    connection: Connection, partner_id: int, book: str, numbers: Sequence[str]
) -> list[Any]:
    """Those of a partner's numbers that were received: (external_id, id, public_id, deal_id)."""
    return await connection.fetch(KNOWN, partner_id, book, numbers)


async def taken(connection: Connection, book: str, deal_ids: Sequence[str]) -> set[str]:
    """Which of these some lead is called already."""
    return {row["deal_id"] for row in await connection.fetch(TAKEN, book, deal_ids)}


async def add(
    connection: Connection,
    partner_id: int,
    book: str,
    rows: Sequence[tuple[str, str, str, str | None, dict[str, Any]]],
    made_by: str,
) -> list[Any]:
    """New leads: (public_id, external_id, deal_id, payment_url, data). Returns those that are new
    indeed: (id, external_id, public_id, deal_id).
    """
    return await connection.fetch(ADD, partner_id, book, *columns(rows), made_by)


async def link_payments(
    connection: Connection, leads: Sequence[int], payments: Sequence[str]
) -> None:
    """What is paid for leads: payments by their public ids, in the order of the leads."""
    await connection.execute(
        "update payment p set lead_id = n.lead_id from unnest($1::bigint[], $2::text[]) "
        "as n(lead_id, payment) where p.public_id = n.payment",
        leads,
        payments,
    )


async def step(
    connection: Connection, lead_id: int, what: str, details: dict[str, Any], made_by: str
) -> None:
    """What happened to a lead; it is locked by the caller."""
    await connection.execute(STEP, lead_id, what, details, made_by)


async def steps(connection: Connection, lead_id: int) -> int:
    """How many steps a lead has made."""
    found: int = await connection.fetchval(
        "select count(*) from lead_step where lead_id = $1", lead_id
    )
    return found


async def lock(connection: Connection, book: str, deal_id: str, partner: str | None) -> list[Any]:
    """The lead a report means, locked: by what robots call it, or by our id. `partner` (its public
    id): only of this one's, by its own number, too.
    """
    return await connection.fetch(
        f"select {COLUMNS} from lead l left join partner p on p.id = l.partner_id "  # noqa: S608
        "where l.book = $1 and (l.deal_id = $2 or l.public_id = $2 "
        "or l.external_id = $2 and $3::text is not null) "
        "and ($3 is null or p.public_id = $3) order by l.deal_id = $2 or l.public_id = $2 desc "
        "for update of l",
        book,
        deal_id,
        partner,
    )


async def deals_of_number(connection: Connection, book: str, number: str) -> list[Any]:
    """Leads that are deals, locked, by the CRM's number of them. What a partner calls a lead of its
    own is nobody else's business: it may be the number of somebody's deal.
    """
    return await connection.fetch(
        f"select {COLUMNS} from lead l where l.book = $1 and l.external_id = $2 "  # noqa: S608
        "and l.connection_id is not null "
        "order by l.id limit 10 for update",
        book,
        number,
    )


async def end(connection: Connection, lead_id: int, state: str) -> None:
    """It is done, or failed; nobody holds it any longer."""
    await connection.execute(
        "update lead set state = $2, leased_by = null, leased_until = null, updated_at = now() "
        "where id = $1",
        lead_id,
        state,
    )


async def charge_of(connection: Connection, lead_id: int) -> Any:
    """What was last paid for a lead: (public_id, state, cost_minor, balance_currency); None where
    it cost nothing.
    """
    return await connection.fetchrow(
        "select public_id, state, cost_minor, balance_currency from payment where lead_id = $1 "
        "order by id desc limit 1",
        lead_id,
    )


async def of_payments(pool: Pool | Connection, payments: Sequence[int]) -> list[Any]:
    """The leads that payments are for, with the last report on each: (payment_id, public_id,
    external_id, deal_id, payment_url, data, report_id, status, amount, currency, email, card,
    reported_at).
    """
    return await pool.fetch(
        "select p.id as payment_id, l.public_id, l.deal_id, l.external_id, l.payment_url, l.data, "
        "r.public_id as report_id, r.data as report, r.status, r.created_at as reported_at "
        "from payment p join lead l on l.id = p.lead_id left join lateral (select * from "
        "lead_report where lead_id = l.id order by id desc limit 1) r on true "
        "where p.id = any($1)",
        payments,
    )


async def of_partner(
    pool: Pool | Connection,
    partner_id: int,
    book: str,
    most: int,
    *,
    before: int | None = None,
    state: str | None = None,
    external_id: str | None = None,
) -> list[Any]:
    """A partner's leads, the newest first, with the last report on each (report_id, status,
    reported_at) and what was last paid for it (payment, payment_state, cost_minor).
    """
    return await pool.fetch(
        f"{OF_PARTNER} and ($4::bigint is null or l.id < $4) "
        "and ($5::text is null or l.state = $5) and ($6::text is null or l.external_id = $6) "
        "order by l.id desc limit $3",
        partner_id,
        book,
        most,
        before,
        state,
        external_id,
    )


async def one_of_partner(
    pool: Pool | Connection, partner_id: int, book: str, public_id: str
) -> Any:
    """One of them, None where there is none."""
    return await pool.fetchrow(f"{OF_PARTNER} and l.public_id = $3", partner_id, book, public_id)


async def of_partner_named(
    pool: Pool | Connection, partner_id: int, book: str, public_id: str
) -> Any:
    """The number of one of a partner's leads; None where there is none."""
    return await pool.fetchval(
        "select id from lead where partner_id = $1 and book = $2 and public_id = $3",
        partner_id,
        book,
        public_id,
    )
