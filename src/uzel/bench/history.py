"""A past to measure against: a database with so many events in it, and the same one without."""

import shutil
from urllib.parse import urlsplit

import orjson

from uzel.bench import store
from uzel.bench.bodies import ORGANIZATION_ID, iiko_delivery, iiko_order_id
from uzel.bench.businesses import NAME
from uzel.bench.report import Progress
from uzel.bench.stage import Stage
from uzel.errors import ConfigError
from uzel.kit import database

EMPTY = "uzel_empty"
ROWS_AT_ONCE = 50_000
# A raw event and its event with their indexes; besides them, the log and what the run adds.
BYTES_PER_ROW, SPARE_BYTES = 3_500, 4_000_000_000
ROWS_PER_S = 8_000
HEADERS = {"host": "127.0.0.1:8000", "user-agent": "iiko-webhook/1.0", "content-length": "1598"}


async def put_in_history(stage: Stage, rows: int, progress: Progress) -> str:
    """Fill the stage's database with `rows` raw events and their events; gives the address of a
    copy made before. Raises ConfigError if the disk has no room for it.

    Nobody may be connected to the database yet.
    """
    check_room(stage, rows)
    connection = await database.connect(stage.dsn, name=NAME)
    try:
        await store.copy_database(connection, urlsplit(stage.dsn).path.strip("/"), EMPTY)
        body, headers = template(), orjson.dumps(HEADERS).decode()
        for first in range(1, rows + 1, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE - 1, rows)
            progress.begin(
                f"putting in the past: {last:,} of {rows:,}", (last - first) / ROWS_PER_S
            )
            await store.fill(
                connection,
                stage.connections["iiko"].id,
                (first, last),
                rows,
                body,
                headers,
                ORGANIZATION_ID,
            )
        progress.begin("vacuum and checkpoint")
        await store.settle(connection)
    finally:
        await connection.close()
    return in_database(stage.dsn, EMPTY)


def check_room(stage: Stage, rows: int) -> None:
    """Raises ConfigError where the disk is too small."""
    needed = rows * BYTES_PER_ROW + SPARE_BYTES
    free = shutil.disk_usage(stage.data_dir).free
    if free < needed:
        raise ConfigError(
            f"{rows:,} stored events need about {needed / 1e9:.0f} GB, and {stage.data_dir} has "
            f"{free / 1e9:.0f} GB left; set UZEL_DATA_DIR to a folder on a larger disk"
        )


def template() -> tuple[bytes, bytes]:
    """What stands before and after the number (12 hexadecimal digits) in a stored body."""
    body = iiko_delivery(0, "+79990000000")
    order = iiko_order_id(0).encode()
    before, _, after = body.partition(order)
    return before + order[:-12], after


def in_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()
