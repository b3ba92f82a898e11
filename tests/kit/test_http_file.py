"""Reading `.http` files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import PayloadInvalid
from uzel.kit.http_file import HttpFile, looks_like_http, read_http_file


def test_headers_query_and_body() -> None:
    headers, query, body = read_http_file(
        b"POST /api/webhook/iiko?key=secret&a=1&b=%D0%B6 HTTP/1.1\n"
        b"Host: uzel.example\nContent-Type:application/json\n\n[1,\n\n2]\n"
    )
    assert headers == {"host": "uzel.example", "content-type": "application/json"}
    assert query == "a=1&b=%D0%B6"
    assert body == b"[1,\n\n2]"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"POST /a?key=k\r\nA: b\r\n\r\nx\r\n\n", HttpFile({"a": "b"}, "", b"x\r\n")),
        (
            b"POST /a HTTP/1.1\nContent-Length: 2\n\nab\n",
            HttpFile({"content-length": "2"}, "", b"ab"),
        ),
        (b"POST /a HTTP/1.1\nA: b\n\nx\r\n\r\ny", HttpFile({"a": "b"}, "", b"x\r\n\r\ny")),
        (b"GET http://h/p?x=&x=2 HTTP/1.1", HttpFile({}, "x=&x=2", b"")),
        (b"POST /a HTTP/1.1\nX: \xff\x85y: z\n\n", HttpFile({"x": "\xff\x85y: z"}, "", b"")),
    ],
)
def test_forms_of_a_file(data: bytes, expected: HttpFile) -> None:
    assert read_http_file(data) == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"a": "/"}', b"<Event/> /", b"hash=1&data=/", b"POST", b"HTTP/1.1 200 OK"],
)
def test_a_bare_body_is_no_request(data: bytes) -> None:
    assert not looks_like_http(data)
    with pytest.raises(PayloadInvalid):
        read_http_file(data)


@pytest.mark.parametrize(
    "data", [b"POST /a HTTP/1.1\nno colon\n\n", b"POST http://[/ HTTP/1.1\n\n"]
)
def test_a_broken_head_is_refused(data: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_http_file(data)


@given(
    st.binary(max_size=200),
    st.dictionaries(
        st.from_regex(r"X-[A-Z][a-z]{0,8}", fullmatch=True),
        st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True),
    ),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_what_is_written_is_read(body: bytes, headers: dict[str, str], end: bytes) -> None:
    head = [b"POST /hook?key=k&a=1 HTTP/1.1", f"Content-Length: {len(body)}".encode()]
    head += [f"{name}: {value}".encode() for name, value in headers.items()]
    parts = read_http_file(end.join([*head, b"", body + b"\n"]))
    assert parts.body == body
    assert parts.query == "a=1"
    expected = {name.lower(): value for name, value in headers.items()}
    assert parts.headers == {"content-length": str(len(body)), **expected}


@given(st.binary(max_size=100))
def test_any_other_file_is_refused_cleanly(data: bytes) -> None:
    try:
        read_http_file(b"POST /a" + data)
    except PayloadInvalid as refusal:
        assert str(refusal)
