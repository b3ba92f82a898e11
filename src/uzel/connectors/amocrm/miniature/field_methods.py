"""Custom fields as such (amoCRM, "Fields and groups of fields")."""

from typing import Any

from uzel.connectors.amocrm.miniature.answers import (
    NOTHING_FOUND,
    Faults,
    Json,
    Refused,
    Reply,
    hal,
    not_found,
)
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.miniature.entities import View
from uzel.connectors.amocrm.miniature.fields import CHOICES, TYPES, Choice, Field, Fields
from uzel.connectors.amocrm.miniature.listing import is_wanted, listed
from uzel.connectors.amocrm.miniature.writing import checked, item_of, items_of, request_id, scalars

MOST_SHOWN = 50
KINDS = {
    **{"name": "string", "type": "string", "code": "string", "sort": "int"},
    **{"is_api_only": "bool", "is_visible": "bool", "is_required": "bool"},
}
# What a field shows beside its name; kept as it came.
MORE = ("is_api_only", "is_visible", "is_required", "required_statuses", "remind", "group_id")


class FieldMethods:
    """The fields of one kind of entity, or of the list that the path names."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def owner(self, call: Call) -> str:
        """Raises Refused for a list that is none."""
        if self.kind != "catalogs":
            return self.kind
        if call.param("catalog_id") not in call.account.catalogs:
            raise Refused(not_found("Catalog not found"))
        return f"catalogs/{call.param('catalog_id')}"

    def fields(self, call: Call) -> Fields:
        return call.account.fields[self.owner(call)]

    def all(self, call: Call) -> Reply:
        """At most fifty a page, with totals."""
        wanted = call.filter("type")
        found = [it for it in self.fields(call) if wanted is None or is_wanted(it.type, wanted, "")]
        orders = ("sort", "id")
        call.query = {"order": {"sort": "asc"}, **call.query}
        shown = self.shown(call)
        return listed(
            call, "custom_fields", found, shown, orders=orders, most=MOST_SHOWN, totals=True
        )

    def shown(self, call: Call) -> Any:
        href = f"{call.url}/api/v4/{self.owner(call)}/custom_fields"

        def show(it: Field, view: View) -> Json:
            return it.shown(view.account.id, href)

        return show

    def get(self, call: Call) -> Reply:
        return hal(self.shown(call)(self.known(call), call.view))

    def known(self, call: Call) -> Field:
        """Raises Refused."""
        found = self.fields(call).by_id.get(call.param("field_id"))
        if found is None:
            raise Refused(not_found("Custom field not found"))
        return found

    def create(self, call: Call) -> Reply:
        """201. A body of one object is answered by one field."""
        is_one = isinstance(call.asked.json, dict)
        items = [item_of(call)] if is_one else items_of(call)
        fields = self.fields(call)
        codes: set[str] = set()

        def read(item: Json, faults: Faults) -> Json:
            return read_new(item, faults, fields, codes)

        made = [self.make(call, fields, draft) for draft in checked(items, read)]
        return self.answer(call, made, items, is_one=is_one)

    def make(self, call: Call, fields: Fields, draft: Json) -> Field:
        made = Field(
            call.account.next_id(),
            draft["name"],
            draft["type"],
            self.kind,
            draft.get("code"),
            draft.get("sort", 500),
            choices_of(call, draft),
            catalog_id=call.param("catalog_id") if self.kind == "catalogs" else None,
            more={name: draft[name] for name in MORE if name in draft},
        )
        fields.add(made)
        return made

    def update(self, call: Call) -> Reply:
        items, fields = items_of(call), self.fields(call)

        def read(item: Json, faults: Faults) -> Json:
            if item.get("id") not in fields.by_id:
                faults.add("NotSupportedChoice", "id")
            return scalars(item, KINDS, faults)

        checked(items, read)
        found = [fields.by_id[item["id"]] for item in items]
        for it, item in zip(found, items, strict=True):
            self.change(call, it, item)
        return self.answer(call, found, items, is_one=False)

    def update_one(self, call: Call) -> Reply:
        item, found = item_of(call), self.known(call)
        checked([item], lambda it, faults: scalars(it, KINDS, faults))
        self.change(call, found, item)
        return self.answer(call, [found], [item], is_one=True)

    def change(self, call: Call, it: Field, item: Json) -> None:
        it.name, it.sort = item.get("name", it.name), item.get("sort", it.sort)
        it.code = item.get("code", it.code)
        it.more |= {name: item[name] for name in MORE if name in item}
        if it.type in CHOICES and ("enums" in item or "nested" in item):
            it.choices = choices_of(call, item)

    def delete(self, call: Call) -> Reply:
        found = self.known(call)
        del self.fields(call).by_id[found.id]
        call.asked.effect = True
        return NOTHING_FOUND

    def answer(self, call: Call, found: list[Field], items: list[Json], *, is_one: bool) -> Reply:
        call.asked.effect = True
        shown = [
            self.shown(call)(it, call.view) | {"request_id": request_id(item, index)}
            for index, (it, item) in enumerate(zip(found, items, strict=True))
        ]
        if is_one:
            return hal(shown[0], 201)
        return hal({"_total_items": len(shown), "_embedded": {"custom_fields": shown}}, 201)


def read_new(item: Json, faults: Faults, fields: Fields, codes: set[str]) -> Json:
    """`codes`: those of the items before this one."""
    values = scalars(item, KINDS, faults)
    for name in ("name", "type"):
        if item.get(name) is None:
            faults.add("FieldMissing", name)
    if "type" in values and values["type"] not in TYPES:
        faults.add("NotSupportedChoice", "type")
    code = values.get("code")
    if code is not None and (fields.with_code(code) or code in codes):
        faults.add("NotSupportedChoice", "code")
    codes |= {code} if code else set()
    if values.get("type") in CHOICES - {"category"} and not item.get("enums"):
        faults.add("FieldMissing", "enums")
    return {**item, **values}


def choices_of(call: Call, item: Json) -> list[Choice]:
    given = item.get("enums") or item.get("nested") or []
    return [
        Choice(
            it.get("id") or call.account.next_id(),
            str(it.get("value", "")),
            it.get("sort", 500),
            it.get("code"),
        )
        for it in given
        if isinstance(it, dict)
    ]
