"""Whether a body is of the kind that a provider posts, as far as that is to be told at the door."""

import json
from urllib.parse import parse_qsl

import orjson

from uzel.connector import BodyKind

MOST_FORM_FIELDS = 5000


def readable(kinds: BodyKind, body: bytes) -> bool:
    """Whether the body is of one of the kinds."""
    return any(READABLE[kind](body) for kind in kinds)


def readable_json(body: bytes) -> bool:
    """Whether the body is JSON."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return readable_all_the_same(body)
    return True


def readable_form(body: bytes) -> bool:
    """Whether the body is a form with at least one field."""
    try:
        return bool(
            parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS)
        )
    except ValueError:
        return False


def readable_xml(body: bytes) -> bool:
    """Whether the body looks like XML. It is not parsed: what it means is told from its head."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def readable_all_the_same(body: bytes) -> bool:
    """JSON that orjson does not take: with a byte order mark, which some Windows senders put before
    it, or with half a surrogate pair, which is what is left of a name cut off in an emoji.
    """
    try:
        json.loads(
            body.decode("utf-8-sig"), parse_int=len, parse_float=len, parse_constant=no_constant
        )
    except (ValueError, RecursionError):
        return False
    return True


def no_constant(name: str) -> None:
    """Python would read NaN and Infinity; JSON has neither."""
    raise ValueError(name)


READABLE = {
    BodyKind.JSON: readable_json,
    BodyKind.FORM: readable_form,
    BodyKind.XML: readable_xml,
}
