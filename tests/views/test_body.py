"""Bodies for reading: easier on the eye, and nothing else changed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.views.body import LONGEST, readable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_json_means_the_same(value: object) -> None:
    body = readable(json.dumps(value).encode())
    assert body.kind == "json"
    assert json.loads(body.text) == value


def test_json_is_indented_and_cyrillic_is_cyrillic() -> None:
    data = json.dumps({"name": "Айгуль", "tags": [1, {}], "no": []}).encode()
    assert readable(data).text == (
        '{\n  "name": "Айгуль",\n  "tags": [\n    1,\n    {}\n  ],\n  "no": []\n}'
    )


@pytest.mark.parametrize(
    "text", ["1.10", "1e400", "123456789012345678901234567890", "-0.0", '{"a": 1,\n"a": 2}']
)
def test_numbers_and_repeated_fields_stay_as_they_came(text: str) -> None:
    shown = readable(text.encode()).text
    assert shown.split() == text.replace("{", "{ ").replace("}", " }").split()


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"", "empty", ""),
        (b"\xef\xbb\xbf[1]", "json", "[\n  1\n]"),
        (b"a=1&b=%D0%B4%D0%B0&c=", "form", "a = 1\nb = да\nc = "),
        ("просто текст".encode(), "text", "просто текст"),
        (b'{"a": ', "text", '{"a": '),
        (b"[" * 100_000, "text", "[" * 100_000),
        (b"\xff\x00abc", "hex", "00000000  ff 00 61 62 63" + " " * 33 + "  |..abc|"),
    ],
)
def test_every_kind(data: bytes, kind: str, text: str) -> None:
    body = readable(data)
    assert (body.kind, body.text, body.size) == (kind, text, len(data))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"[" * 190 + b"0," * 500_000 + b"0" + b"]" * 190, "json"),
        (b'"' + b"\\u0418" * 170_000 * 2 + b'"', "json"),
        (b"x" * 1_000_000, "text"),
        (b"\xff" * 1_000_000, "hex"),
        (b"&".join(b"a=" + b"y" * 1000 for _ in range(1000)), "form"),
    ],
)
def test_of_a_large_body_the_beginning_is_shown(data: bytes, kind: str) -> None:
    body = readable(data)
    assert (body.kind, len(body.text), body.cut, body.size) == (kind, LONGEST, True, len(data))


@pytest.mark.parametrize(("more", "cut"), [(0, False), (1, True)])
def test_cut_is_only_what_is_longer(more: int, cut: bool) -> None:
    body = readable(b"x" * (LONGEST + more))
    assert (len(body.text), body.cut) == (LONGEST, cut)


@given(st.binary(max_size=200))
def test_anything_can_be_shown(data: bytes) -> None:
    body = readable(data)
    assert body.size == len(data)
    assert body.text or not data.strip()
    body.text.encode()
