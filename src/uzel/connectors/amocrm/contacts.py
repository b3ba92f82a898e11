"""People: found by phone, made many at a time (API v4, "Contacts")."""

from collections.abc import Sequence
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm import bulk
from uzel.connectors.amocrm.api import Arguments, Content, entity_id
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.fields import FIELDS, values_in, written
from uzel.connectors.amocrm.paging import newest, walk
from uzel.connectors.amocrm.phones import E164, SIGNIFICANT, numbers_in
from uzel.errors import Rejected
from uzel.kit.body import label_of, text_of

PATH = "/api/v4/contacts"
NAME = "contacts"
PHONE, MOBILE = "PHONE", "MOB"
MOST_PAGES = 4


async def find_contacts(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """The contacts that have `phone` (E.164), the oldest first; deleted ones are left out. One
    request, up to four where many cards hold these ten digits anywhere.

    Answer: data {"contacts": [{"id", "name", "phones": [text]}]}. Raises Rejected `phone_format`
    for what is no number, `too_many_pages`, and every other CallFailed but OutcomeUnknown.
    """
    phone = str(arguments["phone"])
    if not E164.fullmatch(phone):
        raise Rejected("amoCRM: телефон для поиска не в виде +77070000000", code="phone_format")
    query = {"query": phone[-SIGNIFICANT:]}
    found: dict[int, Content] = {}
    async for contact in walk(http, config, PATH, NAME, query, most=MOST_PAGES):
        if contact.get("is_deleted") is not True and phone[1:] in numbers_of(contact):
            found[entity_id(contact)] = contact
    return Answer(data={"contacts": [shown(found[known]) for known in sorted(found)]})


async def create_contacts(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Make `contacts`, at most 250: [{"request_id", "first_name", "last_name", "phone" (E.164),
    "responsible_user_id"}], all but the first may be null. One request.

    `since` (epoch seconds, shortly before the call) is for the look-up. Answer: data {"ids":
    {request_id: id}}. Raises a CallFailed; a refusal names the requests, see `bulk.refused`.
    """
    return await bulk.create(http, config, PATH, NAME, arguments["contacts"], contact_of)


async def look_up_contacts(
    http: httpx2.AsyncClient, config: AmocrmConfig, reference: str, arguments: Arguments
) -> Answer | None:
    """Which of them are there: contacts made since `since` with that phone; without a phone, with
    that very name and no phone. The newest contacts are listed, so one request answers for all.
    """
    given: Sequence[Content] = arguments["contacts"]
    wanted: dict[str, list[str]] = {}
    for contact in given:
        wanted.setdefault(key_of(contact), []).append(str(contact["request_id"]))
    ids: dict[str, int] = {}
    since = bulk.since_of(arguments)
    async for contact in newest(http, config, PATH, NAME, "id", since):
        for key in keys_in(contact):
            ids |= {request: entity_id(contact) for request in wanted.pop(key, ())}
        if not wanted:
            break
    return bulk.found(ids)


def contact_of(given: Content) -> Content:
    """A contact as amoCRM takes it, without what is not known."""
    entity: Content = {}
    for name in ("first_name", "last_name", "responsible_user_id"):
        if given.get(name):
            entity[name] = given[name]
    if given.get("phone"):
        entity[FIELDS] = [written(PHONE, given["phone"], MOBILE)]
    return entity


def key_of(given: Content) -> str:
    """What a contact of ours is known again by."""
    phone = given.get("phone")
    return str(phone)[1:] if phone else called(given.get("first_name"), given.get("last_name"))


def keys_in(contact: Content) -> set[str]:
    """What a contact of theirs may be known by."""
    if contact.get("is_deleted") is True:
        return set()
    if values_in(contact, PHONE):
        return numbers_of(contact)
    return {
        called(contact.get("first_name"), contact.get("last_name")),
        called(contact.get("name"), None),
    }


def called(first: Any, last: Any) -> str:
    """A name as a key, which no phone is."""
    return "name:" + " ".join(part for part in (text_of(first), text_of(last)) if part)


def numbers_of(contact: Content) -> set[str]:
    """The phones of a contact as digits with the calling code."""
    return {number for value in values_in(contact, PHONE) for number in numbers_in(value)}


def shown(contact: Content) -> Content:
    phones = (label_of(value) for value in values_in(contact, PHONE))
    return {
        "id": entity_id(contact),
        "name": text_of(contact.get("name")),
        "phones": [phone for phone in phones if phone],
    }
