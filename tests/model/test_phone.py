"""Reading phone numbers: the same number in any spelling, and nothing that is not one."""

import math
import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from uzel.model.phone import Phone, PhoneKind, PhoneRejected, mask_phone, parse_phone

GUEST = "+79990000001"


def reason_of(raw: object, region: str = "RU") -> str:
    with pytest.raises(PhoneRejected) as caught:
        parse_phone(raw, region=region)
    return caught.value.reason


def test_a_phone_knows_its_country_and_kind() -> None:
    assert parse_phone(GUEST) == Phone(GUEST, "RU", PhoneKind.MOBILE)
    assert parse_phone("+77010000001") == Phone("+77010000001", "KZ", PhoneKind.MOBILE)
    assert parse_phone("+14155552671").kind is PhoneKind.MOBILE_OR_FIXED


@pytest.mark.parametrize(
    "raw",
    [
        "+7 (999) 000-00-01",
        "8 (999) 000-00-01",
        "999 000 00 01",
        "7.999.000.00.01",
        "+8 999 000-00-01",
        "+7 8 999 000-00-01",
        "007 999 000 00 01",
        "8 10 7 999 000 00 01",
        "tel:+7-999-000-00-01",
        "Тел.: 8999 000 00 01 (Иван)",
        "https://wa.me/79990000001",
        "'79990000001",
        "+7\u00a0999\u2009000\u201100\u221201",
        "\u200e+7999\u200b0000001\u202c",
        "８（９９９）０００−００−０１",
        "＋٧٩٩٩٠٠٠٠٠٠١",
        "➕79990000001",
        79990000001,
        89990000001,
        9990000001,
        79990000001.0,
        "79990000001.0",
        "7.9990000001E+10",
        "+79990000001 (после 18:00)",
        "+79990000001, +79990000002",
        "89990000001/89990000002",
        "89990000001\n89990000002",
        "+7 495 000-00-01; +79990000001",
    ],
)
def test_spellings_of_one_number(raw: object) -> None:
    assert parse_phone(raw).e164 == GUEST


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("8 701 000 00 01", "+77010000001"),
        ("7 747 000 00 01", "+77470000001"),
        ("+375 29 123-45-67", "+375291234567"),
        (375291234567, "+375291234567"),
        ("00375291234567", "+375291234567"),
        ("998 90 123-45-67", "+998901234567"),
        ("+996 555 123456", "+996555123456"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("+852 9123 4567", "+85291234567"),
    ],
)
def test_other_countries_stay_what_they_are(raw: object, e164: str) -> None:
    assert parse_phone(raw).e164 == e164


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "no_phone"),
        ("", "no_phone"),
        (" \u00a0\t\n\u200b", "no_phone"),
        ("—", "no_phone"),
        ("нет", "phone_invalid"),
        ("123456789", "phone_invalid"),
        ("80 29 123-45-67", "phone_invalid"),  # Belarus as dialled at home: not guessed
        ("85291234567", "phone_invalid"),  # Hong Kong without its plus reads as a Russian 8
        ("7540c976-5894-496c-b01b-816366df27da", "phone_invalid"),
        ("7.999E+10", "phone_invalid"),  # a spreadsheet that lost the last digits
        ("4" * 201, "phone_invalid"),
        ("+7 000 000-00-01", "phone_invalid"),
        (0, "phone_invalid"),
        (-79990000001, "phone_invalid"),
        (10**1000, "phone_invalid"),
        (79990000001.5, "phone_invalid"),
        (math.nan, "phone_invalid"),
        (math.inf, "phone_invalid"),
        (True, "phone_invalid"),
        ([], "phone_invalid"),
        ({"phone": GUEST}, "phone_invalid"),
        ("\ud800", "phone_invalid"),
        (77777777777, "phone_fake"),
        ("+70000000000", "phone_fake"),
        ("0000000000", "phone_fake"),
        ("+7 999 999 99 99", "phone_fake"),
        ("1234567890", "phone_fake"),
        ("12345678901", "phone_fake"),
        ("+7 987 654-32-10", "phone_fake"),
        ("+7 999 000-00-01 доб. 12", "phone_extension"),
        ("+7 999 000-00-01 доб. 1234567890", "phone_extension"),
        ("+79990000001;ext=?", "phone_extension"),
        ("+79990000001 ext 12", "phone_extension"),
        ("+79990000001#12", "phone_extension"),
        ("+79990000001x12", "phone_extension"),
        ("+74950000001,,12345", "phone_extension"),
        ("+7 495 000-00-01", "phone_landline"),
        ("+7 7172 12-34-56", "phone_landline"),
        ("+442071838750", "phone_landline"),
        ("8 800 000-00-01", "phone_not_mobile"),
        ("+7 809 000-00-01", "phone_not_mobile"),
        ("+7 495 000-00-01, +7 800 000-00-01", "phone_landline"),
    ],
)
def test_refusals(raw: object, reason: str) -> None:
    assert reason_of(raw) == reason


