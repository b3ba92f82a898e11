"""The judge against books kept on paper, step after step."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger_books import ACCOUNTS, Books, accounts, amounts, legs, origins
from uzel.ledger.command import Command, End, Hold, How, Leg, No, Post, Standing, Verdict
from uzel.ledger.judge import Ground, Judge, KnownHold, opposite
from uzel.model.currency import MOST_MINOR

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
        stood = self.books.standing(self.books.decider(command))
        repeats = self.books.number(command) if expected is None else None
        (verdict,) = judge.judge([command])
        assert verdict.refused is expected, (command, verdict, expected)
        assert verdict.repeated == (repeats is not None)
        assert verdict.before == stood
        if verdict.is_done:
            assert verdict.number is not None
            if not verdict.repeated:
                self.books.do(command, verdict.number)
            assert verdict.number == self.books.number(command)
        else:
            assert verdict.number is None
        assert verdict.standing == self.books.standing(self.books.decider(command))
        if isinstance(command, End) and expected is No.HOLD_ENDED:
            assert verdict.ended is self.books.ends[command.hold].how
        else:
            assert verdict.ended is None
        if verdict.refused or verdict.repeated:
            assert judge.writing.is_empty
            assert (self.ground, self.books.posted) == before
        self.postings += judge.writing.postings
        last = {posting[2]: place for place, posting in enumerate(judge.writing.postings)}
        assert judge.writing.closing() == [
            "t" if last[posting[2]] == place else "f"
            for place, posting in enumerate(judge.writing.postings)
        ]

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

    @rule(number=st.integers(1, 12), origin=origins, other=st.none() | legs())
    def take_back(self, number: int, origin: str, other: Any) -> None:
        known = self.books.entries.get(number)
        taken = opposite(known.legs) if known and other is None else other
        if taken is not None:
            self.step(Post(origin, "any", taken, reverses=number))

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


AT = datetime(2026, 11, 20, tzinfo=UTC)
FULL = (Leg(1, MOST_MINOR), Leg(2, -MOST_MINOR))


def books_of(*sides: tuple[str, str], holds: Sequence[KnownHold] = ()) -> Judge:
    """A judge over accounts without floors, numbered from 1, with nothing posted to them."""
    numbered = dict(enumerate(sides, 1))
    standings = {
        number: Standing(0, sum(it.amount_minor for it in holds if it.account == number))
        for number in numbered
    }
    ground = Ground(numbered, standings, dict.fromkeys(numbered, 0))
    ground.holds = {it.id: it for it in holds}
    return Judge(ground, count(1), count(1))


@pytest.mark.parametrize(
    ("legs", "refused"),
    [
        pytest.param((), No.UNBALANCED, id="no legs"),
        pytest.param((Leg(1, 5),), No.UNBALANCED, id="one leg"),
        pytest.param((Leg(1, -5), Leg(3, 5)), No.UNBALANCED, id="from one book to another"),
        pytest.param((Leg(1, -5), Leg(2, 5), Leg(3, -7), Leg(4, 7)), No.UNBALANCED, id="two books"),
        pytest.param((Leg(1, 0), Leg(2, 0)), No.OUT_OF_RANGE, id="nothing"),
        pytest.param(FULL, None, id="as much as can be written"),
        pytest.param((*FULL, *FULL), No.OUT_OF_RANGE, id="twice as much"),
        pytest.param(
            (Leg(1, MOST_MINOR + 1), Leg(2, -MOST_MINOR - 1)), No.OUT_OF_RANGE, id="too much"
        ),
        pytest.param((Leg(1, 0), Leg(9, 0)), No.ACCOUNT_UNKNOWN, id="nobody's account"),
    ],
)
def test_an_entry_is_one_move_inside_one_book(legs: tuple[Leg, ...], refused: No | None) -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"), ("test", "RUB"), ("test", "RUB"))
    (verdict,) = judge.judge([Post("a", "any", legs)])
    assert verdict.refused is refused
    assert judge.writing.is_empty == (refused is not None)
    stood = Standing(0, 0) if legs else None
    assert verdict.before == stood
    if refused:
        assert verdict.standing == stood


def test_all_that_was_told_is_written() -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"))
    judge.judge(
        [
            Hold("h", "payment", 1, 60, AT, {"order": 1}),
            Hold("i", "payment", 1, 5),
            Post("p", "top_up", (Leg(2, -9), Leg(1, 9)), "anna", "asked", None, {"paid": "cash"}),
            Post("r", "reversal", (Leg(2, 9), Leg(1, -9)), "boris", "typo", 1),
            End(1, How.POSTED, Post("e", "fee", (Leg(1, -40), Leg(2, 40))), "clara", "done"),
            End(2, How.RELEASED, None, "dora", "late"),
        ]
    )
    writing = judge.writing
    assert writing.holds == [
        (1, 1, 60, "payment", "h", AT, {"order": 1}),
        (2, 1, 5, "payment", "i", None, None),
    ]
    assert writing.entries == [
        (1, "top_up", "p", "anna", "asked", None, {"paid": "cash"}),
        (2, "reversal", "r", "boris", "typo", 1, None),
        (3, "fee", "e", None, None, None, None),
    ]
    assert writing.postings == [
        (1, 0, 2, -9, -9, 1), (1, 1, 1, 9, 9, 1),
        (2, 0, 2, 9, 0, 2), (2, 1, 1, -9, 0, 2),
        (3, 0, 1, -40, -40, 3), (3, 1, 2, 40, 40, 3),
    ]  # fmt: skip
    assert writing.ends == [
        (1, How.POSTED, 40, 3, "clara", "done"),
        (2, How.RELEASED, 0, None, "dora", "late"),
    ]
    assert writing.touched == {1, 2}


@pytest.mark.parametrize(
    ("how", "taken", "refused"),
    [
        (How.EXPIRED, None, None),
        (How.RELEASED, None, No.HOLD_EXPIRED),
        (How.POSTED, 10, No.HOLD_EXPIRED),
        (How.POSTED, None, No.UNBALANCED),
        (How.EXPIRED, 10, No.UNBALANCED),
    ],
)
def test_a_hold_that_is_over_only_expires(how: How, taken: int | None, refused: No | None) -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"), holds=[KnownHold(7, 1, 10, expired=True)])
    take = Post("a", "any", (Leg(1, -taken), Leg(2, taken))) if taken else None
    (verdict,) = judge.judge([End(7, how, take)])
    held = Standing(0, 10)
    after = held if refused else Standing(0, 0)
    assert verdict == Verdict(None if refused else 7, refused, standing=after, before=held)


@pytest.mark.parametrize(
    ("how", "taken", "refused"),
    [
        (How.POSTED, 1, None),
        (How.POSTED, 10, None),
        (How.POSTED, 11, No.TOO_MUCH),
        (How.POSTED, -1, No.TOO_MUCH),
        (How.RELEASED, None, None),
        (How.RELEASED, 1, No.UNBALANCED),
        (How.EXPIRED, None, No.HOLD_OPEN),
    ],
)
def test_a_hold_ends_once_and_gives_at_most_what_it_holds(
    how: How, taken: int | None, refused: No | None
) -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"), holds=[KnownHold(7, 1, 10)])
    take = Post("a", "any", (Leg(1, -taken), Leg(2, taken))) if taken else None
    first, again, other = judge.judge([End(7, how, take), End(7, how, take), End(7, How.EXPIRED)])
    assert (first.refused, again.refused) == (refused, refused)
    assert again.repeated == (refused is None)
    assert (again.standing, again.number) == (first.standing, first.number)
    if refused is None:
        assert (other.refused, other.ended) == (No.HOLD_ENDED, how)
        assert first.standing == Standing(-(taken or 0), 0)
    else:
        assert first.standing == first.before == Standing(0, 10)


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
