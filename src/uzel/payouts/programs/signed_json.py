"""JSON that carries its own signature: `{"event", "data", "timestamp", "signature"}`.

The signature is HMAC-SHA256, in hex, over the object without the field `signature`, written down in
one certain way: names in the order of their code points at every depth, no spaces, UTF-8 without
escapes but those JSON demands, numbers as the sender wrote them.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import orjson

from uzel.errors import PayloadInvalid

FIELD = "signature"


def canonical(value: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. Raises PayloadInvalid for what cannot be written so."""
    unsigned = {name: inner for name, inner in value.items() if name != FIELD}
    try:
        return orjson.dumps(unsigned, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise PayloadInvalid("the body cannot be signed") from error


def read_as_written(body: bytes) -> dict[str, Any]:
    """The object in a body, for `canonical`: its numbers are kept letter by letter. Raises
    PayloadInvalid.
    """
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            parse_float=orjson.Fragment,
            parse_int=orjson.Fragment,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        raise PayloadInvalid("the body is not JSON") from error
    if not isinstance(found, dict):
        raise PayloadInvalid("the body is not an object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def signature(key: bytes, signed: bytes) -> str:
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def signature_base64(key: bytes, signed: bytes) -> str:
    """The same as Standard Webhooks writes it in headers."""
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def same(made: str, given: Any) -> bool:
    """Whether this signature was given; the time it takes tells nothing."""
    said = given.encode() if isinstance(given, str) and given.isascii() else b""
    return hmac.compare_digest(made.encode(), said)
