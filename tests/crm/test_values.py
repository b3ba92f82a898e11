"""What is given for a field: kept in one form, pointed out, or refused; never anything else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.crm.field import Field, Kind
from uzel.crm.refusal import Refused
from uzel.crm.stock import ACCOUNTS, CONTACTS, STOCK
from uzel.crm.values import known_by_phone, read
from uzel.kit.card_numbers import find

FIELDS = [
    one for module in STOCK for one in module.fields if one.editable and one.kind != Kind.OWNER
]


@given(st.sampled_from(FIELDS), st.text(max_size=60))
def test_anything_is_kept_or_refused_by_name(field: Field, text: str) -> None:
    try:
        value = read(field, text)
    except Refused as refused:
        assert refused.message.startswith(f"{field.name}: ")
        return
    # What is kept reads as itself: a program may write back what it was given.
    assert read(field, value.text).text == value.text
    value.text.encode()  # nothing that UTF-8 has not
    assert "\x00" not in value.text


@given(st.dates(date(1000, 1, 1)))
def test_days_in_both_ways_of_writing(day: date) -> None:
    field = Field("agrdate", "Date", Kind.DATE)
    assert read(field, day.isoformat()).text == day.isoformat()
    assert read(field, f"{day.day}.{day.month:02}.{day.year:04}").text == day.isoformat()


@pytest.mark.parametrize("hour", [" 00:00", "T00:00:00", "T00:00:00Z", "T00:00:00.000+00:00"])
@given(st.dates(date(1000, 1, 1)))
def test_days_with_the_hour_that_a_program_prints(hour: str, day: date) -> None:
    value = read(Field("agrdate", "Date", Kind.DATE), f"{day.isoformat()}{hour}")
    assert (value.text, value.doubts) == (day.isoformat(), ())


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-30", "30.02.2023", "вчера", "2023-7-5", "20230705", "1"),
        # Which day it is depends on where.
        *("2023-07-04T21:00:00.000Z", "2023-07-05T00:00:00+03:00", "2023-07-05T00:00:00Z+"),
    ],
)
def test_days_that_there_are_not(text: str) -> None:
    value = read(CONTACTS.by_name["birthday"], text)
    assert (value.text, value.doubts[0].code) == ("", "date_unreadable")
    assert value.doubts[0].given == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("20000", "20000.00"),
        ("20 000,50", "20000.50"),
        ("20,000.50", "20000.50"),
        ("0", "0.00"),
        ("1.5", "1.50"),
    ],
)
def test_sums(text: str, kept: str) -> None:
    assert read(ACCOUNTS.by_name["annual_revenue"], text).text == kept


@pytest.mark.parametrize("text", ["1,234", "-5", "1e3", "10.555", "NaN", "9" * 16, "много", "1 2"])
def test_sums_that_are_none(text: str) -> None:
    with pytest.raises(Refused, match="annual_revenue"):
        read(ACCOUNTS.by_name["annual_revenue"], text)


@pytest.mark.parametrize(
    "text",
    [
        "+7 999 000-00-01",
        "8(999)0000001",
        "9990000001",
        "7 999 000 00 01",
        "+7\u00a0999\u00a00000001",
    ],
)
def test_one_phone_however_it_is_written(text: str) -> None:
    assert known_by_phone(text) == "+79990000001"


@pytest.mark.parametrize("text", ["", "нет", "0000000000", "11111111111", "1234567890", "12"])
def test_what_nobody_is_known_by(text: str) -> None:
    assert known_by_phone(text) is None


@given(st.sampled_from([one for one in FIELDS if one.kind in (Kind.STRING, Kind.TEXT)]))
def test_cards_are_hidden_in_every_text(field: Field) -> None:
    card = "4276990000000000"
    card = next(text for last in "0123456789" if find(text := card[:-1] + last))
    try:
        value = read(field, f"на {card}, жду")
    except Refused:
        return
    assert not find(value.text)
    assert not any(find(doubt.given) for doubt in value.doubts)


@pytest.mark.parametrize("kind", [Kind.INTEGER, Kind.DOUBLE, Kind.CURRENCY])
def test_no_number_is_that_of_a_card(kind: Kind) -> None:
    field = Field("cf_number", "Number", kind)
    with pytest.raises(Refused, match="cf_number"):
        read(field, "374245455400126")
    assert read(field, "374245455400127").text.startswith("374245455400127")
