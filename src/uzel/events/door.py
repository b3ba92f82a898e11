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
from urllib.parse import unquote_plus

import asyncpg
import orjson

from uzel.connections.registry import Registry
from uzel.connector import Received, Webhook
from uzel.errors import SignatureInvalid
from uzel.events import store
from uzel.events.bodies import readable
from uzel.events.challenges import Challenges
from uzel.events.receive import Raw, Receiver, digest_of
from uzel.kit import database
from uzel.kit.batch import Full
from uzel.kit.card_numbers import masked
from uzel.kit.credentials import is_credential
from uzel.kit.redacted import Redacted

log = logging.getLogger("uzel.door")

MOST_BYTES = 1024 * 1024
RETRY_AFTER_S = 5
# The first that is given counts.
KEY_HEADERS = (b"x-api-key", b"authorization", b"token")
# Of the headers of one request.
MOST_KEPT_BYTES = 16 * 1024


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
NOT_POST = Reply(405, b'{"error":"POST only"}', "method")
BUSY = Reply(503, b'{"error":"busy, try again"}', "busy")
# Where a request is refused before anybody has looked for the connector in it.
NOBODY = "?"


class Door:
    """Judges requests and stores those that may come in."""

    def __init__(self, registry: Registry, receiver: Receiver) -> None:
        self._registry = registry
        self._receiver = receiver
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._unsaved: Counter[tuple[str, str]] = Counter()
        self._challenges = Challenges()

    @property
    def full(self) -> bool:
        """Whether a request that came now would be answered with 503."""
        return self._receiver.full

    def turn_away(self, connector: str, reply: Reply) -> Reply:
        """Count a refusal."""
        if connector != NOBODY:
            names = {active.connector.name for active in self._registry.all()}
            connector = connector if connector in names else NOBODY
        self.outcomes[connector, reply.reason or "?"] += 1
        self._unsaved[connector, reply.reason or "?"] += 1
        return reply

    async def enter(self, request: Request) -> Reply:
        """Answer one request; a 200 means it is committed."""
        query, keys = split_query(request.query)
        key = keys[0] if keys else key_in_headers(request.headers)
        # One lookup whatever was sent, so that an absent key takes as long as a wrong one.
        active = self._registry.by_key(request.connector, key)
        if active is None:
            return self.turn_away(request.connector, UNKNOWN_KEY)
        webhook = active.connector.webhook
        assert webhook is not None
        if not readable(webhook.body, request.body):
            return self.turn_away(request.connector, NOT_READABLE)
        query = without_key(query, key)
        if webhook.verify is not None:
            if active.config is None:
                return self.turn_away(request.connector, BUSY)
            received = Received(request.body, as_text(request.headers), query, datetime.now(UTC))
            try:
                webhook.verify(received, active.config)
            except SignatureInvalid:
                return self.turn_away(request.connector, BAD_SIGNATURE)
        headers = orjson.dumps(headers_to_keep(request.headers, key)).decode()
        raw = raw_of(webhook, active.id, request, query, headers)
        return await self._store(request.connector, raw, Reply(200, webhook.answer))

    def challenge(
        self, connector: str, headers: Iterable[tuple[bytes, bytes]], query: str
    ) -> Reply:
        """Answer the GET by which a provider makes sure that the address is ours."""
        _, keys = split_query(query)
        active = self._registry.by_key(connector, keys[0] if keys else key_in_headers(headers))
        if active is None:
            return self.turn_away(connector, UNKNOWN_KEY)
        webhook = active.connector.webhook
        if webhook is None or webhook.challenge is None:
            return self.turn_away(connector, NOT_POST)
        if active.config is None:
            return self.turn_away(connector, BUSY)
        try:
            # The whole query: what the provider proves itself by is a credential, too.
            reply = Reply(200, webhook.challenge(query, active.config))
            self._challenges.note(active.id, good=True)
            return reply
        except SignatureInvalid:
            self._challenges.note(active.id, good=False)
            return self.turn_away(connector, BAD_SIGNATURE)

    async def _store(self, connector: str, raw: Raw, accepted: Reply) -> Reply:
        try:
            new = await self._receiver.store(raw)
        except Full:
            return self.turn_away(connector, BUSY)
        except database.LOST as error:
            log.warning("not stored: %s", type(error).__name__)
            return self.turn_away(connector, BUSY)
        except asyncpg.DataError:
            log.exception("a request that cannot be stored")
            return self.turn_away(connector, NOT_READABLE)
        self.outcomes[connector, "duplicate" if new is None else "stored"] += 1
        return accepted

    async def save_counts(self, pool: database.Pool) -> None:
        """Add what was turned away since the last time to the counters of the day."""
        await self._challenges.save(pool)
        counts, self._unsaved = self._unsaved, Counter()
        if not counts:
            return
        day = datetime.now(UTC)
        try:
            await store.count_refusals(
                pool,
                [(day, connector, reason, n) for (connector, reason), n in sorted(counts.items())],
            )
        except database.PASSING:
            self._unsaved.update(counts)
        except Exception:  # figures are not worth ending the loop that saves them
            log.exception("refusals were not counted")


