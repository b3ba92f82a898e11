"""Finding things by what people have at hand. Every query is a few index lookups."""

from typing import Any

from uzel.kit.database import Connection
from uzel.views.event_store import LABEL
from uzel.views.life_store import THING

MOST = 20
EVENTS = "select id, type, subject, phone, decision, reason, created_at as at from event"
MESSAGES = "select id, address, body, state, created_at as at from message"
CALLS = "select id, operation, effect, state, created_at as at from call"
RAW_EVENTS = "select id, connection_id, remote_addr, state, received_at as at from raw_event"
NEWEST = f"order by id desc limit {MOST}"
# The key in the order leaves PostgreSQL no choice of index; see query_store.Scan.
KEYED = "where {key} >= $1 and {key} <= $1 {more} order by {key} desc, id desc limit " + str(MOST)
# An index that begins with the connection is entered once per connection; there are few.
ANY_CONNECTION = "connection_id = any(array(select id from connection))"


async def events_by_phone(connection: Connection, phone: str) -> list[Any]:
    """The newest events of a phone (E.164)."""
    return await connection.fetch(f"{EVENTS} {KEYED.format(key='phone', more='')}", phone)


async def messages_by_email(connection: Connection, address: str) -> list[Any]:
    """The newest messages to an e-mail address, in small letters."""
    keyed = KEYED.format(key="address", more="and channel = 'email'")
    return await connection.fetch(f"{MESSAGES} {keyed}", address)


async def messages_by_phone(connection: Connection, phone: str) -> list[Any]:
    """The newest messages to a phone (E.164)."""
    return await connection.fetch(f"{MESSAGES} {KEYED.format(key='phone', more='')}", phone)


async def events_by_label(connection: Connection, label: str) -> list[Any]:
    """The newest events whose subject ends with this word."""
    more = "and subject is not null"
    return await connection.fetch(f"{EVENTS} {KEYED.format(key=LABEL, more=more)}", label)


async def events_by_subject(connection: Connection, subject: str) -> list[Any]:
    """The newest events with this subject."""
    return await connection.fetch(
        f"{EVENTS} {KEYED.format(key=LABEL, more='and subject = $2')}",
        subject.rpartition(" ")[2],
        subject,
    )


async def events_by_thing(connection: Connection, thing: str) -> list[Any]:
    """The newest events about a visit or message the other side calls so."""
    whole = "coalesce(data ->> 'visit', data ->> 'reference')"
    more = f"and data is not null and ($2::text is null or {whole} = $2)"
    return await connection.fetch(
        f"{EVENTS} {KEYED.format(key=THING, more=more)}",
        thing.rpartition(":")[2],
        thing if ":" in thing else None,
    )


async def events_by_key(connection: Connection, key: str) -> list[Any]:
    """The event with this key, per connection."""
    return await connection.fetch(
        f"{EVENTS} where {ANY_CONNECTION} and key = $1 and key is not null "
        f"and decision <> 'skip' {NEWEST}",
        key,
    )


async def messages_by_reference(connection: Connection, reference: str) -> list[Any]:
    """Messages their provider calls so."""
    return await connection.fetch(
        f"{MESSAGES} where {ANY_CONNECTION} and reference = $1 and reference is not null {NEWEST}",
        reference,
    )


async def raw_events_by_digest(connection: Connection, digest: bytes) -> list[Any]:
    """Raw events with this digest."""
    return await connection.fetch(
        f"{RAW_EVENTS} where {ANY_CONNECTION} and digest = $1 {NEWEST}", digest
    )


async def calls_by_request(connection: Connection, request_id: str) -> list[Any]:
    """The newest calls that follow from this request."""
    return await connection.fetch(f"{CALLS} where request_id = $1 {NEWEST}", request_id)


async def calls_by_effect(connection: Connection, effect: str) -> list[Any]:
    """The call for this effect."""
    return await connection.fetch(f"{CALLS} where effect = $1", effect)


async def by_id(connection: Connection, kind: str, i: int) -> list[Any]:
    """The event, message, call or raw event with this id."""
    query = {"event": EVENTS, "message": MESSAGES, "call": CALLS, "raw_event": RAW_EVENTS}[kind]
    return await connection.fetch(f"{query} where id = $1", i)
