"""The judge against books kept on paper, step after step."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger_books import ACCOUNTS, Books, accounts, amounts, legs, origins
from uzel.ledger.command import Command, End, Hold, How, Post, Standing
from uzel.ledger.judge import Ground, Judge, opposite

CURRENCIES = {number: currency for number, (_, currency, _) in enumerate(ACCOUNTS, 1)}
FLOORS = {number: floor for number, (_, _, floor) in enumerate(ACCOUNTS, 1)}


class Steps(RuleBasedStateMachine):
    """One command after the other; after each, what must hold of every ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books(FLOORS, CURRENCIES)
        self.ground = Ground(
            {number: ("live", currency) for number, currency in CURRENCIES.items()},
            {number: Standing(0, 0, floor) for number, floor in FLOORS.items()},
            dict.fromkeys(FLOORS, 0),
        )
        self.numbers: Iterator[int] = count(1)
        self.hold_numbers: Iterator[int] = count(1)
        self.postings: list[tuple[Any, ...]] = []

    def step(self, command: Command) -> None:
        expected = self.books.says(command)
        before = deepcopy((self.ground, self.books.posted))
        judge = Judge(self.ground, self.numbers, self.hold_numbers)
        (verdict,) = judge.judge([command])
        assert verdict.refused is expected, (command, verdict, expected)
        if verdict.is_done:
            assert verdict.number is not None
            if not verdict.repeated:
                self.books.do(command, verdict.number)
        if verdict.refused or verdict.repeated:
            assert judge.writing.is_empty
            assert (self.ground, self.books.posted) == before
        self.postings += judge.writing.postings

    @rule(origin=origins, legs=legs())
    def post(self, origin: str, legs: Any) -> None:
        self.step(Post(origin, "any", legs))

    @rule(origin=origins.map(lambda o: f"h-{o}"), account=accounts, amount=amounts)
    def hold(self, origin: str, account: int, amount: int) -> None:
        self.step(Hold(origin, "any", account, amount))

    @rule(hold=st.integers(1, 8), how=st.sampled_from(How), origin=origins, data=st.data())
    def end(self, hold: int, how: How, origin: str, data: Any) -> None:
        owner = self.books.open.get(hold, (None, 0))[0]
        takes = how is How.POSTED and data.draw(st.integers(0, 9)) > 0
        post = Post(origin, "any", data.draw(legs(owner))) if takes else None
        self.step(End(hold, how, post))

    @rule(number=st.integers(1, 12), origin=origins)
    def take_back(self, number: int, origin: str) -> None:
        known = self.books.entries.get(number)
        if known is not None:
            self.step(Post(origin, "any", opposite(known.legs), reverses=number))

    @invariant()
    def money_is_neither_made_nor_lost(self) -> None:
        for currency in set(CURRENCIES.values()):
            standings = self.ground.standings.items()
            assert not sum(s.posted_minor for n, s in standings if CURRENCIES[n] == currency)

    @invariant()
    def standings_are_those_of_the_books(self) -> None:
        for number, standing in self.ground.standings.items():
            assert standing.posted_minor == self.books.posted.get(number, 0)
            assert standing.held_minor == self.books.held(number)
            floor = standing.floor_minor
            assert floor is None or standing.available_minor >= floor

    @invariant()
    def running_balances_run(self) -> None:
        balances: dict[int, tuple[int, int]] = {}
        for _, _, account, amount, balance, version in self.postings:
            last, number = balances.get(account, (0, 0))
            assert (balance, version) == (last + amount, number + 1)
            balances[account] = (balance, version)


@pytest.mark.parametrize(
    ("runs", "steps"), [(60, 60), pytest.param(1000, 500, marks=pytest.mark.long)]
)
def test_every_step_is_as_in_the_books(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        Steps,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