def raw_of(webhook: Webhook, connection_id: int, request: Request, query: str, headers: str) -> Raw:
    """What is stored of a request: without the numbers of cards, where such may come. They are gone
    before anything is written, so a digest is of what is stored.
    """
    redacted = Redacted(request.body) if webhook.redact is None else webhook.redact(request.body)
    if webhook.redact is not None:
        query, headers = masked(query)[0], masked(headers)[0]
    return Raw(
        connection_id,
        digest_of(query, redacted.body),
        request.remote_addr,
        query,
        headers,
        redacted.body,
        redacted.secrets,
    )


def split_query(query: str) -> tuple[str, list[str]]:
    """The query without parameters that look like credentials, and the values of `key`."""
    if not query:
        return "", []
    if "&" not in query and query.startswith("key="):
        return "", [unquote_plus(query[4:])]
    kept, keys = [], []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) == "key":
            keys.append(unquote_plus(value))
        elif not any(is_credential(name_of(piece)) for piece in part.split(";")):
            kept.append(part)
    return "&".join(kept), keys


def name_of(part: str) -> str:
    """The name in `name=value`."""
    return unquote_plus(part.partition("=")[0])


def without_key(query: str, key: str) -> str:
    """The query without what repeats the key under another name."""
    if not query:
        return ""
    return "&".join(part for part in query.split("&") if not holds(part, key))


def key_in_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key in X-Api-Key, else in Authorization with or without `Bearer`, else in Token, which
    r_keeper may use; "" if there is none. A proxy may add an Authorization of its own, so X-Api-Key
    counts first wherever it stands.
    """
    found = {name: value for name, value in headers if name in KEY_HEADERS}
    for name in KEY_HEADERS:
        key = found.get(name, b"").decode("latin-1").strip()
        if name == b"authorization" and key[:7].lower() == "bearer ":
            key = key[7:].strip()
        if key:
            return key
    return ""


def headers_to_keep(headers: Iterable[tuple[bytes, bytes]], key: str) -> dict[str, str]:
    """Headers as they are stored: without those that look like credentials, without those in which
    a proxy repeats the address and our key with it, and not more than the first `MOST_KEPT_BYTES`.
    """
    kept, left = {}, MOST_KEPT_BYTES
    for name, value in as_text(headers).items():
        if is_credential(name) or holds(value, key):
            continue
        left -= len(name) + len(value)
        if left < 0:
            break
        kept[name] = value
    return kept


def holds(text: str, key: str) -> bool:
    """Whether the key stands in it, as it is or encoded."""
    return key in text or (("%" in text or "+" in text) and key in unquote_plus(text))


def as_text(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as connectors see them."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
