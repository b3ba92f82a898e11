"""All that Uzel knows of somebody, by their phones and e-mail addresses, on one line of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.crm.field import Kind, Module
from uzel.crm.record import Record
from uzel.crm.values import known_by_phone
from uzel.kit.database import Connection, Pool
from uzel.views import search_store, shops_store
from uzel.views import story_store as store

MOST = 100


@dataclass(frozen=True, slots=True)
class Told:
    """Something about somebody.

    kind    event, message, request, order, claim, payout, lead
    id      of its page; of a payout its public number
    state   a code of the kind's own; of an event its decision
    type    of an event: what happened
    """

    at: datetime
    kind: str
    id: int | str
    title: str
    state: str
    reason: str | None = None
    type: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """`told`: the newest first. is_cut: there may be more of some kind."""

    phones: Sequence[str]
    emails: Sequence[str]
    told: Sequence[Told]
    is_cut: bool


def addresses_of(module: Module, record: Record) -> tuple[list[str], list[str]]:
    """(phones as `+` and digits, e-mail addresses in small letters) of a record."""
    phones: dict[str, None] = {}
    emails: dict[str, None] = {}
    for field in module.fields:
        text = record.content.get(field.name, "")
        if field.kind is Kind.PHONE and field.name != "fax" and (phone := known_by_phone(text)):
            phones[phone] = None
        if field.kind is Kind.EMAIL and "@" in text:
            emails[text.strip().casefold()] = None
    return list(phones), list(emails)


async def story_of(pool: Pool, module: Module, record: Record) -> Story:
    """Everything about who a record is about."""
    phones, emails = addresses_of(module, record)
    if not phones and not emails:
        return Story(phones, emails, (), is_cut=False)
    async with pool.acquire() as connection:
        kinds = [list(it) for it in await by_kind(connection, phones, emails)]
    told: dict[tuple[str, int | str], Told] = {}
    for it in (one for kind in kinds for one in kind):
        told.setdefault((it.kind, it.id), it)
    newest = sorted(told.values(), key=lambda it: it.at, reverse=True)
    is_cut = len(newest) > MOST or any(len(kind) >= store.MOST for kind in kinds)
    return Story(phones, emails, newest[:MOST], is_cut)


async def by_kind(
    connection: Connection, phones: Sequence[str], emails: Sequence[str]
) -> list[Iterable[Told]]:
    """One list for each kind and address."""
    found: list[Iterable[Told]] = [
        of_requests(await store.requests(connection, phones, emails)),
        of_money("claim", await store.claims(connection, phones)),
        of_money("payout", await store.payouts(connection, phones)),
        of_leads(await store.leads(connection, emails)),
    ]
    for phone in phones:
        found.append(of_events(await search_store.events_by_phone(connection, phone)))
        found.append(of_messages(await search_store.messages_by_phone(connection, phone)))
        found.append(of_orders(await shops_store.found_by_phone(connection, phone)))
    for email in emails:
        found.append(of_messages(await search_store.messages_by_email(connection, email)))
    return found


def of_events(rows: Iterable[Any]) -> Iterator[Told]:
    """Visits and whatever else was told about a phone."""
    for row in rows:
        title = row["subject"] or ""
        yield Told(
            *(row["at"], "event", row["id"], title, row["decision"], row["reason"], row["type"])
        )


def of_messages(rows: Iterable[Any]) -> Iterator[Told]:
    """What was written to them."""
    for row in rows:
        yield Told(row["at"], "message", row["id"], row["body"], row["state"])


def of_requests(rows: Iterable[Any]) -> Iterator[Told]:
    """What they were asked, and how they rated it."""
    for row in rows:
        title = row["comment"] or ""
        yield Told(row["at"], "request", row["id"], title, row["state"], rating=row["rating"])


def of_orders(rows: Iterable[Any]) -> Iterator[Told]:
    """What they bought."""
    for row in rows:
        yield Told(row["at"], "order", row["id"], row["code"], row["step"])


def of_money(kind: str, rows: Iterable[Any]) -> Iterator[Told]:
    """What was paid to them, or is to be."""
    for row in rows:
        yield Told(
            *(row["at"], kind, row["id"], row["purpose"] or "", row["state"]),
            amount_minor=row["amount_minor"],
            currency=row["currency"],
        )


def of_leads(rows: Iterable[Any]) -> Iterator[Told]:
    """Leads with their address."""
    for row in rows:
        yield Told(row["at"], "lead", row["id"], row["external_id"], row["state"])
