"""Which bank is meant: exactly one, or none is taken."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.payouts.banks import ALIASES, WELL_KNOWN, Bank, BankRejected, Directory

NSPK = (
    Path(__file__).resolve().parents[2]
    / ".."
    / "shared"
    / "samples"
    / "konsol"
    / "nspk_sbp_banks_2026-04-29.json"
)
KNOWN = Directory()
SBER, TBANK, VTB = "100000000111", "100000000004", "110000000005"
# As providers may name the same banks, some under other ids.
OTHER = Directory(
    [
        ("100000000111", "СБЕР (ПАО Сбербанк)"),
        ("100000000999", "Тинькофф Банк"),
        ("110000000005", "ВТБ"),
        ("100000000008", "Альфа-Банк"),
        ("100000000901", "Банк Восток"),
        ("100000000902", "КБ «Восток»"),
        ("100000000903", "Банк «Берёза»"),
        ("100000000904", "АБ РОССИЯ"),
        ("100000000905", "Север"),
        ("100000000906", "север"),
    ]
)


def names(directory: Directory, typed: str) -> list[str]:
    return [bank.name for bank in directory.find(typed)]


@pytest.mark.parametrize(
    ("typed", "member_id"),
    [
        ("Сбер", SBER),
        ("ПАО «Сбербанк»", SBER),
        ("сбербанк России", SBER),
        ("SBERBANK", SBER),
        ("тинькофф", TBANK),
        ("Т-Банк", TBANK),
        ("т банк", TBANK),
        ("тбанк", TBANK),
        ("T-Bank", TBANK),
        ("ВТБ", VTB),
        ("Банк ВТБ (ПАО)", VTB),
        ("втб 24", VTB),
        ("альфа", "100000000008"),
        ("Альфабанк", "100000000008"),
        ("райф", "100000000007"),
        ("Райффайзен", "100000000007"),
        ("газпром", "100000000001"),
        ("Промсвязьбанк", "100000000010"),
        ("псб", "100000000010"),
        ("совком", "100000000013"),
        ("Халва", "100000000013"),
        ("почта", "100000000016"),
        ("МТС", "100000000017"),
        ("РСХБ", "100000000020"),
        ("россельхоз", "100000000020"),
        ("яндекс", "100000000150"),
        ("Озон", "100000000273"),
        ("ozon", "100000000273"),
        (f"  {SBER} ", SBER),
    ],
)
def test_what_people_type(typed: str, member_id: str) -> None:
    assert KNOWN.resolve(typed).member_id == member_id


@pytest.mark.parametrize(
    "typed",
    [
        *("банк", "ПАО банк", "т", "мой банк", "россия", "100000000005", "000000000000", "—", "()"),
        *("сбербанк или втб", "сбе", "10000000011", "1000000001111", "1" * 500, "сбер " * 100),
    ],
)
def test_no_bank_is_guessed(typed: str) -> None:
    with pytest.raises(BankRejected) as caught:
        KNOWN.resolve(typed)
    assert (caught.value.reason, caught.value.candidates) == ("bank_unknown", ())


@pytest.mark.parametrize("typed", [None, "", "  ", 100000000111, b"x", True])
def test_a_bank_is_asked_for(typed: object) -> None:
    with pytest.raises(BankRejected) as caught:
        KNOWN.resolve(typed)
    assert caught.value.reason == "bank_missing"


def test_several_are_named_and_none_is_taken() -> None:
    with pytest.raises(BankRejected) as caught:
        OTHER.resolve("восток")
    assert caught.value.reason == "bank_ambiguous"
    assert [bank.name for bank in caught.value.candidates] == ["Банк Восток", "КБ «Восток»"]
    assert OTHER.resolve("банк восток").member_id == "100000000901"
    assert OTHER.resolve("КБ Восток").member_id == "100000000902"
    assert (names(OTHER, "Север"), names(OTHER, "север")) == (["Север"], ["север"])
    assert len(OTHER.find("СЕВЕР")) == 2


def test_another_directory_is_searched_by_its_own_names() -> None:
    assert names(OTHER, "сбер") == ["СБЕР (ПАО Сбербанк)"]
    for typed in ("тбанк", "Т-Банк", "тинькофф", "tbank"):
        assert names(OTHER, typed) == ["Тинькофф Банк"]
    assert names(OTHER, "береза") == names(OTHER, "БЕРЁЗА банк") == ["Банк «Берёза»"]
    assert names(OTHER, "россия") == ["АБ РОССИЯ"]
    assert names(OTHER, "озон") == names(OTHER, TBANK) == []


def test_two_banks_behind_one_nickname_are_ambiguous() -> None:
    both = Directory([(SBER, "Сбербанк"), ("100000000900", "Сбер")])
    assert names(both, "сбер") == ["Сбер"]
    assert names(both, "sber") == ["Сбербанк"]
    assert names(both, "банк сбер") == ["Сбер", "Сбербанк"]


def test_a_directory_is_checked() -> None:
    wrong = [
        [("10000000011", "Сбербанк")],
        [("sberbank", "Сбербанк")],
        [(SBER, " ")],
        [(SBER, "«»")],
        [(SBER, "Сбербанк"), (SBER, "ВТБ")],
    ]
    for members in wrong:
        with pytest.raises(ValueError, match=r"bank|SBP"):
            Directory(members)
    assert len(Directory([(SBER, "Сбербанк"), (SBER, "Сбербанк ")])) == 1
    assert Directory([]).find("сбер") == ()


def test_each_nickname_is_of_one_bank() -> None:
    assert set(ALIASES) == {member_id for member_id, _ in WELL_KNOWN}
    for member_id, nicknames in ALIASES.items():
        for nickname in nicknames:
            assert KNOWN.find(nickname) == (KNOWN.by_id(member_id),), nickname


# Not the letters alone: what people put around and between the words of a name.
PUNCTUATION = st.sampled_from([" ", "  ", "-", " - ", "\u00a0", ".", "_", "/", "\t"])


@given(
    member=st.sampled_from(WELL_KNOWN),
    change=st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    before=st.sampled_from(["", "банк ", "ПАО «", "АО ", "Bank "]),
    between=PUNCTUATION,
    after=st.sampled_from(["", " (ПАО)", "»", " АО", "!", " банк"]),
)
def test_spellings_of_one_name_mean_one_bank(
    member: tuple[str, str], change: Callable[[str], str], before: str, between: str, after: str
) -> None:
    member_id, name = member
    typed = before + between.join(change(name).replace("-", " ").split()) + after
    assert KNOWN.resolve(typed) == Bank(member_id, name)


@given(typed=st.text(max_size=300))
def test_anything_means_one_bank_or_is_refused(typed: str) -> None:
    for directory in (KNOWN, OTHER):
        try:
            assert directory.resolve(typed) in directory.banks()
        except BankRejected as refusal:
            assert (len(refusal.candidates) > 1) == (refusal.reason == "bank_ambiguous")


def test_every_name_of_the_nspk_means_itself() -> None:
    if not NSPK.is_file():
        pytest.skip("the collected list of the NSPK is not here")
    listed = [(it["id"], it["name"]) for it in json.loads(NSPK.read_text())["banks"]]
    directory, times = Directory(listed), Counter(name for _, name in listed)
    assert len(directory) == len(listed) > 100
    for member_id, name in listed:
        found = [bank.member_id for bank in directory.find(name)]
        assert member_id in found and len(found) == times[name], name
        assert directory.resolve(member_id).name == name.strip()
    for member_id, _ in WELL_KNOWN:
        for nickname in ALIASES[member_id]:
            assert directory.resolve(nickname).member_id == member_id, nickname
