"""As much HTTP/1.1 (RFC 9112) as a load generator needs: bytes out, statuses in.

A general client spends several times what the server under test spends on a request, and both
share the same cores here. So requests are rendered before they are needed, and of an answer only
the status, the length, Retry-After and Connection are read. There is no answer to HEAD here (its
length announces a body that never comes), no TLS and no answer that ends with its connection.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from uzel.errors import ContractBroken

HEAD_LIMIT = 65_536
"""Bytes of an answer's head. Beyond it something other than HTTP is talking."""

CHUNKED = -1

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?")


class Head(NamedTuple):
    """What is kept of an answer. `length` counts the body's bytes, or is CHUNKED."""

    status: int
    length: int
    retry_after: str | None
    closes: bool


def request_head(
    method: str, path: str, host: str, headers: Mapping[str, str], body_length: int
) -> bytes:
    """A request up to its body, the empty line included. Adds Host and Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {body_length}", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def request_bytes(
    method: str, path: str, host: str, headers: Mapping[str, str], body: bytes = b""
) -> bytes:
    """A whole request, ready for the socket. Adds Host and Content-Length."""
    return request_head(method, path, host, headers, len(body)) + body


class AnswerReader:
    """Cuts the bytes of one connection into answers, wherever the packets were cut."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Head]:
        """The final answers that `data` completes; 1xx are passed over.

        Raises ContractBroken where the bytes are not HTTP/1.1, or are not framed by a length.
        """
        if self._rest:
            data = self._rest + data
        answers: list[Head] = []
        start = 0
        while start < len(data):
            cut = data.find(b"\r\n\r\n", start)
            if cut < 0:
                _check_beginning(data[start:])
                break
            head = read_head(data[start:cut])
            end = _end_of_body(data, cut + 4, head.length)
            if end < 0:
                break
            start = end
            if head.status >= 200:
                answers.append(head)
        self._rest = data[start:]
        return answers


@lru_cache(maxsize=256)  # a server's heads repeat to the byte until its clock's second changes
def read_head(head: bytes) -> Head:
    """The head of an answer, without the empty line that ends it. Raises ContractBroken."""
    first, *lines = head.split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise ContractBroken("the answer does not begin with an HTTP/1.1 status line")
    status = int(status_line[2])
    fields = [
        (name.lower(), value.strip()) for name, _, value in (x.partition(b":") for x in lines)
    ]
    headers = dict(fields)
    retry_after = headers.get(b"retry-after")
    connection = headers.get(b"connection", b"").lower()
    return Head(
        status=status,
        length=0 if status < 200 or status in (204, 304) else _body_length(fields),
        retry_after=None if retry_after is None else retry_after.decode("latin-1"),
        closes=b"close" in connection or (status_line[1] == b"0" and connection != b"keep-alive"),
    )


def _body_length(fields: list[tuple[bytes, bytes]]) -> int:
    codings = [value.lower() for name, value in fields if name == b"transfer-encoding"]
    if codings:
        if codings != [b"chunked"]:
            raise ContractBroken("the answer comes in a transfer coding other than chunked")
        return CHUNKED
    lengths = {value for name, value in fields if name == b"content-length"}
    if len(lengths) != 1:
        raise ContractBroken("the answer states no length, or more than one")
    (length,) = lengths
    if not re.fullmatch(rb"\d{1,15}", length):
        raise ContractBroken("the answer's Content-Length is not a number")
    return int(length)


def _end_of_body(data: bytes, start: int, length: int) -> int:
    """Where the body ends, or -1 while it is still on its way."""
    end = _end_of_chunks(data, start) if length == CHUNKED else start + length
    return end if end <= len(data) else -1


def _end_of_chunks(data: bytes, start: int) -> int:
    while (line_end := data.find(b"\r\n", start)) >= 0:
        size_line = _CHUNK_SIZE.fullmatch(data, start, line_end)
        if size_line is None:
            raise ContractBroken("a chunk of the answer does not begin with its size")
        size = int(size_line[1], 16)
        if size == 0:
            return _end_of_trailers(data, line_end + 2)
        start = line_end + 2 + size + 2
        if start > len(data):
            return -1
        if data[start - 2 : start] != b"\r\n":
            raise ContractBroken("a chunk of the answer is not as long as it says")
    return -1


def _end_of_trailers(data: bytes, start: int) -> int:
    if data.startswith(b"\r\n", start):
        return start + 2
    end = data.find(b"\r\n\r\n", start)
    return end + 4 if end >= 0 else -1


def _check_beginning(data: bytes) -> None:
    """Refuses early what can never become an answer, instead of waiting for the time-out."""
    if data[:7] != b"HTTP/1."[: len(data)] or len(data) > HEAD_LIMIT:
        raise ContractBroken("the answer does not begin with an HTTP/1.1 head")
