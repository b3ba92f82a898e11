"""Which entity belongs to which (amoCRM, "Links between entities")."""

from collections import defaultdict
from collections.abc import Iterator

from uzel.connectors.amocrm.miniature.answers import Json

Node = tuple[str, int]

# What may be linked to what (`to_entity_type`), each from both of its sides.
ALLOWED = {
    "leads": frozenset({"contacts", "companies", "catalog_elements"}),
    "contacts": frozenset({"leads", "companies", "catalog_elements"}),
    "companies": frozenset({"leads", "contacts", "catalog_elements"}),
}


class Links:
    """All links of an account; what is linked knows of it at both ends.

    Each link is a dict: `{"is_main"}` between a lead and its contacts, `{"quantity", "catalog_id",
    "price_id"}` to an element, else empty.
    """

    def __init__(self) -> None:
        self._of: dict[Node, dict[Node, Json]] = defaultdict(dict)

    def of(self, kind: str, entity_id: int, to_kind: str | None = None) -> list[tuple[int, Json]]:
        """(id of the other, the link), in the order in which they were made."""
        found = self._of.get((kind, entity_id), {})
        return [(node[1], link) for node, link in found.items() if to_kind in (None, node[0])]

    def all_of(self, node: Node) -> Iterator[tuple[Node, Json]]:
        yield from self._of.get(node, {}).items()

    def between(self, one: Node, other: Node) -> Json | None:
        return self._of.get(one, {}).get(other)

    def put(self, one: Node, other: Node, link: Json) -> None:
        self._of[one][other] = self._of[other][one] = link

    def remove(self, one: Node, other: Node) -> None:
        for here, there in ((one, other), (other, one)):
            if here in self._of:
                self._of[here].pop(there, None)

    def put_contact(self, lead_id: int, contact_id: int, *, is_main: bool) -> None:
        """A lead has one main contact: the first, until another is made so."""
        lead, contact = ("leads", lead_id), ("contacts", contact_id)
        others = [link for other, link in self.of(*lead, "contacts") if other != contact_id]
        known = self.between(lead, contact) or {}
        is_main = is_main or known.get("is_main", False) or not any(it["is_main"] for it in others)
        if is_main:
            for link in others:
                link["is_main"] = False
        self.put(lead, contact, {"is_main": is_main})

    def put_element(self, one: Node, element_id: int, link: Json, *, adds: bool) -> None:
        """`adds`: the quantity of an element that is linked already grows."""
        other = ("catalog_elements", element_id)
        known = self.between(one, other)
        if known is not None and adds:
            link = {**link, "quantity": known["quantity"] + link["quantity"]}
        self.put(one, other, link)

    def crown(self, lead_id: int) -> None:
        """Without its main contact the first of the others takes its place."""
        contacts = self.of("leads", lead_id, "contacts")
        if contacts and not any(link["is_main"] for _, link in contacts):
            contacts[0][1]["is_main"] = True
