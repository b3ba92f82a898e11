"""One account: its entities, and what a real one has when somebody begins to work with it."""

from collections import defaultdict, deque
from itertools import count
from time import time
from typing import Any, TypeVar
from uuid import uuid4

from uzel.connectors.amocrm.miniature import beginnings
from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.entities import (
    WON,
    Company,
    Contact,
    Element,
    Entity,
    Lead,
    View,
)
from uzel.connectors.amocrm.miniature.fields import (
    EMAIL_FIELD_ID,
    PHONE_FIELD_ID,
    PRICE_FIELD_ID,
    SKU_FIELD_ID,
    Fields,
    Values,
)
from uzel.connectors.amocrm.miniature.hooks import Hook
from uzel.connectors.amocrm.miniature.links import Links
from uzel.connectors.amocrm.miniature.numbers import now_s

LEAD_ID, ELEMENT_ID = 23802101, 14229449
FIRST_ID = 37054101
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур")
INVENTED_PHONE, INVENTED_PHONES = 79970000000, 10_000_000
MOST_EVENTS = 10_000

Made = TypeVar("Made", bound=Entity)


class Account:
    """One account. Its ids count upwards, whatever they are of."""

    def __init__(self, account_id: int) -> None:
        self.id = account_id
        self.subdomain = "sandbox"
        self.moved: int | None = None
        self.uuid = str(uuid4())
        self.created_at = now_s()
        self.leads: dict[int, Lead] = {}
        self.contacts: dict[int, Contact] = {}
        self.companies: dict[int, Company] = {}
        self.elements: dict[int, Element] = {}
        self.catalogs: dict[int, Json] = {it["id"]: it for it in beginnings.catalogs()}
        self.pipelines: dict[int, Json] = {it["id"]: it for it in beginnings.pipelines()}
        self.users: dict[int, Json] = {it["id"]: it for it in beginnings.users()}
        self.loss_reasons: dict[int, Json] = {it["id"]: it for it in beginnings.loss_reasons()}
        self.fields: dict[str, Fields] = defaultdict(Fields, beginnings.fields())
        self.tags: dict[str, dict[int, str]] = defaultdict(dict)
        self.links = Links()
        self.notes: dict[int, Json] = {}
        self.notes_of: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.tasks: dict[int, Json] = {}
        self.hooks: dict[str, Hook] = {}
        self.events: deque[Json] = deque(maxlen=MOST_EVENTS)
        self._ids, self._event_ids = count(FIRST_ID), count(1)
        self._settle()

    def _settle(self) -> None:
        phones = (("+79990000002", "WORK"), ("+79990000001", "MOB"))
        contact = self.person("Мария", phones, "maria@example.org")
        self.deal(LEAD_ID, "Заказ", 1290, beginnings.PIPELINE_ID, WON, contact)
        values = {SKU_FIELD_ID: "SKU-0001", PRICE_FIELD_ID: "1290"}
        tea = Element(
            id=ELEMENT_ID, name="Чай чёрный", catalog_id=beginnings.PRODUCTS_ID, **self.by()
        )
        tea.values = {field_id: [{"value": value}] for field_id, value in values.items()}
        self.add(tea)

    def next_id(self) -> int:
        return next(self._ids)

    def next_event_id(self) -> str:
        return f"01{next(self._event_ids):024x}"

    def add(self, entity: Made) -> Made:
        entity.made_at_s = time()
        found: dict[int, Any] = self.store(entity.kind)
        found[entity.id] = entity
        return entity

    def store(self, kind: str) -> dict[int, Any]:
        """The entities of one kind, deleted ones too."""
        found: dict[str, dict[int, Any]] = {
            "leads": self.leads,
            "contacts": self.contacts,
            "companies": self.companies,
            "catalog_elements": self.elements,
        }
        return found.get(kind, {})

    def living(self, kind: str, entity_id: Any) -> Any:
        """The entity unless there is none, or no longer."""
        found = self.store(kind).get(entity_id) if isinstance(entity_id, int) else None
        return None if found is None or found.is_deleted else found

    def fields_of(self, entity: Entity) -> Fields:
        owner = f"catalogs/{entity.catalog_id}" if isinstance(entity, Element) else entity.kind
        return self.fields[owner]

    def person(
        self, name: str, phones: tuple[tuple[str, str], ...] = (), email: str | None = None
    ) -> Contact:
        """A new contact. `phones`: numbers and their kinds (`MOB`)."""
        contact = Contact(id=self.next_id(), name=name, first_name=name, **self.by())
        self.describe(contact, phones, email)
        return self.add(contact)

    def describe(
        self, contact: Contact, phones: tuple[tuple[str, str], ...], email: str | None
    ) -> None:
        """Have these numbers and this address, and no others."""
        addresses = ((email, "WORK"),) if email else ()
        for field_id, given in ((PHONE_FIELD_ID, phones), (EMAIL_FIELD_ID, addresses)):
            kinds = {it.value: it.id for it in self.fields["contacts"].by_id[field_id].choices}
            values: Values = [
                {"value": value, "enum_id": kinds[kind], "enum_code": kind} for value, kind in given
            ]
            contact.values[field_id] = values
        contact.touch(beginnings.USER_ID)

    def deal(
        self,
        lead_id: int,
        name: str,
        price: int | None,
        pipeline_id: int,
        status_id: int,
        contact: Contact | None = None,
    ) -> Lead:
        """A new lead of this contact."""
        lead = Lead(
            id=lead_id,
            name=name,
            price=price,
            pipeline_id=pipeline_id,
            status_id=status_id,
            **self.by(),
        )
        lead.close()
        if contact is not None:
            self.links.put_contact(lead.id, contact.id, is_main=True)
        return self.add(lead)

    def by(self, user_id: int = beginnings.USER_ID) -> dict[str, Any]:
        """Who makes an entity and answers for it."""
        return {"responsible_user_id": user_id, "created_by": user_id, "updated_by": user_id}

    def invent(self, lead_id: int) -> None:
        """Have this lead, won, and a contact with a number that other leads hardly share."""
        if lead_id in self.leads:
            return
        phone = f"+{INVENTED_PHONE + lead_id % INVENTED_PHONES}"
        contact = self.person(NAMES[lead_id % len(NAMES)], ((phone, "MOB"),))
        self.deal(lead_id, f"Заказ {lead_id}", 1290, beginnings.PIPELINE_ID, WON, contact)

    def tag_id(self, kind: str, name: str) -> int:
        """The tag of that name; made if there is none yet."""
        for tag_id, known in self.tags[kind].items():
            if known == name:
                return tag_id
        tag_id = self.next_id()
        self.tags[kind][tag_id] = name
        return tag_id

    def stages(self, pipeline_id: int) -> list[Json]:
        """The stages of a pipeline in their order; none if there is no such pipeline."""
        found: list[Json] = self.pipelines.get(pipeline_id, {}).get("statuses", [])
        return found

    def first_stage(self, pipeline_id: int) -> int:
        """Where leads begin: not among the unsorted ones."""
        return int(next(it["id"] for it in self.stages(pipeline_id) if it["type"] == 0))

    def closest_task_at(self, entity: Entity) -> int | None:
        """When the next task of an entity is due."""
        mine = (entity.kind, entity.id)
        due = [
            it["complete_till"]
            for it in self.tasks.values()
            if (it["entity_type"], it["entity_id"]) == mine and not it["is_completed"]
        ]
        return min(due, default=None)

    def loss_reason(self, reason_id: int | None, view: View) -> list[Json]:
        found = self.loss_reasons.get(reason_id or 0)
        return [{**found, "_links": view.link("leads/loss_reasons", found["id"])}] if found else []

    @property
    def url(self) -> str:
        return f"https://{self.subdomain}.amocrm.ru"

    def told(self) -> Json:
        """How a hook names the account."""
        return {"subdomain": self.subdomain, "id": self.id, "_links": {"self": self.url}}

    def living_ones(self, kind: str) -> list[Any]:
        return [it for it in self.store(kind).values() if not it.is_deleted]
