"""HTTP requests kept as `.http` files: request line, headers, empty line, body."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from uzel.errors import PayloadInvalid

KEY_FIELD = "key"
LONGEST_LENGTH = 10


class HttpFile(NamedTuple):
    """A request as the hooks see it: header names in lower case, the query without its key."""

    headers: dict[str, str]
    query: str
    body: bytes


def looks_like_http(data: bytes) -> bool:
    """Whether `data` begins with a request line, rather than with a bare body."""
    words = data.split(b"\n", 1)[0].split()
    return len(words) >= 2 and words[0].isalpha() and words[0].isupper() and b"/" in words[1]


def read_http_file(data: bytes) -> HttpFile:
    """The parts of a request. Line ends are LF or CRLF.

    The body ends where Content-Length says, else with the file, whose own last line end is not
    part of it. Raises PayloadInvalid.
    """
    if not looks_like_http(data):
        raise PayloadInvalid("a request begins with a line like `POST /api/webhook/iiko HTTP/1.1`")
    head, separator, body = _split_head(data)
    line, *fields = (part.rstrip("\r") for part in head.decode("latin-1").split("\n"))
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        if not colon:
            raise PayloadInvalid(f"a header needs a colon: {field[:40]!r}")
        headers[name.strip().lower()] = value.strip()
    return HttpFile(headers, _query(line.split()[1]), _body(headers, body if separator else b""))


def _split_head(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Whichever empty line comes first ends the head."""
    ends = [(data.find(end), end) for end in (b"\r\n\r\n", b"\n\n") if end in data]
    if not ends:
        return data, b"", b""
    return data.partition(min(ends)[1])


def _query(target: str) -> str:
    try:
        fields = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    except ValueError as error:
        raise PayloadInvalid(f"not an address: {target[:40]!r}") from error
    return urlencode([(name, value) for name, value in fields if name != KEY_FIELD])


def _body(headers: dict[str, str], rest: bytes) -> bytes:
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and len(length) < LONGEST_LENGTH:
        return rest[: int(length)]
    return rest.removesuffix(b"\n").removesuffix(b"\r")
