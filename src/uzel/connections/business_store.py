"""Businesses and their places in the database."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from uzel.kit.database import Connection, Pool

PLACE = (
    "id, name, source_ref, time_zone, yandex_url, gis_url, google_url, review_url, manager_phone, "
    "manager_email, rules"
)


async def businesses(connection: Connection | Pool) -> list[Any]:
    """(id, name, time_zone, request_gap_days, sending) of all, oldest first; `sending` is null
    where nothing was decided.
    """
    return await connection.fetch(
        "select id, name, time_zone, request_gap_days, rules ->> 'sending' as sending "
        "from business order by id"
    )


async def sizes(connection: Connection | Pool) -> dict[int, Any]:
    """Business → (places, connections that are not off, addresses on the stop-list)."""
    rows = await connection.fetch(
        "select b.id, (select count(*) from place where business_id = b.id) as places, "
        "(select count(*) from connection where business_id = b.id and state <> 'off') "
        "as connections, "
        "(select count(*) from stop_list where business_id = b.id) as stopped from business b"
    )
    return {row["id"]: row for row in rows}


async def add_business(connection: Connection, name: str, time_zone: str) -> int:
    """A new business."""
    found: int = await connection.fetchval(
        "insert into business (name, time_zone) values ($1, $2) returning id", name, time_zone
    )
    return found


async def save_business(
    connection: Connection, business_id: int, name: str, time_zone: str
) -> None:
    """Change a business."""
    await connection.execute(
        "update business set name = $2, time_zone = $3 where id = $1",
        business_id,
        name,
        time_zone,
    )


async def rules_of(connection: Connection | Pool, business_id: int) -> Any:
    """(rules, request_gap_days) of a business."""
    return await connection.fetchrow(
        "select rules, request_gap_days from business where id = $1", business_id
    )


async def lock_rules(connection: Connection, business_id: int) -> Mapping[str, Any]:
    """The rules of a business; nobody else changes them or a place until the transaction ends."""
    found: Mapping[str, Any] = await connection.fetchval(
        "select rules from business where id = $1 for update", business_id
    )
    return found


async def save_gap(connection: Connection, business_id: int, days: int) -> None:
    """How many days lie at least between two requests to one guest."""
    await connection.execute(
        "update business set request_gap_days = $2 where id = $1", business_id, days
    )


async def places_of(connection: Connection | Pool, business_id: int) -> list[Any]:
    """Places of a business (columns PLACE), the default one first."""
    return await connection.fetch(
        f"select {PLACE} from place where business_id = $1 "  # noqa: S608
        "order by source_ref is not null, name, id",
        business_id,
    )


async def add_place(connection: Connection, business_id: int, values: Mapping[str, Any]) -> int:
    """A new place with these columns of PLACE."""
    names = list(values)
    marks = ", ".join(f"${number + 2}" for number in range(len(names)))
    found: int = await connection.fetchval(
        f"insert into place (business_id, {', '.join(names)}) "  # noqa: S608
        f"values ($1, {marks}) returning id",
        business_id,
        *values.values(),
    )
    return found


async def save_place(
    connection: Connection, business_id: int, place_id: int, values: Mapping[str, Any]
) -> bool:
    """Change these columns of PLACE; False: there is no such place."""
    sets = ", ".join(f"{name} = ${number + 3}" for number, name in enumerate(values))
    done = await connection.execute(
        f"update place set {sets} where id = $2 and business_id = $1",  # noqa: S608
        business_id,
        place_id,
        *values.values(),
    )
    return bool(done == "UPDATE 1")


async def remove_place(connection: Connection, business_id: int, place_id: int) -> bool:
    """Remove a place nobody was ever asked about, and its own texts; False if somebody was, or
    there is no such place. Within a transaction.
    """
    try:
        async with connection.transaction():
            await connection.execute(
                "delete from template where place_id = $2 and business_id = $1",
                business_id,
                place_id,
            )
            done = await connection.execute(
                "delete from place where id = $2 and business_id = $1", business_id, place_id
            )
    except asyncpg.ForeignKeyViolationError:
        return False
    return bool(done == "DELETE 1")
