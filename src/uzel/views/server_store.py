"""What `uzel doctor` asks the database about itself and about connections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL. `revision` None: our schema is not in it; settings as `show` prints them."""

    version: str
    major: int
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    revision: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class LastError:
    """How the newest call of a connection that went wrong ended."""

    connection_id: int
    state: str
    error_class: str | None
    detail: str | None
    finished_at: datetime | None


async def server_of(connection: Connection) -> Server:
    """The server behind the connection."""
    row: Any = await connection.fetchrow(
        "select current_setting('server_version') as version, "
        "current_setting('server_version_num')::int / 10000 as major, "
        "current_setting('fsync') as fsync, "
        "current_setting('full_page_writes') as full_page_writes, "
        "current_setting('synchronous_commit') as synchronous_commit, "
        "to_regclass('alembic_version') is not null as has_schema, clock_timestamp() as now"
    )
    columns = dict(row)
    revision = None
    if columns.pop("has_schema"):
        revision = await connection.fetchval("select version_num from alembic_version")
    return Server(revision=revision, **columns)


async def last_errors(connection: Connection, most: int = 1000) -> dict[int, LastError]:
    """By connection: the newest of its last `most` calls that ended badly."""
    rows = await connection.fetch(
        "select distinct on (n.id) n.id as connection_id, c.state, c.error_class, c.detail, "
        "c.finished_at from connection n, lateral (select * from call where connection_id = n.id "
        "order by connection_id desc, id desc limit $1) c "
        "where c.error_class is not null order by n.id, c.id desc",
        most,
    )
    return {row["connection_id"]: LastError(**row) for row in rows}
