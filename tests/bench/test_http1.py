"""The wire: requests out, answers in, wherever the packets were cut."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.bench.http1 import CHUNKED, HEAD_LIMIT, AnswerReader, Head, read_head, request_bytes
from uzel.errors import ContractBroken


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    chunk_sizes: tuple[int, ...] | None
    trailer: bytes = b""
    retry_after: str | None = None

    @property
    def head(self) -> Head:
        length = len(self.body) if self.chunk_sizes is None else CHUNKED
        return Head(self.status, length, self.retry_after, closes=False)

    @property
    def wire(self) -> bytes:
        lines = [b"HTTP/1.1 %d Whatever" % self.status, b"Server: test"]
        if self.retry_after is not None:
            lines.append(b"RETRY-AFTER:" + self.retry_after.encode())
        if self.chunk_sizes is None:
            lines.append(b"content-length: %d" % len(self.body))
        else:
            lines.append(b"Transfer-Encoding: Chunked")
        return b"\r\n".join([*lines, b"", b""]) + self._wire_body()

    def _wire_body(self) -> bytes:
        if self.chunk_sizes is None:
            return self.body
        rest, parts = self.body, []
        for size in self.chunk_sizes:
            if rest:
                parts.append(rest[:size])
                rest = rest[size:]
        parts += [rest] if rest else []
        chunks = b"".join(b"%X;note=1\r\n%b\r\n" % (len(part), part) for part in parts)
        return chunks + b"0\r\n" + self.trailer + b"\r\n"


ANSWERS = st.builds(
    Answer,
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    body=st.binary(max_size=40) | st.just(b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n0\r\n\r\n"),
    chunk_sizes=st.none() | st.lists(st.integers(1, 20), max_size=4).map(tuple),
    trailer=st.sampled_from([b"", b"Digest: 1\r\n", b"A: 1\r\nB: 2\r\n"]),
    retry_after=st.none() | st.sampled_from(["1", "120", "Mon, 01 Jun 2026 12:00:00 GMT"]),
)
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def fed(pieces: list[bytes]) -> list[Head]:
    reader = AnswerReader()
    return [head for piece in pieces for head in reader.feed(piece)]


@given(st.lists(ANSWERS, min_size=1, max_size=4), st.data())
def test_answers_are_the_same_however_the_packets_are_cut(
    answers: list[Answer], data: st.DataObject
) -> None:
    wire = b"".join(answer.wire for answer in answers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert fed(pieces) == [answer.head for answer in answers]


@pytest.mark.parametrize("chunk_sizes", [None, (1, 2, 3)])
def test_an_answer_survives_a_cut_at_every_byte(chunk_sizes: tuple[int, ...] | None) -> None:
    answer = Answer(503, b"not now", chunk_sizes, b"A: 1\r\n", retry_after="2")
    wire = EARLY_HINTS + answer.wire
    for cut in range(len(wire) + 1):
        assert fed([wire[:cut], wire[cut:]]) == [answer.head], cut
    assert fed([wire[i : i + 1] for i in range(len(wire))]) == [answer.head]
    for end in range(len(wire)):
        assert fed([wire[:end]]) == [], "an incomplete answer is no answer"


def test_several_answers_in_one_packet_are_all_read() -> None:
    answers = [
        Answer(200, b"a", None),
        Answer(429, b"", None, retry_after="9"),
        Answer(201, b"", ()),
    ]
    assert fed([b"".join(answer.wire for answer in answers)]) == [a.head for a in answers]


@pytest.mark.parametrize("status", [204, 304])
def test_these_statuses_have_no_body_whatever_they_announce(status: int) -> None:
    one = b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status
    assert [head.status for head in fed([one + one])] == [status, status]


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive", False),
        (b"HTTP/1.1 200\r\nContent-Length: 0", False),
    ],
)
def test_it_is_known_whether_the_connection_stays(head: bytes, closes: bool) -> None:
    assert read_head(head).closes is closes


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * HEAD_LIMIT,
    ],
)
def test_what_is_no_framed_answer_is_refused(wire: bytes) -> None:
    with pytest.raises(ContractBroken):
        fed([wire])


@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_raise_anything_but_contract_broken(noise: bytes, begins_well: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" if begins_well else b""
    try:
        answers = fed([head + noise])
    except ContractBroken:
        return
    assert all(100 <= answer.status <= 999 for answer in answers)


def test_a_request_is_rendered_to_the_byte() -> None:
    assert request_bytes("POST", "/in?key=1", "uzel.test:80", {"X-A": "b"}, "да".encode()) == (
        b"POST /in?key=1 HTTP/1.1\r\nHost: uzel.test:80\r\nX-A: b\r\nContent-Length: 4\r\n\r\n"
        b"\xd0\xb4\xd0\xb0"
    )
