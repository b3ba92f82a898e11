"""Lists in XML, and what XML can do to who reads it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.kit import xml_records
from uzel.kit.xml_records import NotRecords, read_records

LIST = (
    '<?xml version="1.0" encoding="windows-1251"?><list day="1"><title>Курсы &amp; цены</title>'
    "<it><a> один </a><b/></it><other><a>нет</a></other>"
    "<it><a>д<!-- -->ва</a><a>три</a></it></list>"
).encode("windows-1251")


def test_records_are_read_in_the_encoding_they_name() -> None:
    found = read_records(LIST, "it")
    assert (found.root, found.attributes) == ("list", {"day": "1"})
    assert found.texts == {"title": "Курсы & цены", "other": ""}
    assert found.records == [{"a": "один", "b": ""}, {"a": "три"}]


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l><it><a>&b;</a></it></l>'
OUTSIDE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><l><it><a>&a;</a></it></l>'
ELSEWHERE = b'<!DOCTYPE l SYSTEM "http://127.0.0.1/l.dtd"><l><it><a>1</a></it></l>'


@pytest.mark.parametrize(
    "body",
    [
        *(LAUGHS, OUTSIDE, ELSEWHERE, LAUGHS.decode().encode("utf-16")),
        *(b"", b"<list>", b"not at all", b'{"json": 1}', b"<a></b>", b"<l>&unknown;</l>"),
        b'<?xml version="1.0" encoding="no-such-one"?><l/>',
        b"<l><it><a><deep>1</deep></a></it></l>",
        b"<l>" + b"<it/>" * (xml_records.MOST_RECORDS + 1) + b"</l>",
        b"<l>" + b" " * xml_records.MOST_BYTES + b"</l>",
        b"<l>" * 100_000,
    ],
)
def test_what_is_no_list_or_could_do_harm_is_refused(body: bytes) -> None:
    with pytest.raises(NotRecords):
        read_records(body, "it")


@given(st.integers(0, len(LIST)), st.binary(max_size=20), st.integers(0, 20))
def test_damage_gives_a_list_or_a_refusal(at: int, by: bytes, lost: int) -> None:
    with contextlib.suppress(NotRecords):
        assert read_records(LIST[:at] + by + LIST[at + lost :], "it").root
