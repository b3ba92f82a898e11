"""The parts of an order as Kaspi writes them (Kaspi, "Orders API", 2.2). Numbers are JSON numbers,
or the text of one where `api.exact` went over them; neither way goes through binary fractions.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from uzel.connectors.kaspi.orders import CODE, PRODUCT
from uzel.kit import body
from uzel.kit.body import at, label_of, object_at, text_of, total_of, utc_of_epoch
from uzel.model.order import Line

Included = Mapping[str, Mapping[str, Any]]

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,40})?([Ee][+-]?[0-9]{1,2})?")
NATIONAL = re.compile(r"[0-9]{10}")
RESOURCE_ID = re.compile(r"[!-~]{2,200}")
LAST = 10**9


def code_of(value: Any) -> str | None:
    """The number of an order."""
    text = label_of(value)
    return text if text and CODE.fullmatch(text) else None


def id_of(value: Any) -> str | None:
    """An id. Kaspi's own examples have some that are no base64, so it is not looked into."""
    return value if isinstance(value, str) and RESOURCE_ID.fullmatch(value) else None


def moment_of(value: Any) -> datetime | None:
    """Milliseconds since 1970, as aware UTC."""
    return utc_of_epoch(value)


def decimal_of(value: Any) -> Decimal | None:
    """A number that is not negative."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = Decimal(value)
    text = total_of(value)
    return Decimal(text) if text is not None else None


def decimal_text(value: Any) -> str | None:
    """The same as text, `2000` for 2000.0: the list and the search by number may differ in that."""
    number = decimal_of(value)
    if number is None:
        return None
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def phone_of(value: Any) -> str | int | None:
    """Kaspi leaves the country code out. What is no number (`7xx0xxxxxx`) stays as it is."""
    found = body.phone_of(value)
    national = str(found) if found is not None else ""
    return f"+7{national}" if NATIONAL.fullmatch(national) else found


def customer_of(
    resource: Mapping[str, Any], attributes: Mapping[str, Any], included: Included
) -> tuple[str | None, str | None, Any]:
    """First name, last name, phone: of the order itself, else of what was included."""
    customer = object_at(attributes, "customer")
    if customer is None:
        user = at(resource, "relationships", "user", "data", "id")
        found = included.get("customers", {}).get(user) if isinstance(user, str) else None
        customer = object_at(found, "attributes") or {}
    first, last = text_of(customer.get("firstName")), text_of(customer.get("lastName"))
    if first is None and last is None:
        first = text_of(customer.get("name"))
    return first, last, customer.get("cellPhone")


def lines_of(
    resource: Mapping[str, Any], included: Included, entries: list[Any] | None
) -> tuple[Line, ...] | None:
    """The positions in the order of their numbers; None unless all of them are there. An order of
    nothing does not exist, so an empty list means that they were not told.
    """
    if entries is None:
        linkage = at(resource, "relationships", "entries", "data")
        told = included.get("orderentries", {})
        links = linkage if isinstance(linkage, list) else []
        entries = [told.get(id_of(at(link, "id")) or "") for link in links]
    numbered = [(place_of(entry), line_of(entry, included)) for entry in entries]
    lines = [line for _, line in sorted(numbered, key=lambda pair: pair[0]) if line is not None]
    whole = len(lines) == len(entries) == len({line.line for line in lines})
    return tuple(lines) if lines and whole else None


def place_of(entry: Any) -> tuple[int, str]:
    number = at(entry, "attributes", "entryNumber")
    place = number if isinstance(number, int) else LAST
    return place, id_of(at(entry, "id")) or ""


def line_of(entry: Any, included: Included) -> Line | None:
    """A position; None where it cannot be read. Older answers name no article (`offer`), so it has
    to be asked for: by the id of the product, the same for everybody who bought it, or else by that
    of the position.
    """
    attributes, line = object_at(entry, "attributes"), id_of(at(entry, "id"))
    if attributes is None or line is None:
        return None
    quantity = decimal_text(attributes.get("quantity"))
    if quantity is None:
        return None
    sku = label_of(at(attributes, "offer", "code"))
    master = id_of(at(entry, "relationships", "product", "data", "id"))
    article = included.get("masterproducts", {}).get(master or "")
    return Line(
        line=line,
        sku=sku,
        name=text_of(at(attributes, "offer", "name")) or text_of(at(article, "attributes", "name")),
        quantity=quantity,
        price=decimal_text(attributes.get("basePrice")),
        total=decimal_text(attributes.get("totalPrice")),
        product=None if sku else (f"{PRODUCT}{master}" if master else line),
    )
