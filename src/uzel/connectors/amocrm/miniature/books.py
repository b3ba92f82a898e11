"""What the control doors tell of an account, and what they make in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from uzel.connectors.amocrm.miniature.account import NAMES, Account
from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.beginnings import PIPELINE_ID, USER_ID
from uzel.connectors.amocrm.miniature.entities import Contact, Element, Entity, Lead
from uzel.connectors.amocrm.miniature.fields import (
    EMAIL_FIELD_ID,
    ORDER_FIELD_ID,
    PHONE_FIELD_ID,
    PRICE_FIELD_ID,
    SKU_FIELD_ID,
)
from uzel.connectors.amocrm.miniature.numbers import digits, now_s

DAY_S = 86400
# How people write one and the same number.
SPELLINGS = ("+7{0}", "8{0}", "+7 ({1}) {2}-{3}-{4}")


def books(account: Account) -> Json:
    """All that is in an account, deleted entities too."""
    return {
        "account": {"id": account.id, "subdomain": account.subdomain},
        "leads": [lead_of(account, it) for it in account.leads.values()],
        "contacts": [contact_of(account, it) for it in account.contacts.values()],
        "elements": [element_of(it) for it in account.elements.values()],
        "companies": [{"id": it.id, "name": it.name} for it in account.companies.values()],
        "hooks": [it.shown(account) for it in account.hooks.values()],
    }


def lead_of(account: Account, lead: Lead) -> Json:
    contacts = account.links.of("leads", lead.id, "contacts")
    main = next((contact for contact, link in contacts if link["is_main"]), None)
    linked = account.links.of("leads", lead.id, "catalog_elements")
    notes = (account.notes[note_id] for note_id in account.notes_of["leads", lead.id])
    return {
        "id": lead.id,
        "name": lead.name,
        "price": lead.price,
        "pipeline_id": lead.pipeline_id,
        "status_id": lead.status_id,
        "loss_reason_id": lead.loss_reason_id,
        "responsible_user_id": lead.responsible_user_id,
        "created_at": lead.created_at,
        "updated_at": lead.updated_at,
        "updated_by": lead.updated_by,
        "is_deleted": lead.is_deleted,
        "order_code": next(iter(texts(lead, ORDER_FIELD_ID)), None),
        "fields": {str(field_id): texts(lead, field_id) for field_id in lead.values},
        "contact": None if main is None else contact_of(account, account.contacts[main]),
        "contacts": [contact for contact, _ in contacts],
        "elements": [
            {**element_of(account.elements[element]), "quantity": link["quantity"]}
            for element, link in linked
        ],
        "notes": [note["params"].get("text") for note in notes],
        "tags": [account.tags["leads"][tag] for tag in lead.tags],
    }


def contact_of(account: Account, contact: Contact) -> Json:
    return {
        "id": contact.id,
        "name": contact.name,
        "phones": texts(contact, PHONE_FIELD_ID),
        "emails": texts(contact, EMAIL_FIELD_ID),
        "leads": [lead for lead, _ in account.links.of("contacts", contact.id, "leads")],
        "created_at": contact.created_at,
        "is_deleted": contact.is_deleted,
    }


def element_of(element: Element) -> Json:
    return {
        "id": element.id,
        "catalog_id": element.catalog_id,
        "name": element.name,
        "sku": next(iter(texts(element, SKU_FIELD_ID)), None),
        "price": next(iter(texts(element, PRICE_FIELD_ID)), None),
        "is_deleted": element.is_deleted,
    }


def texts(entity: Entity, field_id: int) -> list[Any]:
    return [value.get("value") for value in entity.values.get(field_id, [])]


def doubles(account: Account) -> Json:
    """What is there twice: leads with one and the same value in a text field, contacts with one and
    the same number (its last ten digits), elements with one and the same article number.
    """
    plain = {it.id for it in account.fields["leads"] if it.type == "text"}
    leads = account.living_ones("leads")
    return {
        "leads": several(
            (text, lead.id)
            for lead in leads
            for field_id in plain
            for text in texts(lead, field_id)
        ),
        "contacts": several(
            (digits(str(phone))[-10:], contact.id)
            for contact in account.living_ones("contacts")
            for phone in texts(contact, PHONE_FIELD_ID)
        ),
        "elements": several(
            (sku, element.id)
            for element in account.living_ones("catalog_elements")
            for sku in texts(element, SKU_FIELD_ID)
        ),
    }


def several(pairs: Iterable[tuple[str, int]]) -> Mapping[str, list[int]]:
    found: dict[str, dict[int, None]] = defaultdict(dict)
    for value, entity_id in pairs:
        found[value][entity_id] = None
    return {value: list(ids) for value, ids in found.items() if len(ids) > 1}


def seed_contacts(account: Account, number: int, first_phone: int, *, decoys: int) -> list[int]:
    """Contacts with consecutive numbers, spelled in turn as people do. `decoys`: further ones, made
    before the others, in which a search for one of those numbers finds something else: an address
    with the number in it. Their ids.
    """
    made = [
        account.person("Не тот", (), f"{first_phone + index}@mail.example").id
        for index in range(decoys)
    ]
    for index in range(number):
        local = str(first_phone + index)[-10:]
        parts = (local, local[:3], local[3:6], local[6:8], local[8:])
        phone = SPELLINGS[index % len(SPELLINGS)].format(*parts)
        made.append(account.person(NAMES[index % len(NAMES)], ((phone, "MOB"),)).id)
    age(account.contacts, made)
    return made


def seed_elements(account: Account, number: int, catalog_id: int, prefix: str) -> list[int]:
    """Elements with the article numbers `SKU-1`, `SKU-2`, …; a search for one finds others too."""
    made = []
    for index in range(1, number + 1):
        element = Element(
            id=account.next_id(),
            name=f"Товар {index}",
            catalog_id=catalog_id,
            **account.by(USER_ID),
        )
        element.values[SKU_FIELD_ID] = [{"value": f"{prefix}{index}"}]
        element.values[PRICE_FIELD_ID] = [{"value": str(100 * index)}]
        made.append(account.add(element).id)
    age(account.elements, made)
    return made


def seed_leads(account: Account, number: int, first_code: int) -> list[int]:
    """Deals of the main pipeline with consecutive order codes, without contacts."""
    made = []
    for index in range(number):
        code = str(first_code + index)
        stage_id = account.first_stage(PIPELINE_ID)
        lead = account.deal(account.next_id(), f"Заказ {code}", 1000, PIPELINE_ID, stage_id)
        lead.values[ORDER_FIELD_ID] = [{"value": code}]
        lead.touch(USER_ID)
        made.append(lead.id)
    age(account.leads, made)
    return made


def age(store: Mapping[int, Entity], made: list[int]) -> None:
    """Have been there since yesterday, so that lists of what is new do not have them."""
    for entity_id in made:
        it = store[entity_id]
        it.created_at = it.updated_at = now_s() - DAY_S
        it.made_at_s -= DAY_S
