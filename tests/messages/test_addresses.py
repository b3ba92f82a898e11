"""What an address on a stop-list is read as: the person who was meant, or nobody."""

import pytest

from uzel.messages.stop_list import address_of


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("+7 916 111-00-59", "+79161110059"),
        ("8 (916) 111-00-59", "+79161110059"),
        ("  Guest@Example.RU ", "guest@example.ru"),
        ("guest@example.ru.", "guest@example.ru"),
        ("\uff47uest@example.ru", "guest@example.ru"),
        ("+442079460958", "+442079460958"),
    ],
)
def test_one_spelling_of_each(typed: str, address: str) -> None:
    assert address_of(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("8 916 111-00-56 доб. 5", "8 916 1110056 x5", "8 916 1110056 #2"),
        "8 (916) 111-00-59 / 8 (916) 111-00-60",
        *("", "5", "phone", "1" * 40),
        *("<guest@example.ru>", "A <guest@example.ru>", "a@example.ru,b@example.kz", "@", "a@b"),
        f"{'a' * 250}@example.ru",
    ],
)
def test_who_cannot_be_told_is_nobody(typed: str) -> None:
    assert address_of(typed) is None
