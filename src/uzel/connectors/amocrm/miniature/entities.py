"""Leads, contacts, companies and elements of lists, and how API v4 shows them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.fields import Values, texts_of
from uzel.connectors.amocrm.miniature.numbers import digits, now_s

if TYPE_CHECKING:
    from uzel.connectors.amocrm.miniature.account import Account

WON, LOST = 142, 143
ROBOT_ID = 0


@dataclass(slots=True)
class View:
    """For whom something is shown.

    url   where the account answers: what `_links` begin with
    also  what `with` asks for
    """

    account: "Account"
    url: str
    also: Collection[str] = ()

    def link(self, kind: str, entity_id: int) -> Json:
        return {"self": {"href": f"{self.url}/api/v4/{kind}/{entity_id}"}}

    def briefly(self, kind: str, entity_id: int, **more: Any) -> Json:
        """As another entity names it."""
        return {"id": entity_id, **more, "_links": self.link(kind, entity_id)}


@dataclass(slots=True, kw_only=True)
class Entity:
    """What all of them have; moments in epoch seconds.

    values  field → its values
    tags    ids
    """

    kind: ClassVar[str] = ""

    id: int
    name: str = ""
    responsible_user_id: int
    created_by: int
    updated_by: int
    created_at: int = field(default_factory=now_s)
    updated_at: int = field(default_factory=now_s)
    made_at_s: float = 0.0
    values: dict[int, Values] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)
    is_deleted: bool = False
    _text: str | None = None

    @property
    def path(self) -> str:
        """Where the API has it and its kind."""
        return self.kind

    def touch(self, user_id: int, at: int | None = None) -> None:
        """It was changed: by whom, and when if not now."""
        self.updated_by, self.updated_at, self._text = user_id, at or now_s(), None

    @property
    def text(self) -> str:
        """What a search looks through: all that is filled, numbers also without what separates
        their digits.
        """
        if self._text is None:
            found = [self.name, *texts_of(self.values.values())]
            numbers = [number for text in found if len(number := digits(text)) > 4]
            self._text = "\n".join([*found, *numbers]).casefold()
        return self._text

    def shown_values(self, view: View) -> list[Json] | None:
        return view.account.fields_of(self).shown(self.values)

    def shown_tags(self, view: View) -> list[Json]:
        names = view.account.tags[self.kind]
        return [{"id": tag, "name": names[tag], "color": None} for tag in self.tags]

    def moments(self, view: View) -> Json:
        """The part that leads, contacts and companies have in common."""
        return {
            "responsible_user_id": self.responsible_user_id,
            "group_id": 0,
            "created_by": self.created_by,
            "updated_by": self.updated_by,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }

    def linked(self, view: View, kind: str, **more: Any) -> list[Json]:
        return [view.briefly(kind, other, **more) for other, _ in self.others(view, kind)]

    def others(self, view: View, kind: str) -> list[tuple[int, Json]]:
        """(id, link) of what of a kind belongs to it and is still there."""
        found = view.account.links.of(self.kind, self.id, kind)
        return [(other, link) for other, link in found if view.account.living(kind, other)]

    def elements(self, view: View) -> list[Json]:
        found = self.others(view, "catalog_elements")
        return [{"id": element, "metadata": dict(link)} for element, link in found]

    def shown(self, view: View) -> Json:
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class Lead(Entity):
    kind: ClassVar[str] = "leads"

    price: int | None = 0
    pipeline_id: int
    status_id: int
    loss_reason_id: int | None = None
    closed_at: int | None = None

    def close(self) -> None:
        """Have the moment of its end, or none."""
        if self.status_id not in (WON, LOST):
            self.closed_at = None
        elif self.closed_at is None:
            self.closed_at = self.updated_at

    def contacts(self, view: View) -> list[Json]:
        """The main one first."""
        found = self.others(view, "contacts")
        return [
            view.briefly("contacts", contact, is_main=link["is_main"])
            for contact, link in sorted(found, key=lambda it: not it[1]["is_main"])
        ]

    def shown(self, view: View) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "price": self.price or 0,
            **self.moments(view),
            "status_id": self.status_id,
            "pipeline_id": self.pipeline_id,
            "loss_reason_id": self.loss_reason_id,
            "source_id": None,
            "closed_at": self.closed_at,
            "closest_task_at": view.account.closest_task_at(self),
            "is_deleted": self.is_deleted,
            "custom_fields_values": self.shown_values(view),
            "score": None,
            "account_id": view.account.id,
            "labor_cost": None,
            **({"is_price_modified_by_robot": False} if is_robot_asked(view) else {}),
            "_links": view.link("leads", self.id),
            "_embedded": self.embedded(view),
        }

    def embedded(self, view: View) -> Json:
        """Its contacts, elements and the reason of its loss only to who asks for them."""
        found: Json = {
            "tags": self.shown_tags(view),
            "companies": self.linked(view, "companies"),
        }
        if "contacts" in view.also:
            found["contacts"] = self.contacts(view)
        if "catalog_elements" in view.also:
            found["catalog_elements"] = self.elements(view)
        if "loss_reason" in view.also:
            found["loss_reason"] = view.account.loss_reason(self.loss_reason_id, view)
        if "source" in view.also:
            found["source"] = None
        return found

    def shown_deleted(self, view: View) -> Json:
        """What is left of it in the bin (`with=only_deleted`)."""
        return {
            "id": self.id,
            "updated_by": self.updated_by,
            "updated_at": self.updated_at,
            "is_deleted": True,
            "_links": view.link("leads", self.id),
        }


def is_robot_asked(view: View) -> bool:
    return "is_price_modified_by_robot" in view.also


@dataclass(slots=True, kw_only=True)
class Person(Entity):
    """What contacts and companies share."""

    def shown(self, view: View) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            **self.names(),
            **self.moments(view),
            "is_deleted": self.is_deleted,
            "closest_task_at": view.account.closest_task_at(self),
            "custom_fields_values": self.shown_values(view),
            "account_id": view.account.id,
            "_links": view.link(self.kind, self.id),
            "_embedded": self.embedded(view),
        }

    def names(self) -> Json:
        return {}

    def embedded(self, view: View) -> Json:
        found: Json = {"tags": self.shown_tags(view)}
        if self.kind == "contacts":
            found["companies"] = self.linked(view, "companies")
        elif "contacts" in view.also:
            found["contacts"] = self.linked(view, "contacts")
        if "leads" in view.also:
            found["leads"] = self.linked(view, "leads")
        if "customers" in view.also:
            found["customers"] = []
        if "catalog_elements" in view.also:
            found["catalog_elements"] = self.elements(view)
        return found


@dataclass(slots=True, kw_only=True)
class Contact(Person):
    kind: ClassVar[str] = "contacts"

    first_name: str = ""
    last_name: str = ""

    def names(self) -> Json:
        return {"first_name": self.first_name, "last_name": self.last_name}

    def is_named(self) -> None:
        """Its name follows from its parts."""
        if self.first_name or self.last_name:
            self.name = f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True, kw_only=True)
class Company(Person):
    kind: ClassVar[str] = "companies"


@dataclass(slots=True, kw_only=True)
class Element(Entity):
    """One position of a list. Answers to a change show all of it."""

    kind: ClassVar[str] = "catalog_elements"

    catalog_id: int

    @property
    def path(self) -> str:
        return f"catalogs/{self.catalog_id}/elements"

    def shown(self, view: View) -> Json:
        link = view.link(self.path, self.id)
        # Recorded answers have a page here that nobody asked for.
        link["self"]["href"] += "?page=1&limit=250"
        return {
            "id": self.id,
            "name": self.name,
            "created_by": self.created_by,
            "updated_by": self.updated_by,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "is_deleted": True if self.is_deleted else None,
            "custom_fields_values": self.shown_values(view),
            "catalog_id": self.catalog_id,
            "account_id": view.account.id,
            **({"invoice_link": None} if "invoice_link" in view.also else {}),
            "_links": link,
        }
