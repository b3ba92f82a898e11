"""Lists and their elements (amoCRM, "Lists")."""

from typing import Any

from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    not_found,
    problem,
)
from uzel.connectors.amocrm.miniature.beginnings import catalog as new_catalog
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import Element, View
from uzel.connectors.amocrm.miniature.fields import Values
from uzel.connectors.amocrm.miniature.listing import NO_ORDER, filtered, listed, searched
from uzel.connectors.amocrm.miniature.numbers import now_s
from uzel.connectors.amocrm.miniature.writing import (
    answered,
    checked,
    existing,
    item_of,
    items_of,
    one_existing,
    request_id,
    scalars,
)

MOST_CATALOGS = 10
TYPES = ("regular", "invoices", "products")
CATALOG_KINDS = {
    **{"name": "string", "type": "string", "sort": "int"},
    **{"can_add_elements": "bool", "can_link_multiple": "bool"},
}
ELEMENT_KINDS = {"name": "string"}

Draft = tuple[Json, dict[int, Values]]


def catalogs(call: Call) -> Reply:
    return listed(call, "catalogs", list(call.account.catalogs.values()), shown)


def catalog(call: Call) -> Reply:
    return hal(shown(known(call), call.view))


def shown(it: Json, view: View) -> Json:
    link = view.link("catalogs", it["id"])
    return {**it, "account_id": view.account.id, "_links": link}


def known(call: Call) -> Json:
    """The list that the path names. Raises Refused."""
    found = call.account.catalogs.get(call.param("catalog_id"))
    if found is None:
        raise Refused(not_found("Catalog not found"))
    return found


def create_catalogs(call: Call) -> Reply:
    items = items_of(call)
    drafts = checked(items, read_catalog)
    if len(call.account.catalogs) + len(drafts) > MOST_CATALOGS:
        raise Refused(problem(422, "Unprocessable Entity", f"Limit of {MOST_CATALOGS} catalogs"))
    made: list[Json] = []
    for item, values in zip(items, drafts, strict=True):
        values.setdefault("sort", 10)
        it = new_catalog(call.account.next_id(), **values)
        call.account.catalogs[it["id"]] = it
        made.append(shown(it, call.view) | {"request_id": request_id(item, len(made))})
    call.asked.effect = True
    return answered(call, "catalogs", made)


def read_catalog(item: Json, faults: Faults) -> Json:
    values = scalars(item, CATALOG_KINDS, faults)
    if "name" not in values:
        faults.add("FieldMissing", "name")
    kind = values.pop("type", "regular")
    if kind not in TYPES:
        faults.add("NotSupportedChoice", "type")
    return {"kind": kind, **values}


def update_catalog(call: Call) -> Reply:
    item, found = item_of(call), known(call)
    (values,) = checked([item], lambda it, faults: scalars(it, CATALOG_KINDS, faults))
    found |= {**values, "updated_at": now_s(), "updated_by": call.user_id}
    call.asked.effect = True
    return hal(shown(found, call.view) | {"request_id": request_id(item, found["id"])})


def elements(call: Call) -> Reply:
    catalog_id = known(call)["id"]
    hits = searched(call, call.account.living_ones("catalog_elements"))
    found = filtered(call, [it for it in hits if it.catalog_id == catalog_id], always=True)
    return listed(call, "elements", found, Element.shown, orders=NO_ORDER)


def element(call: Call) -> Reply:
    found = call.account.living("catalog_elements", call.param("element_id"))
    if found is None or found.catalog_id != known(call)["id"]:
        return NOTHING_FOUND
    return hal(found.shown(call.view))


def create_elements(call: Call) -> Reply:
    catalog_id = known(call)["id"]
    items = items_of(call)
    drafts = checked(items, lambda item, faults: read_element(call, item, faults, is_new=True))
    made = []
    for values, fields in drafts:
        it = Element(
            id=call.account.next_id(),
            catalog_id=catalog_id,
            **call.account.by(call.user_id),
            **values,
        )
        it.values = {field_id: kept for field_id, kept in fields.items() if kept}
        made.append(call.account.add(it))
    call.asked.effect = True
    return all_of(call, made, [request_id(item, nth) for nth, item in enumerate(items)])


def update_elements(call: Call) -> Reply:
    catalog_id = known(call)["id"]
    items = items_of(call)
    found: list[Any] = []

    def read(item: Json, faults: Faults) -> Draft:
        it = existing(call, "catalog_elements", item, faults)
        if it is not None and it.catalog_id != catalog_id:
            faults.add("NotSupportedChoice", "id")
        found.append(it)
        return read_element(call, item, faults, is_new=False)

    for it, draft in zip(found, checked(items, read), strict=True):
        change(call, it, draft)
    return all_of(call, found, [item.get("request_id", str(item["id"])) for item in items])


def update_element(call: Call) -> Reply:
    catalog_id, item = known(call)["id"], item_of(call)
    found: Element = one_existing(call, "catalog_elements", "element_id")
    if found.catalog_id != catalog_id:
        raise Refused(not_found("Entity not found"))
    (draft,) = checked([item], lambda it, faults: read_element(call, it, faults, is_new=False))
    change(call, found, draft)
    return hal(found.shown(call.view) | {"request_id": request_id(item, found.id)})


def read_element(call: Call, item: Json, faults: Faults, *, is_new: bool) -> Draft:
    values = scalars(item, ELEMENT_KINDS, faults)
    if is_new and not values.get("name") and "name" not in {it["path"] for it in faults}:
        faults.add("FieldMissing", "name")
    fields = call.account.fields[f"catalogs/{call.param('catalog_id')}"]
    return values, fields.read(item.get("custom_fields_values"), faults)


def change(call: Call, it: Element, draft: Draft) -> None:
    values, fields = draft
    it.name = values.get("name", it.name)
    it.values |= fields
    it.touch(call.user_id)
    call.asked.effect = True


def all_of(call: Call, found: list[Element], requests: list[Any]) -> Reply:
    """Elements are answered whole, not by their ids alone (recorded answers of 2023)."""
    view = call.view
    shown = [it.shown(view) | {"request_id": its} for it, its in zip(found, requests, strict=True)]
    return answered(call, "elements", shown)
