"""The door: what may come in, and what is answered.

A provider gets 200 once its request is safely stored, whatever we think of the content: an answer
in the 4xx would make some of them switch the hook off. The exceptions are requests that cannot be
ours (401), are no request of this kind at all (400), or are too large (413); and 503 with
Retry-After when we cannot store it now.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import orjson

from uzel.connections.registry import Active, Registry
from uzel.connector import BodyKind, Received
from uzel.errors import SignatureInvalid
from uzel.events import store
from uzel.events.receive import Raw, Receiver, digest_of
from uzel.kit import database
from uzel.kit.batch import Full

log = logging.getLogger("uzel.door")

MOST_BYTES = 1024 * 1024
MOST_FORM_FIELDS = 5000
RETRY_AFTER_S = 5
# Never stored: they carry our key or somebody's session.
SECRET_HEADERS = frozenset(
    (b"authorization", b"x-api-key", b"cookie", b"proxy-authorization", b"token")
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender gets. `reason` counts what was turned away."""

    status: int
    body: bytes
    reason: str | None = None


class Request(NamedTuple):
    """An incoming request before anything was decided. Header names are lower-case."""

    connector: str
    headers: Iterable[tuple[bytes, bytes]]
    query: str
    body: bytes
    remote_addr: str | None


UNKNOWN_KEY = Reply(401, b'{"error":"unknown key"}', "key")
BAD_SIGNATURE = Reply(401, b'{"error":"bad signature"}', "signature")
NOT_READABLE = Reply(400, b'{"error":"the body is not of the expected kind"}', "body")
TOO_LARGE = Reply(413, b'{"error":"the body is larger than 1 MiB"}', "size")
BUSY = Reply(503, b'{"error":"busy, try again"}', "busy")


class Door:
    """Judges requests and stores those that may come in."""

    def __init__(self, registry: Registry, receiver: Receiver) -> None:
        self._registry = registry
        self._receiver = receiver
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._unsaved: Counter[tuple[str, str]] = Counter()

    @property
    def full(self) -> bool:
        """Whether a request that came now would be answered with 503."""
        return self._receiver.full

    def turn_away(self, connector: str, reply: Reply) -> Reply:
        """Count a refusal."""
        known = connector if connector in {a.connector.name for a in self._registry.all()} else "?"
        self.outcomes[known, reply.reason or "?"] += 1
        self._unsaved[known, reply.reason or "?"] += 1
        return reply

    async def enter(self, request: Request) -> Reply:
        """Answer one request; a 200 means it is committed."""
        query, keys = split_query(request.query)
        active = self._find(request, keys)
        if active is None:
            return self.turn_away(request.connector, UNKNOWN_KEY)
        webhook = active.connector.webhook
        assert webhook is not None
        if not readable(webhook.body, request.body):
            return self.turn_away(request.connector, NOT_READABLE)
        headers = headers_to_keep(request.headers)
        if webhook.verify is not None:
            if active.config is None:
                return self.turn_away(request.connector, BUSY)
            received = Received(request.body, headers, query, datetime.now(UTC))
            try:
                webhook.verify(received, active.config)
            except SignatureInvalid:
                return self.turn_away(request.connector, BAD_SIGNATURE)
        raw = Raw(
            active.id,
            digest_of(query, request.body),
            request.remote_addr,
            query,
            orjson.dumps(headers).decode(),
            request.body,
        )
        return await self._store(request.connector, raw, Reply(200, webhook.answer))

    async def _store(self, connector: str, raw: Raw, accepted: Reply) -> Reply:
        try:
            new = await self._receiver.store(raw)
        except Full:
            return self.turn_away(connector, BUSY)
        except database.LOST as error:
            log.warning("not stored: %s", type(error).__name__)
            return self.turn_away(connector, BUSY)
        self.outcomes[connector, "duplicate" if new is None else "stored"] += 1
        return accepted

    def _find(self, request: Request, keys: list[str]) -> Active | None:
        """The connection of the first key given: `?key=`, X-Api-Key, Authorization."""
        if not keys:
            keys = [key for name, value in request.headers if (key := key_in(name, value))]
        # One lookup whatever was sent, so that an absent key takes as long as a wrong one.
        return self._registry.by_key(request.connector, keys[0] if keys and keys[0] else "")

    async def save_counts(self, pool: database.Pool) -> None:
        """Add what was turned away since the last time to the counters of the day."""
        counts, self._unsaved = self._unsaved, Counter()
        if not counts:
            return
        day = datetime.now(UTC)
        try:
            await store.count_refusals(
                pool, [(day, connector, reason, n) for (connector, reason), n in counts.items()]
            )
        except database.LOST:
            self._unsaved.update(counts)


def split_query(query: str) -> tuple[str, list[str]]:
    """The query without its `key` parameters, and those."""
    if not query:
        return "", []
    if "&" not in query and query.startswith("key="):
        return "", [unquote_plus(query[4:])]
    kept, keys = [], []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) == "key":
            keys.append(unquote_plus(value))
        else:
            kept.append(part)
    return "&".join(kept), keys


def key_in(name: bytes, value: bytes) -> str | None:
    """The key a header carries: X-Api-Key, or Authorization with or without `Bearer`."""
    if name == b"x-api-key":
        return value.decode("latin-1").strip()
    if name == b"authorization":
        text = value.decode("latin-1").strip()
        return text[7:].strip() if text[:7].lower() == "bearer " else text
    return None


def headers_to_keep(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as they are stored: without secrets."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name not in SECRET_HEADERS
    }


def readable(kind: BodyKind, body: bytes) -> bool:
    """Whether the body is JSON, or a form with at least one field."""
    if kind is BodyKind.JSON:
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return readable_with_bom(body)
        return True
    try:
        return bool(
            parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS)
        )
    except ValueError:
        return False


def readable_with_bom(body: bytes) -> bool:
    """Some Windows senders put a byte order mark before their JSON."""
    if not body.startswith(b"\xef\xbb\xbf"):
        return False
    try:
        orjson.loads(body[3:])
    except orjson.JSONDecodeError:
        return False
    return True
