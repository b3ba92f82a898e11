"""How many wrong tokens are looked at: few from one sender, some from all; good ones get in."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_client import API, Client, add_client, partner_web
from running_web import WebApp
from uzel.web.partner.wrong_tokens import MOST_KEPT, WrongTokens


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guess(it: WrongTokens, token: str, address: str) -> int:
    wait_s = it.take(token, address)
    if not wait_s:
        it.bad(token, address)
    return wait_s


def test_a_sender_waits_after_some_and_others_do_not() -> None:
    clock = Clock()
    it = WrongTokens(5, 100, clock)
    waits = [guess(it, f"t{n}", "192.0.2.1") for n in range(7)]
    assert waits == [0] * 5 + [12, 12]
    assert guess(it, "t", "192.0.2.2") == 0
    clock.now = 12.0
    assert [guess(it, "t", "192.0.2.1") for _ in range(2)] == [0, 12]


def test_all_together_wait_too_and_who_is_known_does_not() -> None:
    it = WrongTokens(5, 50, Clock())
    assert it.take("good", "192.0.2.200") == 0
    it.good("good", "192.0.2.200")
    refused = [guess(it, "t", f"192.0.2.{n}") for n in range(100)]
    assert refused.count(0) == 50
    assert it.take("good", "192.0.2.200") == 0
    # Known is a token from a sender: elsewhere it is looked at like any other.
    assert it.take("good", "192.0.2.201") > 0
    assert it.take("other", "192.0.2.200") > 0


def test_guesses_made_at_once_count_and_one_token_at_once_is_one_guess() -> None:
    it = WrongTokens(5, 50, Clock())
    assert [it.take(f"t{n}", "192.0.2.1") for n in range(6)][5] > 0
    many = WrongTokens(5, 50, Clock())
    assert [many.take("the same", "192.0.2.1") for _ in range(100)] == [0] * 100
    for _ in range(100):
        many.good("the same", "192.0.2.1")
    assert [many.take(f"t{n}", "192.0.2.1") for n in range(6)].count(0) == 5


def test_what_nobody_could_tell_does_not_count() -> None:
    it = WrongTokens(2, 50, Clock())
    for n in range(10):
        assert it.take(f"t{n}", "192.0.2.1") == 0
        it.unknown(f"t{n}", "192.0.2.1")


def test_a_network_of_ipv6_is_one_sender() -> None:
    it = WrongTokens(3, 50, Clock())
    waits = [guess(it, f"t{n}", f"2001:db8::{n:x}") for n in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert min(waits[3:]) > 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.booleans())))
def test_never_more_wrong_ones_than_the_buckets_hold(
    steps: list[tuple[str, str, bool]],
) -> None:
    it, looked = WrongTokens(4, 9, Clock()), Counter[str]()
    for token, address, can_tell in steps:
        if it.take(token, address) == 0:
            looked[address] += can_tell
            (it.bad if can_tell else it.unknown)(token, address)
    assert looked.total() <= 9
    assert all(count <= 4 for count in looked.values())


def test_it_forgets_who_asked_long_ago() -> None:
    it = WrongTokens(5, 10**9, Clock())
    for n in range(MOST_KEPT + 10):
        guess(it, "t", str(n))
    assert len(it._senders) == MOST_KEPT
    assert it._asked == set()


@pytest.fixture
def app(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with partner_web(dsn, tmp_path_factory.mktemp("wrong")) as running:
        running.deps.partners.gate.wrong = WrongTokens(5, 100)
        yield running


def test_both_doors_say_429_and_let_in_who_is_known(app: WebApp) -> None:
    it, late = add_client(app), add_client(app)
    assert it.act("get_balance").status_code == 200
    wrong = Client(app, 0, "", "", "no-such-token", 0)
    said = [wrong.act("get_balance").status_code for _ in range(6)]
    assert said == [401] * 5 + [429]
    answer = wrong.v1("GET", "/balance")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 12
    old = wrong.act("get_balance")
    assert (old.json()["error_code"], old.headers["retry-after"]) == ("rate_limited", "12")
    # A known one goes on; one that was never here waits like everybody.
    assert it.act("get_balance").status_code == 200
    assert it.v1("GET", "/balance").status_code == 200
    assert late.act("get_balance").status_code == 429
    # No token at all is no guess.
    assert app.client.post(API, data={"action": "get_balance"}).status_code == 401
