"""Bodies and queries of requests."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from uzel.errors import PayloadInvalid
from uzel.kit.body import read_json
from uzel.payouts.wish import WishRejected
from uzel.web.konsol.reply import NotDone
from uzel.web.partner.carriers import TooLarge, read_body
from uzel.web.partner.wanted import is_key

PER_PAGE, MOST_PER_PAGE = 10, 100
# Beyond it nobody turns pages by number.
LAST_PAGE = 1_000_000
LONGEST_FILTER = 100


async def body_of(request: Request) -> Mapping[str, Any]:
    """The object of a JSON body, numbers with a fraction as Decimal. Raises NotDone."""
    try:
        found = read_json(await read_body(request))
    except TooLarge:
        raise NotDone("body_too_large") from None
    except PayloadInvalid:
        raise NotDone("invalid_json") from None
    if not isinstance(found, dict):
        raise NotDone("invalid_json")
    return found


def key_of(request: Request) -> str | None:
    """The Idempotency-Key. Raises NotDone."""
    key = request.headers.get("idempotency-key")
    if key is not None and not is_key(key):
        raise NotDone("key_invalid")
    return key


def page_of(request: Request) -> tuple[int, int]:
    """(page, per_page). Raises WishRejected."""
    query = request.query_params
    return (
        whole(query.get("page"), "page", 1, LAST_PAGE),
        whole(query.get("per_page"), "per_page", PER_PAGE, MOST_PER_PAGE),
    )


def whole(text: str | None, name: str, usual: int, most: int) -> int:
    """A number from 1 on."""
    if text is None or text == "":
        return usual
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if not 1 <= found <= most:
        raise WishRejected(name, "number")
    return found


def filter_of(request: Request, name: str, known: Callable[[str], bool] | None = None) -> Any:
    """A filter, None where there is none. Raises WishRejected for a word that is not `known`."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    if len(text) > LONGEST_FILTER or not text.isprintable():
        raise WishRejected(name, "too_long" if text.isprintable() else "characters")
    if known is not None and not known(text):
        raise WishRejected(name, "unreadable")
    return text


def listed(name: str, items: list[Any], total: int, page: int, per_page: int) -> dict[str, Any]:
    """A page as lists have it."""
    pages = -(-total // per_page)
    return {name: items, "total": total, "page": page, "per_page": per_page, "pages": pages}
