"""The cookie of a known browser: proves what it proves, for one login, and nothing when damaged."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.kit.secrets import KeyRing
from uzel.people import browsers
from uzel.people.browsers import LASTS_S, new_cookie, place, read_cookie

RING = KeyRing([b"tests only: not a secret at all!"])
HASH = "$argon2id$a hash"
COOKIE = new_cookie(RING, "olga", HASH)


def test_it_proves_one_password_of_one_login() -> None:
    browser = read_cookie(RING, "olga", COOKIE)
    assert browser is not None
    assert browser.fits(HASH) and not browser.fits("$argon2id$another")
    assert read_cookie(RING, "ivan", COOKIE) is None
    assert read_cookie(KeyRing([b"?" * 32]), "olga", COOKIE) is None
    assert read_cookie(KeyRing([b"?" * 32, b"tests only: not a secret at all!"]), "olga", COOKIE)


def test_two_browsers_are_counted_apart_and_one_always_together() -> None:
    buckets = {
        found.bucket
        for cookie in (COOKIE, COOKIE, new_cookie(RING, "olga", HASH))
        if (found := read_cookie(RING, "olga", cookie))
    }
    assert len(buckets) == 2


@pytest.mark.parametrize(("age_s", "good"), [(0, True), (LASTS_S - 60, True), (LASTS_S, False)])
def test_it_ends(age_s: int, good: bool) -> None:
    at = (int(time.time()) - age_s).to_bytes(8)
    plain = b"n" * 16 + browsers.mark_of(HASH) + at
    cookie = base64.urlsafe_b64encode(RING.seal(plain, place("olga"))).decode()
    assert (read_cookie(RING, "olga", cookie) is not None) is good


def test_a_secret_sealed_for_another_place_is_no_cookie() -> None:
    sealed = base64.urlsafe_b64encode(RING.seal(b"x" * 32, "connection/1/secrets")).decode()
    assert read_cookie(RING, "olga", sealed) is None


@given(st.integers(0, len(COOKIE) - 1), st.characters())
def test_damaged_it_proves_nothing(at: int, letter: str) -> None:
    damaged = COOKIE[:at] + letter + COOKIE[at + 1 :]
    assert (read_cookie(RING, "olga", damaged) is not None) is (damaged == COOKIE)


@given(st.text(max_size=400))
def test_whatever_a_browser_sends_is_no_error(cookie: str) -> None:
    assert read_cookie(RING, "olga", cookie) is None
