"""The contacts that stand in the same body as a lead, and which of them is whose.

amoCRM's own hooks put no contact beside a lead; robots and gateways in between do, and a body may
tell of several things at once. Whoever is not certainly the lead's contact is nobody's: a stranger
must not be asked about a deal that is not theirs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from uzel.connectors.amocrm.custom_fields import email_in, field, items, phone_in
from uzel.kit.body import number_of, text_of

COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a deal was with, as far as a body says."""

    phone: str | int | None = None
    name: str | None = None
    email: str | None = None

    @classmethod
    def of(cls, contact: Any) -> "Person":
        return cls(phone_in(contact), text_of(field(contact, "name")), email_in(contact))


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a body.

    by_id    contact → its data; one that appears twice counts as it appeared last
    by_lead  lead → the contacts linked to it
    alone    the body's only contact, where it names no lead and the body has one lead at most
    """

    by_id: Mapping[str, Any]
    by_lead: Mapping[str, list[Any]]
    alone: Any = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Contacts":
        found = {
            number_of(contact.get("id")) or f"?{position}": contact
            for position, contact in enumerate(contacts_in(body))
        }
        by_lead: dict[str, list[Any]] = {}
        for contact in found.values():
            for lead in leads_of(contact):
                by_lead.setdefault(lead, []).append(contact)
        leads = {number_of(field(lead, "id")) for lead in entities(body.get("leads"))}
        only = next(iter(found.values())) if len(found) == 1 and len(leads) == 1 else None
        alone = only if field(only, "linked_leads_id") is None else None
        return cls(found, by_lead, alone)

    def person(self, lead: Mapping[str, Any]) -> Person:
        """Whom this lead is with: its main contact, else the only one linked to it, else the only
        one there is.
        """
        main = lead.get("main_contact")
        if Person.of(main).phone is not None:
            return Person.of(main)
        if main_id := number_of(field(main, "id")) or number_of(lead.get("main_contact_id")):
            return Person.of(self.by_id.get(main_id))
        linked = self.by_lead.get(number_of(lead.get("id")) or "", [])
        if linked:
            return Person.of(linked[0]) if len(linked) == 1 else NOBODY
        return Person.of(self.alone)


def contacts_in(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is known of people: companies, which come as contacts, are none."""
    actions = body.get("contacts")
    for action, found in actions.items() if isinstance(actions, dict) else ():
        for contact in items(found) if action != "delete" else ():
            if isinstance(contact, dict) and contact.get("type") != COMPANY:
                yield contact


def leads_of(contact: Mapping[str, Any]) -> set[str]:
    """`linked_leads_id`: {"7551167": {"ID": "7551167"}}, or a list of numbers."""
    linked = contact.get("linked_leads_id")
    names = [*linked] if isinstance(linked, dict) else []
    inner: Iterable[Any] = linked.values() if isinstance(linked, dict) else items(linked)
    named = [item.get("ID") if isinstance(item, dict) else item for item in inner]
    return {lead for name in (*names, *named) if (lead := number_of(name))}


def entities(actions: Any) -> Iterator[Any]:
    """Every entity of one kind, whatever happened to it."""
    for found in actions.values() if isinstance(actions, dict) else ():
        yield from items(found)
