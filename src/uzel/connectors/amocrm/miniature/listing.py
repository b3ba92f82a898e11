"""Lists in pages: HAL without a total, searched, filtered and in order."""

from collections.abc import Iterable, Mapping, Sequence
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from uzel.connectors.amocrm.miniature.answers import NOTHING_FOUND, Json, Reply, hal
from uzel.connectors.amocrm.miniature.calling import Call, Shown
from uzel.connectors.amocrm.miniature.numbers import digits, is_number, whole

MOST, USUAL = 250, 50
# What `order` may name: leads can be listed by when they were made, contacts and notes cannot, and
# for elements no order is documented at all.
LEAD_ORDERS, ORDERS, NO_ORDER = ("created_at", "updated_at", "id"), ("updated_at", "id"), ()
SEPARATORS = frozenset("+-() \t")
LEAST_DIGITS = 5


def listed(
    call: Call,
    name: str,
    found: Sequence[Any],
    show: Shown | None = None,
    *,
    orders: Sequence[str] = ORDERS,
    most: int = MOST,
    totals: bool = False,
) -> Reply:
    """One page of what was found; 204 where there is none. `totals`: fields and users have them."""
    ordered = in_order(call, found, orders)
    page, limit = whole(call.query.get("page"), 1), min(whole(call.query.get("limit"), USUAL), most)
    begin = (page - 1) * limit
    here = ordered[begin : begin + limit]
    if not here:
        return NOTHING_FOUND
    view = call.view
    pages = -(-len(ordered) // limit)
    head = {"_total_items": len(ordered), "_page": page, "_page_count": pages}
    return hal(
        {
            **(head if totals else {"_page": page}),
            "_links": page_links(call, page, limit, pages, tells_last=totals),
            "_embedded": {name: [show(it, view) if show else it for it in here]},
        }
    )


def page_links(call: Call, page: int, limit: int, pages: int, *, tells_last: bool) -> Json:
    """`first` and `prev` from the second page on, `next` (and maybe `last`) until the last."""
    kept = [pair for pair in parse_qsl(call.asked.query) if pair[0] not in ("page", "limit")]

    def link(number: int) -> Json:
        pairs = [*kept, ("limit", str(limit)), ("page", str(number))]
        return {"href": f"{call.href()}?{urlencode(pairs)}"}

    found = {"self": link(page)}
    if page < pages:
        found["next"] = link(page + 1)
        found |= {"last": link(pages)} if tells_last else {}
    if page > 1:
        found |= {"first": link(1), "prev": link(page - 1)}
    return found


def in_order(call: Call, found: Sequence[Any], orders: Sequence[str]) -> list[Any]:
    """By what `order[...]` says, else by id; of two that are alike the older one comes first, in a
    descending order last.
    """
    asked = call.query.get("order")
    given = asked if isinstance(asked, Mapping) else {}
    ways = ((name, given[name]) for name in orders if given.get(name) in ("asc", "desc"))
    name, way = next(ways, ("id", "asc"))
    return sorted(
        found,
        key=lambda it: (value_of(it, name) or 0, value_of(it, "id")),
        reverse=way == "desc",
    )


def value_of(it: Any, name: str) -> Any:
    return it.get(name) if isinstance(it, dict) else getattr(it, name, None)


def searched(call: Call, found: Iterable[Any]) -> list[Any]:
    """Those that have every word of `query` somewhere among what is filled in them, be it inside of
    a longer word: what is found need not be what was meant. A number is found with and without what
    separates its digits, but `8` is not `+7`.
    """
    query = call.query.get("query")
    if not isinstance(query, str) or not query.strip():
        return list(found)
    hits = list(found)
    for word in words_of(query.casefold()):
        hits = [it for it in hits if word in it.text]
    lag_s = call.settings.search_lag_s
    return [it for it in hits if it.made_at_s <= time() - lag_s] if lag_s else hits


def words_of(query: str) -> list[str]:
    number = digits(query)
    if len(number) >= LEAST_DIGITS and all(it.isdigit() or it in SEPARATORS for it in query):
        return [number]
    return query.split()


def filtered(call: Call, found: Iterable[Any], *, always: bool = False) -> list[Any]:
    """What fits `filter[...]`; `always` where that is no paid option. Unknown names are ignored."""
    asked = call.filter()
    if not isinstance(asked, Mapping) or not (always or call.settings.filters):
        return list(found)
    return [it for it in found if all(fits(it, name, wanted) for name, wanted in asked.items())]


def fits(it: Any, name: str, wanted: Any) -> bool:
    if name == "statuses" and isinstance(wanted, Mapping):
        here = (str(it.pipeline_id), str(it.status_id))
        return any(
            here == (one.get("pipeline_id"), one.get("status_id"))
            for one in wanted.values()
            if isinstance(one, Mapping)
        )
    if name == "custom_fields_values" and isinstance(wanted, Mapping):
        return all(fits_field(it, field_id, one) for field_id, one in wanted.items())
    actual = value_of(it, name)
    return actual is None or is_wanted(actual, wanted, name)


def fits_field(it: Any, field_id: str, wanted: Any) -> bool:
    values = it.values.get(whole(field_id, 0), [])
    found = [value.get("enum_id", value.get("value")) for value in values]
    return any(is_wanted(one, wanted, "") for one in found)


def is_wanted(actual: Any, wanted: Any, name: str) -> bool:
    """One value, one of several, or a range; a single moment means everything after it."""
    if isinstance(wanted, Mapping) and {"from", "to"} & set(wanted):
        least, most = whole(wanted.get("from"), 0), whole(wanted.get("to"), 2**63)
        return is_number(actual) and least <= float(actual) <= most
    if isinstance(actual, bool):
        actual = int(actual)
    if isinstance(wanted, Mapping):
        return any(str(actual) == str(one) for one in wanted.values())
    if name.endswith("_at"):
        return bool(actual >= whole(wanted, 0))
    return str(actual) == str(wanted)
