"""Counting SMS parts, checked against the figures operators publish and a second packing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.sms_text import Segments, count_segments, split_segments


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "left"),
    [
        ("", "GSM-7", 0, 0, 160),
        ("Hello", "GSM-7", 5, 1, 155),
        ("a" * 160, "GSM-7", 160, 1, 0),
        ("a" * 161, "GSM-7", 161, 2, 145),
        ("a" * 306, "GSM-7", 306, 2, 0),
        ("a" * 307, "GSM-7", 307, 3, 152),
        ("€" * 80, "GSM-7", 160, 1, 0),
        ("a" * 152 + "€" + "a" * 8, "GSM-7", 162, 2, 143),
        ("[~]{^}\\|\f", "GSM-7", 18, 1, 142),
        ("Rock'n'roll £5 ñ Ω\r\n", "GSM-7", 20, 1, 140),
        ("ç", "UCS-2", 1, 1, 69),  # only the capital is in the alphabet
        ("`", "UCS-2", 1, 1, 69),
        ("№ 5", "UCS-2", 3, 1, 67),
        ("я" * 70, "UCS-2", 70, 1, 0),
        ("я" * 71, "UCS-2", 71, 2, 63),
        ("я" * 536, "UCS-2", 536, 8, 0),
        ("😀" * 35, "UCS-2", 70, 1, 0),
        ("😀" * 36, "UCS-2", 72, 2, 61),
        ("я" * 66 + "😀" + "я" * 3, "UCS-2", 71, 2, 62),
    ],
)
def test_known_sizes(text: str, encoding: str, units: int, segments: int, left: int) -> None:
    found = count_segments(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)
    assert found.left_in_segment == left


def test_a_pair_moves_whole_into_the_next_part() -> None:
    assert split_segments("a" * 152 + "€" + "a" * 8) == ["a" * 152, "€" + "a" * 8]
    assert split_segments("я" * 66 + "😀" + "я" * 3) == ["я" * 66, "😀яяя"]


GSM = st.text(alphabet="abc \n€[]", max_size=700)
WIDE = st.text(alphabet="aя—😀", max_size=400)
ANY = st.text(max_size=200)


@given(GSM | WIDE | ANY, GSM | WIDE | ANY)
def test_a_longer_text_never_needs_fewer_parts(text: str, more: str) -> None:
    assert count_segments(text).segments <= count_segments(text + more).segments


@given(GSM | WIDE | ANY)
def test_parts_are_the_text_and_each_fits_its_message(text: str) -> None:
    parts = split_segments(text)
    found = count_segments(text)
    assert "".join(parts) == text
    assert len(parts) == found.segments
    room = {("GSM-7", True): 160, ("GSM-7", False): 153, ("UCS-2", True): 70, ("UCS-2", False): 67}
    limit = room[found.encoding, len(parts) <= 1]
    sizes = [encoded_units(part, found) for part in parts]
    assert all(0 < size <= limit for size in sizes)
    assert sum(sizes) == found.units
    assert found.left_in_segment == limit - (sizes[-1] if sizes else 0)
    # No part is cut early: what follows would not have fitted.
    following = [encoded_units(part[0], found) for part in parts[1:]]
    assert all(size + first > limit for size, first in zip(sizes, following, strict=False))


def encoded_units(text: str, found: Segments) -> int:
    """The same length reached another way: by really encoding the text."""
    if found.encoding == "UCS-2":
        return len(text.encode("utf-16-be", "surrogatepass")) // 2
    return sum(1 + (character in "\f^{}\\[~]|€") for character in text)
