"""Custom fields of leads, contacts, companies and lists, and the values they take (amoCRM,
"Custom fields").
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from uzel.connectors.amocrm.miniature.answers import Faults, Json
from uzel.connectors.amocrm.miniature.numbers import is_number

PHONE_FIELD_ID, EMAIL_FIELD_ID, POSITION_FIELD_ID = 735649, 735651, 735647
ORDER_FIELD_ID, DELIVERY_FIELD_ID = 752009, 752011
SKU_FIELD_ID, PRICE_FIELD_ID = 2235143, 2235147
ENUM_IDS = {
    "PHONE": {
        **{"WORK": 718321, "WORKDD": 718323, "MOB": 718325, "FAX": 718327},
        **{"HOME": 718329, "OTHER": 718331},
    },
    "EMAIL": {"WORK": 718333, "PRIV": 718335, "OTHER": 718337},
}

PLAIN = frozenset({"text", "textarea", "url", "streetaddress", "tracking_data"})
NUMBERS = frozenset({"numeric", "price", "monetary"})
MOMENTS = frozenset({"date", "date_time", "birthday"})
CHOICES = frozenset({"select", "multiselect", "radiobutton", "category"})
# Values of these are objects, kept as they came.
OBJECTS = frozenset(
    {
        *("legal_entity", "items", "linked_entity", "file", "payer", "supplier", "smart_address"),
        "chained_list",
    }
)
TYPES = PLAIN | NUMBERS | MOMENTS | CHOICES | OBJECTS | {"checkbox", "multitext"}
SEVERAL = frozenset({"multiselect", "multitext", "items", "chained_list", "smart_address"})

Values = list[Json]


class Choice(NamedTuple):
    """One of the values that a field offers."""

    id: int
    value: str
    sort: int = 500
    code: str | None = None

    def shown(self) -> Json:
        code = {} if self.code is None else {"code": self.code}
        return {"id": self.id, "value": self.value, "sort": self.sort, **code}


@dataclass(slots=True)
class Field:
    """One custom field. `entity_type` is that of amoCRM: leads, contacts, companies, catalogs."""

    id: int
    name: str
    type: str
    entity_type: str
    code: str | None = None
    sort: int = 500
    choices: list[Choice] = field(default_factory=list)
    catalog_id: int | None = None
    is_predefined: bool = False
    more: Json = field(default_factory=dict)

    def shown(self, account_id: int, href: str) -> Json:
        """As the lists of fields give it; what stands there depends on whose field it is."""
        choices = [it.shown() for it in self.choices] or None
        is_category = self.type == "category"
        of_list = {
            "catalog_id": self.catalog_id,
            "is_visible": True,
            "is_required": False,
            "nested": [{**it, "parent_id": None} for it in choices or []] if is_category else None,
            "search_in": None,
        }
        of_card: Json = {
            "group_id": None,
            "required_statuses": [],
            "remind": None,
            "settings": None,
        }
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "account_id": account_id,
            "code": self.code,
            "sort": self.sort,
            "is_api_only": False,
            "enums": None if is_category else choices,
            **(of_list if self.catalog_id is not None else of_card),
            "is_predefined": self.is_predefined,
            "is_deletable": not self.is_predefined,
            **self.more,
            "triggers": [],
            "entity_type": self.entity_type,
            "_links": {"self": {"href": f"{href}/{self.id}"}},
        }

    def value_of(self, given: Json, faults: Faults, path: str) -> Json | None:
        """One item of `values` as it is kept and shown, None where it is wrong."""
        if self.type in CHOICES:
            return self._chosen(given, faults, path)
        value = given.get("value")
        if value is None and self.type not in OBJECTS:
            faults.add("FieldMissing", f"{path}.value")
            return None
        if self.type == "multitext":
            return self._labelled(given, faults, path)
        kept = kept_value(self.type, value)
        if kept is None:
            faults.add("InvalidType", f"{path}.value", asked_type(self.type))
            return None
        return dict(given) if self.type in OBJECTS else {"value": kept}

    def _chosen(self, given: Json, faults: Faults, path: str) -> Json | None:
        for name, of in (("enum_id", "id"), ("enum_code", "code"), ("value", "value")):
            wanted = given.get(name)
            if wanted is None:
                continue
            for choice in self.choices:
                if getattr(choice, of) == wanted:
                    code = {} if self.type == "category" else {"enum_code": choice.code}
                    return {"value": choice.value, "enum_id": choice.id, **code}
            faults.add("NotSupportedChoice", f"{path}.{name}")
            return None
        faults.add("FieldMissing", f"{path}.value")
        return None

    def _labelled(self, given: Json, faults: Faults, path: str) -> Json | None:
        """A phone or an address with its kind: the first of the field where none is said."""
        if not isinstance(given["value"], str | int):
            faults.add("InvalidType", f"{path}.value", "string")
            return None
        wanted_id, wanted_code = given.get("enum_id"), given.get("enum_code", given.get("enum"))
        for choice in self.choices:
            if wanted_id in (None, choice.id) and wanted_code in (None, choice.value):
                value = str(given["value"])
                return {"value": value, "enum_id": choice.id, "enum_code": choice.value}
        faults.add("NotSupportedChoice", f"{path}.{'enum_id' if wanted_id else 'enum_code'}")
        return None


def kept_value(kind: str, value: Any) -> Any:
    """A value in the form that amoCRM gives back: texts and numbers as texts, moments as epoch
    seconds; None for one of another kind.
    """
    if kind in OBJECTS:
        return value if value is not None else {}
    if kind == "checkbox":
        return bool(value) if isinstance(value, bool | int) or value in ("0", "1") else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if kind in MOMENTS:
        return seconds_of(value)
    if kind in NUMBERS and not is_number(value):
        return None
    return str(value)


def seconds_of(value: str | float) -> int | None:
    """Epoch seconds of a number or of RFC 3339."""
    if isinstance(value, str) and not value.isdigit():
        try:
            return int(datetime.fromisoformat(value).timestamp())
        except ValueError:
            return None
    return int(value)


def asked_type(kind: str) -> str:
    if kind in NUMBERS:
        return "numeric"
    return "bool" if kind == "checkbox" else "int" if kind in MOMENTS else "string"


class Fields:
    """The custom fields of one kind of entity."""

    def __init__(self, of: Iterable[Field] = ()) -> None:
        self.by_id: dict[int, Field] = {it.id: it for it in of}

    def __iter__(self) -> Iterator[Field]:
        return iter(sorted(self.by_id.values(), key=lambda it: (it.sort, it.id)))

    def with_code(self, code: str) -> Field | None:
        return next((it for it in self.by_id.values() if it.code == code), None)

    def add(self, added: Field) -> None:
        self.by_id[added.id] = added

    def read(self, given: Any, faults: Faults) -> dict[int, Values]:
        """`custom_fields_values` of a body: field → its new values, an empty list empties it."""
        found: dict[int, Values] = {}
        if not isinstance(given, list):
            if given is not None:
                faults.add("InvalidType", "custom_fields_values", "array")
            return found
        for index, item in enumerate(given):
            path = f"custom_fields_values.{index}"
            if not isinstance(item, dict):
                faults.add("InvalidType", path, "array")
                continue
            named = self._named(item, faults, path)
            if named is not None:
                found[named.id] = values_of(named, item.get("values"), faults, f"{path}.values")
        return found

    def _named(self, item: Json, faults: Faults, path: str) -> Field | None:
        field_id, code = item.get("field_id"), item.get("field_code")
        found = None
        if field_id is not None:
            found = self.by_id.get(field_id) if isinstance(field_id, int) else None
        elif code is not None:
            found = self.with_code(code)
        else:
            faults.add("FieldMissing", f"{path}.field_id")
            return None
        if found is None:
            faults.add("NotSupportedChoice", f"{path}.{'field_code' if code else 'field_id'}")
        return found

    def shown(self, values: dict[int, Values]) -> list[Json] | None:
        """`custom_fields_values` of an answer; None where nothing is filled."""
        filled = [
            {
                "field_id": it.id,
                "field_name": it.name,
                "field_code": it.code,
                "field_type": it.type,
                "values": values[it.id],
            }
            for it in self.by_id.values()
            if values.get(it.id)
        ]
        return filled or None


def values_of(named: Field, given: Any, faults: Faults, path: str) -> Values:
    if given is None:
        return []
    if not isinstance(given, list):
        faults.add("InvalidType", path, "array")
        return []
    found: Values = []
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            faults.add("InvalidType", f"{path}.{index}", "array")
        elif (value := named.value_of(item, faults, f"{path}.{index}")) is not None:
            found.append(value)
    return found if named.type in SEVERAL else found[:1]


def texts_of(values: Iterable[Sequence[Json]]) -> Iterator[str]:
    """What a search looks through."""
    for items in values:
        for item in items:
            value = item.get("value")
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield str(value)
