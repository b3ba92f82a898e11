"""Bodies and queries of requests."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson
from starlette.requests import Request

from uzel.errors import PayloadInvalid
from uzel.kit.body import read_json
from uzel.payouts.card_texts import holds_card
from uzel.payouts.wish import WishRejected
from uzel.web.konsol.reply import NotDone
from uzel.web.partner.carriers import TooLarge, read_body
from uzel.web.partner.wanted import is_key

# Of whole numbers of 64 bits with their sign, and of what a double holds.
LONGEST_WHOLE, MOST_DIGITS, FARTHEST_POINT = 20, 17, 30
PER_PAGE, MOST_PER_PAGE = 10, 100
# Beyond it nobody turns pages by number.
LAST_PAGE = 1_000_000
LONGEST_FILTER = 100


async def body_of(request: Request) -> Mapping[str, Any]:
    """The object of a JSON body, numbers with a fraction as Decimal. Raises NotDone."""
    try:
        body = await read_body(request)
        found = read_json(body)
    except TooLarge:
        raise NotDone("body_too_large") from None
    except PayloadInvalid:
        raise NotDone("invalid_json") from None
    if not isinstance(found, dict) or not is_exact(body):
        raise NotDone("invalid_json")
    return found


def is_exact(body: bytes) -> bool:
    """Whether what was read is what was written: each number can be kept as it is, and each text.
    A number that was read as another one, or as none, might be that of another payout.
    """
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_int=whole_as_is, parse_float=as_is)
        orjson.dumps(found, default=str)
    except (ValueError, RecursionError, TypeError):
        return False
    return True


def whole_as_is(text: str) -> int:
    """Raises ValueError for more than 64 bits hold."""
    if len(text) > LONGEST_WHOLE or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)


def as_is(text: str) -> Decimal:
    """Raises ValueError for more digits than any language keeps."""
    found = Decimal(text)
    _, digits, exponent = found.as_tuple()
    is_small = isinstance(exponent, int) and abs(exponent) <= FARTHEST_POINT
    if not is_small or len(digits) > MOST_DIGITS:
        raise ValueError
    return found


def key_of(request: Request) -> str | None:
    """The Idempotency-Key. Raises NotDone."""
    key = request.headers.get("idempotency-key")
    if key is not None and (not is_key(key) or holds_card(key)):
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