def test_a_mobile_that_only_looks_lucky_is_kept() -> None:
    assert parse_phone("+7 911 111-11-11").e164 == "+79111111111"


def test_the_region_decides_how_national_digits_are_read() -> None:
    assert parse_phone("8029 1234567", region="BY").e164 == "+375291234567"
    assert parse_phone("8 701 000 00 01", region="KZ").e164 == "+77010000001"
    assert parse_phone("79990000001", region="BY").e164 == GUEST
    assert reason_of("0000000001", region="nowhere") == "phone_invalid"


@st.composite
def spellings(draw: st.DrawFn, national: str) -> object:
    """`national` (ten digits of the +7 plan) as people and programs write it."""
    form = draw(st.sampled_from(["+7", "7", "8", "", "007", "+8", "number", "float"]))
    if form == "number":
        return int(draw(st.sampled_from(["7", "8", ""])) + national)
    if form == "float":
        return float("7" + national)
    if form == "+8" and not national.startswith("9"):
        form = "8"
    joints = st.sampled_from(["", "", " ", "-", ".", "\u00a0", " (", ") ", "\u2011", "\u200b"])
    body = "".join(draw(joints) + digit for digit in national)
    digits = st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"])
    text = (form + body).translate(str.maketrans("0123456789", draw(digits)))
    return (
        draw(st.sampled_from(["", " ", "tel:", "моб. "])) + text + draw(st.sampled_from(["", " "]))
    )


RUSSIAN_OR_KAZAKH = st.one_of(
    st.from_regex(r"9[0-689][0-9]{8}", fullmatch=True),
    st.from_regex(r"70[0-8][0-9]{7}", fullmatch=True),
)


@given(st.data(), RUSSIAN_OR_KAZAKH)
def test_any_spelling_of_a_number_gives_the_same_answer(data: st.DataObject, national: str) -> None:
    raw = data.draw(spellings(national))
    assert answer_to(raw) == answer_to("+7" + national)


def answer_to(raw: object) -> str:
    try:
        return parse_phone(raw).e164
    except PhoneRejected as refusal:
        return refusal.reason


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.integers(0, 9999))
def test_e164_is_a_fixed_point_in_every_country(region: str, tail: int) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example is None:
        return
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    written = written[:-4] + f"{tail:04}"
    answer = answer_to(written)
    if answer.startswith("+"):
        assert answer == written
        assert re.fullmatch(r"\+[1-9][0-9]{9,14}", answer)
        assert answer_to(answer[1:].rjust(len(answer) + 1, "0")) == answer  # 00 for the plus


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(alphabet="0123456789+ ()-,;#xдоб.\ud800\u200b٣", max_size=40),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(JSON_VALUES)
def test_nothing_but_phone_rejected_is_ever_raised(raw: object) -> None:
    answer = answer_to(raw)
    if answer.startswith("+"):
        assert parse_phone(answer).e164 == answer


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        (GUEST, "+7999•••0001"),
        ("+375291234567", "+3752•••4567"),
        ("+3725123456", "+372•••3456"),
        ("", "•••"),
        ("secret", "•••"),
    ],
)
def test_masks(e164: str, masked: str) -> None:
    assert mask_phone(e164) == masked


@given(st.from_regex(r"\+[1-9][0-9]{9,14}", fullmatch=True))
def test_a_mask_hides_at_least_three_digits(e164: str) -> None:
    shown = mask_phone(e164).replace("•••", "")
    assert len(e164) - len(shown) >= 3
    assert e164.startswith(shown[:-4]) and e164.endswith(shown[-4:])
