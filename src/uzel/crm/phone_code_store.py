"""Codes sent to phones, in the database."""

from typing import Any

from uzel.kit.database import Connection

LATELY = """
select coalesce(extract(epoch from clock_timestamp() - max(sent_at) filter (where phone = $2)),
                1e9)::float as last_s,
       count(*) filter (where phone = $2) as of_phone,
       count(*) as of_registry
  from crm_phone_code where business_id = $1 and sent_at > clock_timestamp() - interval '1 day'
"""


async def take_turn(connection: Connection, business_id: int) -> None:
    """Until the transaction ends nobody else sends codes for this registry."""
    await connection.execute("select pg_advisory_xact_lock(30, $1::int)", business_id)


async def lately(connection: Connection, business_id: int, phone: str) -> Any:
    """(last_s, of_phone, of_registry): seconds since the phone's last code, and how many there were
    within a day.
    """
    return await connection.fetchrow(LATELY, business_id, phone)


async def of_address(connection: Connection, address: str) -> int:
    """How many codes somebody at an address has asked for within an hour."""
    found: int = await connection.fetchval(
        "select count(*) from crm_phone_code where address = $1 "
        "and sent_at > clock_timestamp() - interval '1 hour'",
        address,
    )
    return found


async def add(
    connection: Connection,
    business_id: int,
    phone: str,
    digest: bytes,
    address: str,
    lasts_s: int,
) -> int:
    """A code that is about to be sent; gives its number. Those of last month go."""
    await connection.execute(
        "delete from crm_phone_code where id in (select id from crm_phone_code "
        "where business_id = $1 and sent_at < clock_timestamp() - interval '30 days' limit 100)",
        business_id,
    )
    found: int = await connection.fetchval(
        "insert into crm_phone_code (business_id, phone, digest, address, expires_at) "
        "values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5)) returning id",
        business_id,
        phone,
        digest,
        address,
        lasts_s,
    )
    return found


async def newest(connection: Connection, business_id: int, phone: str) -> Any:
    """A phone's newest code, for nobody else to look at meanwhile; `is_over`, `confirmed_s` tell
    how it stands.
    """
    return await connection.fetchrow(
        "select id, digest, wrong, expires_at < clock_timestamp() as is_over, "
        "extract(epoch from clock_timestamp() - confirmed_at)::float as confirmed_s "
        "from crm_phone_code where business_id = $1 and phone = $2 order by id desc limit 1 "
        "for update",
        business_id,
        phone,
    )


async def count_wrong(connection: Connection, number: int) -> None:
    """One more wrong code was given."""
    await connection.execute("update crm_phone_code set wrong = wrong + 1 where id = $1", number)


async def confirm(connection: Connection, number: int) -> None:
    """It was given rightly."""
    await connection.execute(
        "update crm_phone_code set confirmed_at = coalesce(confirmed_at, clock_timestamp()) "
        "where id = $1",
        number,
    )
