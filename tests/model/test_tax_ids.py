"""ИНН and ОГРН: those of the tax office's own examples, and any with a digit changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.tax_ids import inn_fault, known_by, ogrn_fault, plain

GOOD_INN = ("7707083893", "500100732259")
GOOD_OGRN = ("1027700132195", "304500116000157")
DIGITS = "0123456789"


@pytest.mark.parametrize("inn", GOOD_INN)
def test_inn_that_hold(inn: str) -> None:
    assert inn_fault(inn) is None
    assert known_by(inn) == inn


@pytest.mark.parametrize("ogrn", GOOD_OGRN)
def test_ogrn_that_hold(ogrn: str) -> None:
    assert ogrn_fault(ogrn) is None


@given(st.sampled_from(GOOD_INN), st.data())
def test_a_wrong_check_digit_is_noticed(inn: str, data: st.DataObject) -> None:
    # The first digits may be changed so that the last ones fit; the last one may not.
    last = data.draw(st.sampled_from([digit for digit in DIGITS if digit != inn[-1]]))
    assert inn_fault(inn[:-1] + last) == "inn_checksum"
    # It is wrong, and somebody is known by it all the same.
    assert known_by(inn[:-1] + last) == inn[:-1] + last


@given(st.sampled_from(GOOD_OGRN), st.data())
def test_so_it_is_of_an_ogrn(ogrn: str, data: st.DataObject) -> None:
    last = data.draw(st.sampled_from([digit for digit in DIGITS if digit != ogrn[-1]]))
    assert ogrn_fault(ogrn[:-1] + last) == "ogrn_checksum"


@pytest.mark.parametrize(
    ("inn", "fault"),
    [
        ("", "inn_digits"),
        ("12345", "inn_length"),
        ("32165498711", "inn_length"),
        ("0000000000", "inn_fake"),
        ("1111111111", "inn_fake"),
        ("٧٧٠٧٠٨٣٨٩٣", "inn_digits"),
        ("77O7083893", "inn_digits"),
    ],
)
def test_what_nobody_is_known_by(inn: str, fault: str) -> None:
    assert inn_fault(inn) == fault
    assert known_by(inn) is None


@pytest.mark.parametrize(
    ("ogrn", "fault"),
    [
        ("32165498711", "ogrn_length"),
        ("нет", "ogrn_digits"),
        ("0000000000000", "ogrn_checksum"),
        ("104500116000157", "ogrn_checksum"),
    ],
)
def test_what_is_no_ogrn(ogrn: str, fault: str) -> None:
    assert ogrn_fault(ogrn) == fault


@given(st.text())
def test_anything_has_an_answer(text: str) -> None:
    assert plain(text) == plain(plain(text))
    inn_fault(text)
    ogrn_fault(text)
    known_by(text)


@pytest.mark.parametrize(
    "spelt",
    [
        *("77 07 08 38 93", "7707-083-893", "7707\u2013083\u2013893", "7707\u00ad083893"),
        *("\u200b7707083893\ufeff", "７７０７０８３８９３", "٧٧٠٧٠٨٣٨٩٣"),
    ],
)
def test_one_inn_however_it_is_written(spelt: str) -> None:
    assert known_by(plain(spelt)) == "7707083893"
