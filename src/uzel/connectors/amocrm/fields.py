"""Values of custom fields in API v4 ("Custom fields": `custom_fields_values`)."""

from decimal import Decimal
from typing import Any

from uzel.connectors.amocrm.api import Content
from uzel.kit.body import at, storable

# A field is named by its id, or by its code where it has one: PHONE, SKU, PRICE.
FieldName = int | str
FIELDS = "custom_fields_values"


def written(field: FieldName, value: str, enum_code: str | None = None) -> Content:
    """One value of one field, as a request gives it."""
    given = {"value": value} if enum_code is None else {"value": value, "enum_code": enum_code}
    return {"field_id" if isinstance(field, int) else "field_code": field, "values": [given]}


def values_in(entity: Any, field: FieldName) -> list[Any]:
    """All values of the field; none where it is empty."""
    key = "field_id" if isinstance(field, int) else "field_code"
    fields = at(entity, FIELDS)
    return [
        at(value, "value")
        for found in (fields if isinstance(fields, list) else [])
        if at(found, key) == field and isinstance(values := at(found, "values"), list)
        for value in values
    ]


def text_in(entity: Any, field: FieldName) -> str | None:
    """The first value as text, spaces within it as they are; numbers come as text or, from some
    fields, as numbers.
    """
    for value in values_in(entity, field):
        is_plain = isinstance(value, int | str | Decimal) and not isinstance(value, bool)
        if is_plain and (text := storable(str(value)).strip()):
            return text
    return None
