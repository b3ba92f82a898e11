"""`uzel explain`: what would follow from a payload, without a database and without doing it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from uzel.connections.manage import find_connector
from uzel.connector import Element, Received
from uzel.errors import ConfigError, PayloadInvalid
from uzel.flows.review_requests.judge import judge
from uzel.kit.http_file import read_http_file

METHODS = (b"POST ", b"PUT ", b"GET ")


def explain_file(connector_name: str, file: str) -> str:
    """A JSON list with one object per element, in order. Raises ConfigError, PayloadInvalid."""
    data = sys.stdin.buffer.read() if file == "-" else read_bytes(Path(file))
    found = explain(connector_name, data)
    return orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode()


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises ConfigError where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def explain(connector_name: str, data: bytes) -> list[dict[str, Any]]:
    """`data`: a body, or a whole request in the `.http` form."""
    connector = find_connector(connector_name)
    if connector.webhook is None:
        raise ConfigError(f"{connector.title} sends no webhooks")
    headers: dict[str, str] = {}
    query, body = "", data
    if data.startswith(METHODS):
        headers, query, body = read_http_file(data)
    received = Received(body, headers, query, datetime.now(UTC))
    try:
        # Reading a payload needs no settings; a connector whose reading does has defaults for it.
        elements = connector.webhook.parse(received, connector.config.model_construct())
    except PayloadInvalid as error:
        raise PayloadInvalid(f"nothing can be read from this: {error}") from error
    return [describe(element) for element in elements]


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
