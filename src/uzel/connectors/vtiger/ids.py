"""Numbers of records: `12x83834` on the wire, bare in the operations that sites have of their own.

The prefix is an installation's own and is asked for (`describe`), never known. Source:
konsol-and-vtiger, B5.
"""

import re
from typing import Any

from uzel.errors import Rejected

WIRE = re.compile(r"([1-9][0-9]{0,8})x([1-9][0-9]{0,17})")
BARE = re.compile(r"[1-9][0-9]{0,17}")
MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def number_of(value: Any) -> int | None:
    """The number of `12x83834` or of `83834`; None for what is no id."""
    text = str(value).strip() if isinstance(value, str | int) and value is not True else ""
    if found := WIRE.fullmatch(text):
        return int(found[2])
    return int(text) if BARE.fullmatch(text) else None


def wire_id(name: str, value: Any) -> str:
    """An id with its prefix. Raises Rejected."""
    text = str(value).strip()
    if not WIRE.fullmatch(text):
        raise Rejected(f"vtiger: {name} — не номер записи вида 12x83834", code="id_form")
    return text


def bare_id(name: str, value: str) -> str:
    """An id as sites' own operations take it. Raises Rejected."""
    number = number_of(value)
    if number is None:
        raise Rejected(f"vtiger: {name} — не номер записи", code="id_form")
    return str(number)


def module_name(value: Any) -> str:
    """The name of a module. Raises Rejected."""
    text = str(value or "").strip()
    if not MODULE.fullmatch(text):
        raise Rejected("vtiger: это не имя модуля", code="module_form")
    return text


def newest_before(arguments: Any) -> int:
    """`after` of the arguments: the newest number there was before. Raises Rejected: without it
    nothing could be looked for where the answer is lost.
    """
    after = arguments.get("after")
    if isinstance(after, bool) or not isinstance(after, int) or after < 0:
        raise Rejected(
            "vtiger: нет after, номера последней записи до отправки", code="after_missing"
        )
    return after
