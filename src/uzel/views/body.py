"""A body for reading: JSON indented, a form by its fields, anything else as text or as hex."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

# A string, a bracket, a comma, a colon, or anything else up to the next of these.
PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')
BYTES_PER_LINE = 16
MOST_FIELDS = 5000
DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Body:
    """kind: json, form, text, hex, empty; `text` is for reading; `size` in bytes.

    In JSON nothing but white space and the escapes in strings is changed: numbers, the order of
    fields and fields given twice stay as they came.
    """

    kind: str
    text: str
    size: int


def readable(data: bytes) -> Body:
    """The body for reading."""
    if not data:
        return Body("empty", "", 0)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Body("hex", "\n".join(hex_lines(data)), len(data))
    if is_json(text):
        return Body("json", indented(text), len(data))
    if fields := form_fields(text):
        return Body("form", "\n".join(f"{name} = {value}" for name, value in fields), len(data))
    return Body("text", text, len(data))


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON value."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def indented(text: str) -> str:
    """JSON with two spaces for every level."""
    parts: list[str] = []
    pieces = PIECE.findall(text)
    depth = 0
    for i, piece in enumerate(pieces):
        if piece in "]}":
            depth -= 1
            if pieces[i - 1] not in "[{":
                parts.append(new_line(depth))
        elif i and pieces[i - 1] in "[{,":
            parts.append(new_line(depth))
        if piece in "[{":
            depth += 1
        parts.append(shown(piece))
    return "".join(parts)


def new_line(depth: int) -> str:
    """A line end and the indentation after it; endless nesting does not make endless lines."""
    return "\n" + "  " * min(depth, DEEPEST)


def shown(piece: str) -> str:
    """One piece of JSON for reading: `\\u0418` becomes the letter it is."""
    if piece == ":":
        return ": "
    if not piece.startswith('"') or "\\" not in piece:
        return piece
    return json.dumps(json.loads(piece), ensure_ascii=False)


def form_fields(text: str) -> list[tuple[str, str]]:
    """The fields of a form; none if this is no form."""
    try:
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return []


def hex_lines(data: bytes) -> Iterator[str]:
    """`00000010  68 65 6c 6c 6f  |hello|`, sixteen bytes a line."""
    for start in range(0, len(data), BYTES_PER_LINE):
        part = data[start : start + BYTES_PER_LINE]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:08x}  {part.hex(' '):<47}  |{letters}|"
