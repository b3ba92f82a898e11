"""Contacts and companies (amoCRM, "Contacts", "Companies"), and leads made together with them."""

from collections.abc import Callable
from typing import Any

from uzel.connectors.amocrm.miniature import lead_methods
from uzel.connectors.amocrm.miniature.answers import NOTHING_FOUND, Faults, Json, Reply, hal
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import Company, Contact, Entity, Person
from uzel.connectors.amocrm.miniature.fields import Values
from uzel.connectors.amocrm.miniature.hooks import event_of, posted
from uzel.connectors.amocrm.miniature.listing import filtered, listed, searched
from uzel.connectors.amocrm.miniature.writing import (
    SHARED,
    answered,
    check_users,
    checked,
    existing,
    item_of,
    items_of,
    one_existing,
    read_tags,
    request_id,
    scalars,
)

KINDS = SHARED | {"first_name": "string", "last_name": "string"}
MOST_COMPLEX, MOST_FIELDS = 50, 40

Draft = tuple[Json, dict[int, Values], Callable[[Entity], None]]


class Persons:
    """The methods of one of the two kinds."""

    def __init__(self, kind: str, one: str) -> None:
        self.kind = kind
        self.one = one

    def all(self, call: Call) -> Reply:
        found = filtered(call, searched(call, call.account.living_ones(self.kind)))
        return listed(call, self.kind, found, Person.shown)

    def get(self, call: Call) -> Reply:
        found = call.account.living(self.kind, call.param("entity_id"))
        return hal(found.shown(call.view)) if found else NOTHING_FOUND

    def create(self, call: Call) -> Reply:
        items = items_of(call)
        drafts = checked(items, lambda item, faults: self.read(call, item, faults))
        made = [self.make(call, draft) for draft in drafts]
        shown = [
            call.view.briefly(
                self.kind, it.id,
                is_deleted=False, is_unsorted=False, request_id=request_id(item, index),
            )
            for index, (it, item) in enumerate(zip(made, items, strict=True))
        ]  # fmt: skip
        return answered(call, self.kind, shown)

    def update(self, call: Call) -> Reply:
        items = items_of(call)
        found: list[Any] = []

        def read(item: Json, faults: Faults) -> Draft:
            found.append(existing(call, self.kind, item, faults))
            return self.read(call, item, faults)

        drafts = checked(items, read)
        for it, draft in zip(found, drafts, strict=True):
            self.change(call, it, draft)
        shown = [
            self.changed(call, it) | {"request_id": request_id(item, index)}
            for index, (it, item) in enumerate(zip(found, items, strict=True))
        ]
        return answered(call, self.kind, shown)

    def update_one(self, call: Call) -> Reply:
        item = item_of(call)
        found = one_existing(call, self.kind, "entity_id")
        (draft,) = checked([item], lambda it, faults: self.read(call, it, faults))
        self.change(call, found, draft)
        return hal(self.changed(call, found))

    def changed(self, call: Call, it: Person) -> Json:
        return call.view.briefly(self.kind, it.id, name=it.name, updated_at=it.updated_at)

    def read(self, call: Call, item: Json, faults: Faults) -> Draft:
        kinds = KINDS if self.kind == "contacts" else SHARED
        values = scalars(item, kinds, faults)
        check_users(call.account, values, faults)
        fields = call.account.fields[self.kind].read(item.get("custom_fields_values"), faults)
        return values, fields, read_tags(call.account, self.kind, item, faults)

    def make(self, call: Call, draft: Draft) -> Person:
        values, fields, tag = draft
        of: type[Contact | Company] = Contact if self.kind == "contacts" else Company
        made = of(**{"id": call.account.next_id(), **call.account.by(call.user_id), **values})
        made.values = {field_id: kept for field_id, kept in fields.items() if kept}
        tag(made)
        rename(made, values)
        call.account.add(made)
        call.tell(event_of(call.account, made, "add"))
        call.note_event(f"{self.one}_added", self.one, made.id)
        return made

    def change(self, call: Call, it: Person, draft: Draft) -> None:
        values, fields, tag = draft
        responsible_id = it.responsible_user_id
        for name, value in values.items():
            setattr(it, name, value)
        for field_id, kept in fields.items():
            it.values[field_id] = kept
        tag(it)
        rename(it, values)
        it.touch(values.get("updated_by", call.user_id), values.get("updated_at"))
        if it.responsible_user_id != responsible_id:
            form = posted(call.account, it, old_responsible_user_id=responsible_id)
            call.tell(event_of(call.account, it, "responsible", form))
        call.tell(event_of(call.account, it, "update"))


def rename(it: Person, values: Json) -> None:
    """A contact is called by its parts unless its whole name is said."""
    if (
        isinstance(it, Contact)
        and "name" not in values
        and {"first_name", "last_name"} & set(values)
    ):
        it.is_named()


CONTACTS, COMPANIES = Persons("contacts", "contact"), Persons("companies", "company")


def create_complex(call: Call) -> Reply:
    """Leads with a contact and a company each, made in one go. The answer is a bare list. Doubles
    are not looked for: that takes a setting of the account.
    """
    items = items_of(call, most=MOST_COMPLEX)
    drafts = checked(items, lambda item, faults: read_complex(call, item, faults))
    return hal(
        [
            make_complex(call, draft, request_id(item, index))
            for index, (draft, item) in enumerate(zip(drafts, items, strict=True))
        ]
    )


Complex = tuple[lead_methods.Draft, dict[str, Draft | int]]


def read_complex(call: Call, item: Json, faults: Faults) -> Complex:
    embedded = item.get("_embedded")
    embedded = embedded if isinstance(embedded, dict) else {}
    others: dict[str, Draft | int] = {}
    for persons in (CONTACTS, COMPANIES):
        given = embedded.get(persons.kind) or []
        if len(given) > 1:
            faults.add("TooLong", f"_embedded.{persons.kind}")
        for it in given[:1]:
            path = f"_embedded.{persons.kind}.0."
            inner = Faults()
            if "id" in it:
                others[persons.kind] = it["id"]
                if call.account.living(persons.kind, it["id"]) is None:
                    inner.add("NotSupportedChoice", "id")
            else:
                others[persons.kind] = persons.read(call, it, inner)
            faults += [{**fault, "path": path + fault["path"]} for fault in inner]
    own = {**item, "_embedded": {"tags": embedded["tags"]} if "tags" in embedded else {}}
    if len(item.get("custom_fields_values") or ()) > MOST_FIELDS:
        faults.add("TooLong", "custom_fields_values")
    return lead_methods.read_lead(call.account, own, faults, None), others


def make_complex(call: Call, draft: Complex, its_request: Any) -> Json:
    made = lead_methods.make(call, draft[0])
    ids: dict[str, int | None] = {"contacts": None, "companies": None}
    for persons in (CONTACTS, COMPANIES):
        other = draft[1].get(persons.kind)
        if other is not None:
            new = other if isinstance(other, int) else persons.make(call, other).id
            ids[persons.kind] = new
    contact_id, company_id = ids["contacts"], ids["companies"]
    if contact_id is not None:
        call.account.links.put_contact(made.id, contact_id, is_main=True)
    if company_id is not None:
        call.account.links.put(("leads", made.id), ("companies", company_id), {})
    if contact_id is not None and company_id is not None:
        call.account.links.put(("contacts", contact_id), ("companies", company_id), {})
    return {
        "id": made.id,
        "contact_id": contact_id,
        "company_id": company_id,
        "request_id": [its_request],
        "merged": False,
    }
