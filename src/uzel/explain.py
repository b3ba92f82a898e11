"""`uzel explain`: what would follow from a payload, without a database and without doing it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from uzel.connections.manage import find_connector
from uzel.connections.registry import Registry
from uzel.connector import Config, Connector, Element, Received
from uzel.errors import ConfigError, PayloadInvalid
from uzel.flows.review_requests.judge import judge
from uzel.flows.review_requests.preview import preview
from uzel.kit.database import Pool
from uzel.kit.http_file import read_http_file

METHODS = (b"POST ", b"PUT ", b"GET ")


def explain_file(connector_name: str, file: str) -> str:
    """A JSON list with one object per element, in order. Raises ConfigError, PayloadInvalid."""
    found = explain(connector_name, read_file(file))
    return orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode()


def read_file(file: str) -> bytes:
    """The content of a file, or of standard input for `-`. Raises ConfigError."""
    return sys.stdin.buffer.read() if file == "-" else read_bytes(Path(file))


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises ConfigError where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def explain(connector_name: str, data: bytes) -> list[dict[str, Any]]:
    """`data`: a body, or a whole request in the `.http` form."""
    connector = find_connector(connector_name)
    # Reading a payload needs no settings; a connector whose reading does has defaults for it.
    elements = elements_of(connector, data, connector.config.model_construct())
    return [describe(element) for element in elements]


def elements_of(connector: Connector, data: bytes, config: Config) -> list[Element]:
    """What the connector reads in it. Raises ConfigError, PayloadInvalid."""
    if connector.parse is None:
        raise ConfigError(f"{connector.title} sends no webhooks")
    headers: dict[str, str] = {}
    query, body = "", data
    if data.startswith(METHODS):
        headers, query, body = read_http_file(data)
    if connector.webhook is not None and connector.webhook.redact is not None:
        body = connector.webhook.redact(body).body
    received = Received(body, headers, query, datetime.now(UTC))
    try:
        return connector.parse(received, config)
    except PayloadInvalid as error:
        raise PayloadInvalid(f"nothing can be read from this: {error}") from error


async def dry_run(pool: Pool, registry: Registry, connector_name: str, file: str, url: str) -> str:
    """As `explain_file`, with the settings, rules and memory of this installation: also where,
    when, by which ways and with which words a guest would be asked. Nothing is written or sent.
    """
    find_connector(connector_name)
    actives = [a for a in registry.all() if a.connector.name == connector_name and a.config]
    if not actives:
        raise ConfigError(f"there is no connection of {connector_name}: uzel connection add")
    active = actives[0]
    assert active.config is not None
    elements = elements_of(active.connector, read_file(file), active.config)
    async with pool.acquire() as connection:
        seen = await preview(connection, registry, active, elements, url)
    found = [{**describe(element), **more} for element, more in zip(elements, seen, strict=True)]
    return orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode()


def describe(element: Element) -> dict[str, Any]:
    """One element as `uzel explain` and the console show it."""
    judged = judge(element)
    return {
        "event": element.type,
        "decision": judged.decision,
        "reason": judged.reason,
        "phone": judged.phone,
        "subject": element.subject,
        "occurred_at": element.occurred_at.isoformat() if element.occurred_at else None,
        "key": element.key,
    }
