"""The judge against books kept on paper, step after step."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
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


def books_of(
    *sides: tuple[str, str],
    holds: Sequence[KnownHold] = (),
    stand: Mapping[int, Standing] | None = None,
) -> Judge:
    """A judge over accounts numbered from 1; where none is told, nothing was posted to them and
    they have no floor.
    """
    numbered = dict(enumerate(sides, 1))
    standings = {
        number: Standing(0, sum(it.amount_minor for it in holds if it.account == number))
        for number in numbered
    }
    ground = Ground(numbered, standings | dict(stand or {}), dict.fromkeys(numbered, 0))
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
        pytest.param(
            (Leg(1, MOST_MINOR + 1), Leg(2, -MOST_MINOR), Leg(2, -1)),
            No.OUT_OF_RANGE,
            id="one leg of too much",
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


@pytest.mark.parametrize(
    ("stands", "amount", "refused"),
    [
        pytest.param(Standing(30, 10, 0), 20, None, id="the last of it"),
        pytest.param(Standing(30, 10, 0), 21, No.FUNDS, id="one too many"),
        pytest.param(Standing(0, 0, -5), 5, None, id="all the credit"),
        pytest.param(Standing(0, 0, -5), 6, No.FUNDS, id="more than the credit"),
        pytest.param(Standing(0, 0), 0, No.OUT_OF_RANGE, id="nothing"),
        pytest.param(Standing(0, 0), MOST_MINOR, None, id="as much as can be written"),
        pytest.param(Standing(0, 0), MOST_MINOR + 1, No.OUT_OF_RANGE, id="too much"),
        pytest.param(Standing(9, 1), MOST_MINOR, No.OUT_OF_RANGE, id="held too much"),
        pytest.param(Standing(9, 1), MOST_MINOR - 1, None, id="held as much as can be written"),
        pytest.param(Standing(-1, 0), MOST_MINOR, No.OUT_OF_RANGE, id="available too little"),
        pytest.param(Standing(-1, 0), MOST_MINOR - 1, None, id="as little as can be written"),
    ],
)
def test_a_hold_takes_what_is_available(stands: Standing, amount: int, refused: No | None) -> None:
    judge = books_of(("live", "RUB"), stand={1: stands})
    (verdict,) = judge.judge([Hold("a", "any", 1, amount)])
    after = replace(stands, held_minor=stands.held_minor + amount) if not refused else stands
    assert verdict == Verdict(None if refused else 1, refused, standing=after, before=stands)
    assert judge.writing.is_empty == (refused is not None)


@pytest.mark.parametrize(
    ("stands", "amount", "refused"),
    [
        pytest.param(Standing(30, 10, 0), -20, None, id="the last of it"),
        pytest.param(Standing(30, 10, 0), -21, No.FUNDS, id="what is held is not there"),
        pytest.param(Standing(0, 0, -5), -5, None, id="all the credit"),
        pytest.param(Standing(0, 0, -5), -6, No.FUNDS, id="more than the credit"),
        pytest.param(Standing(-9, 0, 0), 5, None, id="who owes may pay a part"),
        pytest.param(Standing(5, 0), MOST_MINOR - 5, None, id="as much as can be written"),
        pytest.param(Standing(5, 0), MOST_MINOR - 4, No.OUT_OF_RANGE, id="too much"),
        pytest.param(Standing(5, 9), MOST_MINOR - 4, No.OUT_OF_RANGE, id="too much, some held"),
        pytest.param(Standing(-5, 0), 5 - MOST_MINOR, None, id="as little as can be written"),
        pytest.param(Standing(-5, 0), 4 - MOST_MINOR, No.OUT_OF_RANGE, id="too little"),
        pytest.param(Standing(-5, 1), 5 - MOST_MINOR, No.OUT_OF_RANGE, id="available too little"),
    ],
)
def test_a_post_takes_what_is_available(stands: Standing, amount: int, refused: No | None) -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"), stand={1: stands})
    (verdict,) = judge.judge([Post("a", "any", (Leg(1, amount), Leg(2, -amount)))])
    after = replace(stands, posted_minor=stands.posted_minor + amount) if not refused else stands
    assert verdict == Verdict(None if refused else 1, refused, standing=after, before=stands)


def test_who_asks_again_gets_what_was_done_and_nothing_else() -> None:
    judge = books_of(("live", "RUB"), ("live", "RUB"))
    move, other = (Leg(1, -5), Leg(2, 5)), (Leg(1, -6), Leg(2, 6))
    after = Standing(-5, 60)
    first, held, *again = judge.judge(
        [
            Post("a", "any", move),
            Hold("a", "any", 1, 60),
            Post("a", "any", move, "anna"),
            Post("a", "any", other),
            Hold("a", "any", 1, 60),
            Hold("a", "any", 1, 61),
            Hold("a", "any", 2, 60),
            Hold("b", "any", 9, 60),
        ]
    )
    assert first.is_done
    assert held.is_done
    assert again == [
        Verdict(1, repeated=True, standing=after, before=after),
        Verdict(refused=No.CONFLICT, standing=after, before=after),
        Verdict(1, repeated=True, standing=after, before=after),
        Verdict(refused=No.CONFLICT, standing=after, before=after),
        Verdict(refused=No.CONFLICT, standing=Standing(5, 0), before=Standing(5, 0)),
        Verdict(refused=No.ACCOUNT_UNKNOWN),
    ]


def test_money_of_a_hold_is_taken_once_under_its_own_origin() -> None:
    judge = books_of(*[("live", "RUB")] * 3, holds=[KnownHold(7, 1, 10)])
    take, more = (Leg(1, -4), Leg(2, 4)), (Leg(1, -5), Leg(2, 5))
    held, after = Standing(0, 10), Standing(-4, 0)
    verdicts = judge.judge(
        [
            Post("used", "any", (Leg(2, -1), Leg(2, 1))),
            End(7, How.POSTED, Post("used", "any", take)),
            End(7, How.POSTED, Post("other", "any", (Leg(3, -4), Leg(2, 4)))),
            End(7, How.POSTED, Post("a", "any", take)),
            End(7, How.POSTED, Post("a", "any", take)),
            End(7, How.POSTED, Post("a", "any", more)),
            End(7, How.POSTED, Post("b", "any", take)),
            End(7, How.POSTED, Post("used", "any", (Leg(2, -1), Leg(2, 1)))),
            End(7, How.RELEASED),
            End(8, How.RELEASED),
        ]
    )
    ended = Verdict(refused=No.HOLD_ENDED, standing=after, before=after, ended=How.POSTED)
    assert verdicts[1:] == [
        Verdict(refused=No.CONFLICT, standing=held, before=held),
        Verdict(refused=No.TOO_MUCH, standing=held, before=held),
        Verdict(2, standing=after, before=held),
        Verdict(2, repeated=True, standing=after, before=after),
        *[ended] * 4,
        Verdict(refused=No.HOLD_UNKNOWN),
    ]


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
    assert judge.writing.touched == (set() if refused else {1})


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
