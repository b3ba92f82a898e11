"""Links between entities (amoCRM, "Links between entities")."""

from collections.abc import Mapping
from typing import Any

from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    invalid_value,
    not_found,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.hooks import event_of
from uzel.connectors.amocrm.miniature.links import ALLOWED, Node
from uzel.connectors.amocrm.miniature.numbers import is_number
from uzel.connectors.amocrm.miniature.writing import checked, items_of

# Of these an entity has one.
SINGLE = {("leads", "companies"), ("contacts", "companies")}

Pair = tuple[Node, Node, Json]


class Linking:
    """The methods for entities of one kind; `entity_id` of the path, or of each item."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def links(self, call: Call) -> Reply:
        """The links of one entity, or of those that `filter[entity_id]` names."""
        if "entity_id" in call.asked.params:
            found = self.shown_of(self.node(call), call)
            href = f"{call.href()}?page=1&limit=50"
        else:
            wanted = wanted_ids(call.filter("entity_id"))
            if not wanted:
                return invalid_value("FieldMissing", "filter.entity_id")
            href = f"{call.href()}?{call.asked.query}"
            found = [
                {"entity_id": it, "entity_type": self.kind, **shown}
                for it in wanted
                for shown in self.shown_of((self.kind, it), call)
            ]
        links = {"self": {"href": href}}
        return hal({"_total_items": len(found), "_links": links, "_embedded": {"links": found}})

    def link(self, call: Call) -> Reply:
        items = items_of(call)
        pairs = checked(items, lambda item, faults: self.read(call, item, faults, unlinks=False))
        for pair in pairs:
            self.put(call, pair)
        self.tell(call, pairs)
        shown = [
            {"entity_id": one[1], "entity_type": self.kind, **shown_link(other, link)}
            for one, other, _ in pairs
            if (link := call.account.links.between(one, other)) is not None
        ]
        return self.linked(call, shown)

    def linked(self, call: Call, shown: list[Json]) -> Reply:
        href = call.href().removesuffix("link") + "links"
        return hal(
            {
                "_total_items": len(shown),
                "_links": {"self": {"href": href}},
                "_embedded": {"links": shown},
            }
        )

    def unlink(self, call: Call) -> Reply:
        items = items_of(call)
        pairs = checked(items, lambda item, faults: self.read(call, item, faults, unlinks=True))
        for one, other, _ in pairs:
            call.account.links.remove(one, other)
            for kind, entity_id in (one, other):
                if kind == "leads":
                    call.account.links.crown(entity_id)
        self.tell(call, pairs)
        return NOTHING_FOUND

    def node(self, call: Call) -> Node:
        """The entity of the path. Raises Refused."""
        entity_id = call.param("entity_id")
        if call.account.living(self.kind, entity_id) is None:
            raise Refused(not_found("Entity not found"))
        return self.kind, entity_id

    def read(self, call: Call, item: Json, faults: Faults, *, unlinks: bool) -> Pair:
        one = (
            self.node(call)
            if "entity_id" in call.asked.params
            else (self.kind, item.get("entity_id", 0))
        )
        if call.account.living(*one) is None:
            faults.add("NotSupportedChoice", "entity_id")
        kind, other = item.get("to_entity_type"), item.get("to_entity_id")
        meta = item.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        if not isinstance(kind, str) or kind not in ALLOWED[self.kind]:
            faults.add("NotSupportedChoice", "to_entity_type")
            return one, ("", 0), {}
        found = call.account.living(kind, other)
        if kind == "catalog_elements":
            self.check_element(meta, found, faults, unlinks=unlinks)
        if found is None and not unlinks:
            faults.add("NotSupportedChoice", "to_entity_id")
        return one, (kind, other if isinstance(other, int) else 0), meta

    def check_element(self, meta: Json, found: Any, faults: Faults, *, unlinks: bool) -> None:
        catalog_id, quantity = meta.get("catalog_id"), meta.get("quantity", 1)
        if catalog_id is None:
            faults.add("FieldMissing", "metadata.catalog_id")
        elif found is not None and found.catalog_id != catalog_id:
            faults.add("NotSupportedChoice", "metadata.catalog_id")
        if not unlinks and (isinstance(quantity, str) or not is_number(quantity) or quantity <= 0):
            faults.add("InvalidType", "metadata.quantity", "numeric")

    def put(self, call: Call, pair: Pair) -> None:
        one, other, meta = pair
        links = call.account.links
        if {one[0], other[0]} == {"leads", "contacts"}:
            lead, contact = (one, other) if one[0] == "leads" else (other, one)
            links.put_contact(lead[1], contact[1], is_main=meta.get("is_main") is True)
        elif other[0] == "catalog_elements":
            link = {name: meta.get(name) for name in ("catalog_id", "price_id")}
            link = {"quantity": meta.get("quantity", 1), **link}
            links.put_element(one, other[1], link, adds=call.settings.relink == "add")
        else:
            for owner, owned in ((one, other), (other, one)):
                if (owner[0], owned[0]) in SINGLE:
                    for before, _ in links.of(*owner, owned[0]):
                        links.remove(owner, (owned[0], before))
            links.put(one, other, {})

    def tell(self, call: Call, pairs: list[Pair]) -> None:
        """Linking changes what is linked to."""
        for entity_id in dict.fromkeys(one[1] for one, _, _ in pairs):
            it = call.account.living(self.kind, entity_id)
            it.touch(call.user_id)
            call.tell(event_of(call.account, it, "update"))

    def shown_of(self, node: Node, call: Call) -> list[Json]:
        """What a filter of the query leaves of the links of an entity."""
        to_kind, to_id = call.filter("to_entity_type"), call.filter("to_entity_id")
        catalog_id = call.filter("to_catalog_id")
        return [
            shown_link(other, link)
            for other, link in call.account.links.all_of(node)
            if call.account.living(*other) is not None
            and to_kind in (None, other[0])
            and to_id in (None, str(other[1]))
            and catalog_id in (None, str(link.get("catalog_id")))
        ]


def shown_link(other: Node, link: Json) -> Json:
    """`is_main` of a request is `main_contact` in an answer."""
    meta: Json | None = dict(link) or None
    if "is_main" in link:
        meta = {"main_contact": link["is_main"]}
    return {"to_entity_id": other[1], "to_entity_type": other[0], "metadata": meta}


def wanted_ids(given: Any) -> list[int]:
    values = given.values() if isinstance(given, Mapping) else [given]
    return [int(it) for it in values if isinstance(it, str) and it.isdecimal()]
