"""What we may ask of amoCRM: whose account this is, and whom a deal was with (API v4, "Account",
"Leads", "Contacts").
"""

import re
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.amocrm.api import Arguments, Content, embedded, read
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.hook_contacts import Person
from uzel.errors import ContractBroken, Rejected
from uzel.kit.body import at, label_of, number_of, text_of

GUEST = re.compile(r"lead:([1-9][0-9]{0,17})")


async def account(http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments) -> Answer:
    """Whose token this is. Answer: data {"account", "subdomain", "name"}."""
    found = await read(http, config, "/api/v4/account")
    account_id = number_of(at(found, "id"))
    if account_id is None:
        raise ContractBroken("amoCRM: в ответе нет номера аккаунта")
    return Answer(
        reference=account_id,
        data={
            "account": account_id,
            "subdomain": label_of(at(found, "subdomain")),
            "name": text_of(at(found, "name")),
        },
    )


async def find_guest(
    http: httpx2.AsyncClient, config: AmocrmConfig, arguments: Arguments
) -> Answer:
    """Whom the deal `guest` (`lead:123`) was with: its main contact. Two requests.

    Answer: data {"phone", "name", "email"}, None where the contact has none, all None for a deal
    without a contact. Raises Rejected `lead_gone` or `contact_gone` for what was deleted, `guest`
    for what is no deal, and every other CallFailed but OutcomeUnknown.
    """
    named = GUEST.fullmatch(str(arguments["guest"]))
    if named is None:
        raise Rejected("amoCRM: это не номер сделки", code="guest")
    found = await read(http, config, f"/api/v4/leads/{named[1]}?with=contacts")
    lead = existing(found, "lead_gone", "сделки больше нет")
    contact_id = main_contact(embedded(lead, "contacts"))
    person = Person()
    if contact_id is not None:
        found = await read(http, config, f"/api/v4/contacts/{contact_id}")
        person = Person.of(existing(found, "contact_gone", "контакта сделки больше нет"))
    return Answer(data={"phone": person.phone, "name": person.name, "email": person.email})


def existing(found: Content | None, code: str, words: str) -> Content:
    """The entity, unless there is none: 204, or marked as deleted. Raises Rejected."""
    if found is None or found.get("is_deleted") is True:
        raise Rejected(f"amoCRM: {words}", code=code)
    if number_of(found.get("id")) is None:
        raise ContractBroken("amoCRM: в ответе нет номера записи")
    return found


def main_contact(contacts: Any) -> str | None:
    """The number of the main contact, of the first where none is marked so; the others may be
    anybody: a bookkeeper, a courier.
    """
    ordered = sorted(contacts, key=lambda contact: contact.get("is_main") is not True)
    return next((found for contact in ordered if (found := number_of(contact.get("id")))), None)
