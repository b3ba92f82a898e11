"""A body for reading: JSON indented, a form by its fields, anything else as text or as hex."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

# A string, a bracket, a comma, a colon, or anything else up to the next of these.
PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')
BYTES_PER_LINE = 16
MOST_FIELDS = 5000
DEEPEST = 200
# Nobody reads further, and a mebibyte of nested zeros would be indented to two hundred of them.
LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Body:
    """kind: json, form, text, hex, empty; `text` is for reading, its first LONGEST characters;
    `cut`: there is more; `size` in bytes.

    In JSON nothing but white space and the escapes in strings is changed: numbers, the order of
    fields and fields given twice stay as they came.
    """

    kind: str
    text: str
    size: int
    cut: bool = False


def readable(data: bytes) -> Body:
    """The body for reading."""
    kind, parts = read(data)
    text = "".join(first_of(parts, LONGEST + 1))
    return Body(kind, text[:LONGEST], len(data), len(text) > LONGEST)


def read(data: bytes) -> tuple[str, Iterable[str]]:
    """(kind, what the text is made of)."""
    if not data:
        return "empty", ()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "hex", with_breaks(hex_lines(data))
    if is_json(text):
        return "json", indented(text)
    if fields := form_fields(text):
        return "form", with_breaks(f"{name} = {value}" for name, value in fields)
    return "text", (text,)


def first_of(parts: Iterable[str], characters: int) -> Iterator[str]:
    """As many parts as hold so many characters; those after them are not even made."""
    for part in parts:
        yield part
        characters -= len(part)
        if characters <= 0:
            return


def with_breaks(lines: Iterable[str]) -> Iterator[str]:
    """The lines with line ends between them."""
    for i, line in enumerate(lines):
        yield f"\n{line}" if i else line


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON value."""
    try:
        orjson.loads(text)
    except ValueError:  # strict, but many times faster than what may still take it
        return is_json_all_the_same(text)
    return True


def is_json_all_the_same(text: str) -> bool:
    """What orjson does not take: half a surrogate pair, deep nesting, NaN."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def indented(text: str) -> Iterator[str]:
    """JSON with two spaces for every level, piece by piece."""
    depth, before = 0, ""
    for match in PIECE.finditer(text):
        piece = match[0]
        if piece in "]}":
            depth -= 1
            if before not in "[{":
                yield new_line(depth)
        elif before and before in "[{,":
            yield new_line(depth)
        if piece in "[{":
            depth += 1
        yield shown(piece)
        before = piece


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
