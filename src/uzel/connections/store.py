"""Connections in the database."""

from collections.abc import Mapping
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = (
    "id, business_id, connector, name, settings, secrets, key_hash, rate_per_s, state, state_reason"
)


async def version(pool: Pool) -> Any:
    """Changes whenever any connection does. By the transactions that wrote the rows, not by their
    times: of two changes the one with the earlier time may be committed last.
    """
    return await pool.fetchval(
        "select string_agg(id || ':' || xmin::text, ',' order by id) from connection"
    )


async def load(pool: Pool) -> list[Any]:
    """All connections, oldest first."""
    return await pool.fetch(f"select {COLUMNS} from connection order by id")  # noqa: S608


async def add(
    connection: Connection, business_id: int, connector: str, name: str, key_hash: bytes | None
) -> int:
    """A new connection without settings yet: sealing them needs its id."""
    found: int = await connection.fetchval(
        "insert into connection (business_id, connector, name, key_hash) "
        "values ($1, $2, $3, $4) returning id",
        business_id,
        connector,
        name,
        key_hash,
    )
    await connection.execute("insert into call_limit (connection_id) values ($1)", found)
    await connection.execute("insert into call_breaker (connection_id) values ($1)", found)
    return found


async def save_settings(
    connection: Connection,
    connection_id: int,
    settings: dict[str, Any],
    secrets: bytes | None,
    rate_per_s: float | None,
) -> None:
    """Replace the settings of a connection."""
    await connection.execute(
        "update connection set settings = $2, secrets = $3, rate_per_s = $4, "
        "updated_at = clock_timestamp() where id = $1",
        connection_id,
        settings,
        secrets,
        rate_per_s,
    )


async def lock(connection: Connection, connection_id: int) -> Any:
    """(connector, settings, secrets) of one connection, locked until the transaction ends; None if
    absent.
    """
    return await connection.fetchrow(
        "select connector, settings, secrets from connection where id = $1 for update",
        connection_id,
    )


async def set_key(connection: Connection, connection_id: int, key_hash: bytes) -> None:
    """Replace the webhook key; the old one stops working at once."""
    await connection.execute(
        "update connection set key_hash = $2, updated_at = clock_timestamp() where id = $1",
        connection_id,
        key_hash,
    )


async def set_state(
    connection: Connection | Pool, connection_id: int, state: str, reason: str | None
) -> None:
    """`active`, `paused` (by us, with the reason) or `off` (by a person)."""
    await connection.execute(
        "update connection set state = $2, state_reason = $3, updated_at = clock_timestamp() "
        "where id = $1 and (state, state_reason) is distinct from ($2, $3)",
        connection_id,
        state,
        reason,
    )


async def changed_at(pool: Pool, connection_id: int) -> Any:
    """When the state or the settings of a connection were last changed."""
    return await pool.fetchval("select updated_at from connection where id = $1", connection_id)


async def move(pool: Pool, connection_id: int, base_url: str) -> None:
    """The account has another address at the same provider."""
    await pool.execute(
        "update connection set settings = settings || jsonb_build_object('base_url', $2::text), "
        "updated_at = clock_timestamp() where id = $1",
        connection_id,
        base_url,
    )


async def set_setting(
    connection: Connection, connection_id: int, name: str, *, value: bool
) -> None:
    """Switch one open setting of a connection on or off."""
    await connection.execute(
        "update connection set settings = settings || jsonb_build_object($2::text, $3::boolean), "
        "updated_at = clock_timestamp() where id = $1",
        connection_id,
        name,
        value,
    )


async def close_breaker(connection: Connection, connection_id: int) -> None:
    """Forget earlier failures: a person says it works again."""
    await connection.execute(
        "update call_breaker set failures = 0, open_until = null, trial_at = null, reason = null, "
        "changed_at = now() where connection_id = $1",
        connection_id,
    )


async def default_business(connection: Connection | Pool) -> int:
    """The first business; made if there is none."""
    found = await connection.fetchval("select min(id) from business")
    if found is None:
        found = await connection.fetchval(
            "insert into business (name) values ('Мой бизнес') returning id"
        )
    return int(found)


async def ensure_place(
    connection: Connection, business_id: int, name: str, review_url: str
) -> None:
    """The default place of a business, unless it has one."""
    await connection.execute(
        "insert into place (business_id, name, review_url) values ($1, $2, $3) "
        "on conflict do nothing",
        business_id,
        name,
        review_url,
    )


async def find(connection: Connection, connector: str, name: str) -> int | None:
    """The id of the connection with this name."""
    found: int | None = await connection.fetchval(
        "select id from connection where connector = $1 and name = $2", connector, name
    )
    return found


async def names_of(connection: Connection | Pool, connector: str) -> list[str]:
    """Names already taken for this connector."""
    rows = await connection.fetch("select name from connection where connector = $1", connector)
    return [row["name"] for row in rows]


async def save_rules(connection: Connection, business_id: int, rules: Mapping[str, Any]) -> None:
    """What the business decided; see uzel.model.rules."""
    await connection.execute(
        "update business set rules = $2 where id = $1", business_id, dict(rules)
    )
