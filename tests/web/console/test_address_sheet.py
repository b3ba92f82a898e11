"""Lists of addresses as people paste and save them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.web.console.address_sheet import Sheet, read_sheet, read_sheet_aside


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


@pytest.mark.parametrize(
    "cell",
    [
        *("1234567890", "7.9990005551E10", "8 999 000 55 2", "427638012345678", "1111111111"),
        *("+7 495 123-45-67", "8 800 123-45-67", "+7 999 000-00-01 доб. 12"),
    ],
)
def test_what_only_looks_like_a_phone_is_doubtful(cell: str) -> None:
    sheet = read_sheet(f"{cell};Аня\n89990000001;Яна")
    assert [row.address for row in sheet.rows] == [ONE]
    assert [line for line, _ in [*sheet.doubtful, *sheet.unreadable]] == [1]
    # Beside a phone it is something else, whatever comes first.
    assert addresses(f"{cell};+79990000001") == addresses(f"+79990000001;{cell}") == [ONE]


@pytest.mark.parametrize(
    ("cell", "doubtful"),
    [("1234567890", True), ("8 999 000 55 2", True), ("4276 3801 2345 6789", False), ("x", False)],
)
def test_doubtful_is_what_has_the_length_of_a_phone(cell: str, doubtful: bool) -> None:
    sheet = read_sheet(f"телефон;имя\n{cell};Аня")
    shown = [(2, f"{cell} Аня")]
    assert (sheet.doubtful, sheet.unreadable) == ((shown, []) if doubtful else ([], shown))


def test_one_of_two_columns_that_cannot_be_read_is_told() -> None:
    sheet = read_sheet("телефон;почта\n89990000001;нет\n8 999 0;a@b.ru\n89990000002;\n")
    assert [row.address for row in sheet.rows] == [ONE, "a@b.ru", TWO]
    assert sheet.unreadable == [(2, "нет"), (3, "8 999 0")]


def test_the_e_mail_of_a_row_is_taken_too_and_how_it_is_written_kept() -> None:
    sheet = read_sheet("Аня;8 (999) 000-00-01;A@B.ru;+79990000002;c@d.ru")
    assert [(row.address, row.said) for row in sheet.rows] == [
        (ONE, "8 (999) 000-00-01"),
        ("a@b.ru", "A@B.ru"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'имя;телефон\n"Аня;89990000001\nЯна;+79990000002\n',
        'имя;телефон\n"Аня;89990000001\n"Яна";+79990000002\n',
        'имя;телефон\nАня;89990000001\nЯна;"+79990000002\n',
        '"89990000001\n+79990000002"',
        '"89990000001\n"+79990000002"',
        '89990000001;"О"Ж"\n+79990000002;x',
    ],
)
def test_a_quotation_mark_swallows_no_addresses(text: str) -> None:
    assert addresses(text) == [ONE, TWO]


def test_a_cell_of_several_lines_stays_one() -> None:
    sheet = read_sheet(
        'телефон;формулировка;когда\r\n89990000001;"да,\r\n""согласен""\r\nна всё";01.02.2024\r\n'
        "+79990000002;ок;02.02.2024\r\n"
    )
    assert [(row.line, row.address) for row in sheet.rows] == [(2, ONE), (5, TWO)]
    assert sheet.rows[0].cells == {
        "wording": 'да,\r\n"согласен"\r\nна всё',
        "given_at": "01.02.2024",
    }
    assert sheet.unreadable == []


def test_a_long_list_keeps_nobody_waiting() -> None:
    """Others are served meanwhile: the loop turns while the list is read."""

    async def run() -> int:
        text = "\n".join(f"+7999{number:07d}" for number in range(3000))
        reading = asyncio.create_task(read_sheet_aside(text))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert len((await reading).rows) == 3000
        return turns

    assert asyncio.run(run()) > 10


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


@given(st.lists(st.integers(0, 9_999_998), unique=True, min_size=1, max_size=50))
def test_every_phone_of_a_list_is_read(numbers: list[int]) -> None:
    phones = [f"+7999{number:07d}" for number in numbers]
    assert addresses("\n".join(phones)) == phones
