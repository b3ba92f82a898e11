"""Where the masked numbers of raw events lie."""

from uzel.kit.database import Connection


async def keep(connection: Connection, raw_event_id: int, position: int, vault_id: int) -> None:
    """The how many-th number of a raw event lies there."""
    await connection.execute(
        "insert into raw_secret (raw_event_id, position, vault_id) values ($1, $2, $3)",
        raw_event_id,
        position,
        vault_id,
    )


async def vault_ids(connection: Connection, event_id: int) -> list[int]:
    """Those of an event's raw event, in their order."""
    rows = await connection.fetch(
        "select s.vault_id from event e join raw_secret s on s.raw_event_id = e.raw_event_id "
        "where e.id = $1 order by s.position",
        event_id,
    )
    return [row["vault_id"] for row in rows]
