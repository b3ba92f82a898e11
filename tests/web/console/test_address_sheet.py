"""Lists of addresses as people paste and save them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.web.console.address_sheet import Sheet, read_sheet


def addresses(text: str) -> list[str]:
    return [row.address for row in read_sheet(text).rows]


ONE, TWO = "+79990000001", "+79990000002"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8 999 000-00-01\n+7 (999) 000 00 02", [ONE, TWO]),
        ("Аня;8 999 000-00-01;Омск\n;+79990000002;", [ONE, TWO]),
        ("имя\tтелефон\nАня\t89990000001", [ONE]),
        ("id,phone,email\n79990000009,89990000001,a@example.org", [ONE, "a@example.org"]),
        ('\ufeff"address";"note"\r\n"\'+79990000001";"x"\r\n', [ONE]),
        ('"Аня, с ""Усов""",89990000001\n', [ONE]),
        ("телефон\nтелефон\n89990000001", [ONE]),
        ("Address\n\n\n89990000001\n\n", [ONE]),
    ],
)
def test_addresses_are_found(text: str, found: list[str]) -> None:
    assert addresses(text) == found


def test_what_is_repeated_or_unreadable_is_counted() -> None:
    sheet = read_sheet("телефон;источник\n89990000001;сайт\nнет;сайт\n+79990000001;анкета\n;\n")
    assert (len(sheet.rows), sheet.repeated) == (1, 1)
    assert sheet.rows[0].cells == {"source": "анкета"}
    assert sheet.unreadable == [(3, "нет сайт")]


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sheet = read_sheet(text)
    except ConfigError:
        return
    assert isinstance(sheet, Sheet)
    lines = len(text.splitlines())
    assert all(1 <= line <= lines for line, _ in sheet.unreadable)
    assert len({row.address for row in sheet.rows}) == len(sheet.rows)


@given(st.lists(st.integers(0, 9_999_999), unique=True, min_size=1, max_size=50))
def test_every_phone_of_a_list_is_read(numbers: list[int]) -> None:
    phones = [f"+7999{number:07d}" for number in numbers]
    assert addresses("\n".join(phones)) == phones
