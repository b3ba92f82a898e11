"""Where a review can be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.flows.review_requests.feedback import PLATFORMS
from uzel.web.guest.platforms import Platform, is_web, platforms

HTTP = "https://maps.example/place"


@given(st.permutations(PLATFORMS), st.integers(0, len(PLATFORMS)))
def test_all_that_are_there_in_one_order(names: list[str], count: int) -> None:
    shown = [platform.name for platform in platforms(dict.fromkeys(names[:count], HTTP))]
    assert shown == [name for name in PLATFORMS if name in names[:count]]


def test_they_are_called_as_people_call_them() -> None:
    links = {"yandex": HTTP, "2gis": HTTP, "google": HTTP, "other": "https://www.otzyv.example/1"}
    assert platforms(links) == [
        Platform("yandex", "Яндекс Карты"),
        Platform("2gis", "2ГИС"),
        Platform("google", "Google Карты"),
        Platform("other", "otzyv.example"),
    ]


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("https://xn--e1afmkfd.xn--p1ai/otzyv", "пример.рф"),
        ("https://пример.рф/otzyv", "пример.рф"),
        ("https://xn--a.example", "xn--a.example"),
    ],
)
def test_a_site_is_called_by_its_host(address: str, title: str) -> None:
    assert platforms({"other": address}) == [Platform("other", title)]


@pytest.mark.parametrize(
    "address",
    [
        *("", None, "javascript:alert(1)", "data:text/html,<b>", "//elsewhere.example", "/path"),
        *("https://", "https:/one", "mailto:a@b.example", "ftp://files.example", "https://[::1"),
        " javascript:alert(1)//https://x",
    ],
)
def test_a_browser_is_sent_to_web_addresses_only(address: str | None) -> None:
    assert not is_web(address)


@given(st.text())
def test_whatever_stands_there_breaks_nothing(address: str) -> None:
    for platform in platforms({"other": address, "yandex": HTTP}):
        assert platform.title
    assert is_web(address) <= address.lstrip().lower().startswith("http")
