"""Reading the values of iiko's bodies: digits kept, nonsense dropped, nothing else raised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import PayloadInvalid
from uzel.kit.body import at, id_of, label_of, read_json, text_of, total_of


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[", b"[1,]", b"NaN", b"[-Infinity]", b"\xff\xfe[\x00]\x00", b'["\x01"]'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_json(body)


def test_a_byte_order_mark_is_skipped_and_the_last_of_two_equal_names_wins() -> None:
    assert read_json(b'\xef\xbb\xbf{"status": "OnWay", "status": "Closed"}') == {"status": "Closed"}


def test_an_impossible_number_costs_nothing_else() -> None:
    body = f"[1e99999999999999999999, {'9' * 5000}, 1]".encode()
    assert read_json(body) == [None, None, 1]


@pytest.mark.parametrize(
    ("written", "total"),
    [
        ("1620", "1620"),
        ("1290.10", "1290.10"),
        ("0.1", "0.1"),
        ("1290.1000000000001", "1290.1"),
        ("900719925474.123456", "900719925474.123456"),
        ("9007199254740993.5", None),
        ("1e3", "1000"),
        ("1e400", None),
        ("1e-400", "0"),
        ("-5", None),
        ("true", None),
        ("null", None),
        ('"1620"', None),
    ],
)
def test_totals_keep_their_digits(written: str, total: str | None) -> None:
    assert total_of(read_json(written.encode())) == total


@given(st.text(alphabet=st.characters(), max_size=300) | st.text(alphabet="a \n\x00\x1f\ud800😀"))
def test_a_text_can_be_stored_and_has_one_line(text: str) -> None:
    cleaned = text_of(text) or ""
    cleaned.encode()  # raises at a lone surrogate
    assert not set(cleaned) & {"\x00", "\n", "\r", "\t"}
    assert cleaned == cleaned.strip()


@pytest.mark.parametrize(
    "value", ["", "x", "1234567", "a" * 65, "a7e4d210:5c3b", "ф" * 8, 12345678]
)
def test_what_does_not_look_like_an_id_is_none(value: object) -> None:
    assert id_of(value) is None


def test_labels_are_texts_and_whole_numbers() -> None:
    assert [label_of(value) for value in (7, " A-7 ", True, 7.5, None, "")] == [
        *("7", "A-7", None, None, None, None)
    ]


def test_a_path_ends_where_an_object_is_missing() -> None:
    assert at({"a": {"b": 1}}, "a", "b") == 1
    assert at({"a": ["b"]}, "a", "b") is None
    assert at(None, "a") is None
