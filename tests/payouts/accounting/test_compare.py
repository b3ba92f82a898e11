"""Two books with differences put into them: each is found, under its name, and nothing else is."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.payouts.accounting.compare import Kind, Ours, Theirs, Window, compare
from uzel.payouts.payout import OPEN, State

NOW = datetime(2026, 11, 20, 1, 20, tzinfo=UTC)
LAG, STALE = timedelta(hours=1), timedelta(hours=24)
WEEK = Window(NOW - timedelta(days=7), NOW, NOW, LAG, STALE)
CARD, PHONE, BANK = "220077••••••7079", "+79990000001", "100000000111"
SAYS = {
    State.PROCESSING: "pending",
    State.REVIEW: "manual",
    State.PAID: "succeeded",
    State.FAILED: "failed",
    State.RETURNED: "failed",
}
Pair = tuple[Ours | None, list[Theirs]]


def pair(number: int, state: State, kind: str, age: timedelta) -> tuple[Ours, Theirs]:
    """One payout that both sides have, and say the same of."""
    at = NOW - age
    is_card = kind == "card"
    ours = Ours(
        number, f"po_{number}", f"UZ2MARK{number}", state, 1000 + number, "RUB", kind,
        CARD if is_card else PHONE, None if is_card else BANK, f"their-{number}", at, at,
    )  # fmt: skip
    theirs = Theirs(
        f"their-{number}", ours.mark, "word", SAYS[state], ours.amount_minor, None, kind,
        CARD if is_card else "+7999•••0001", ours.bank, at, at,
    )  # fmt: skip
    return ours, theirs


@dataclass(frozen=True)
class Damage:
    """What is done to a pair, and what has to be found then."""

    name: str
    do: Callable[[Ours, Theirs], Pair]
    kinds: tuple[Kind, ...]


def other_state(ours: Ours, theirs: Theirs) -> Pair:
    wrong = "succeeded" if theirs.meaning != "succeeded" else "failed"
    return ours, [replace(theirs, meaning=wrong)]


def other_target(ours: Ours, theirs: Theirs) -> Pair:
    return ours, [
        replace(theirs, target="220077••••••0000" if theirs.kind == "card" else "+7999•••9")
    ]


def other_id(ours: Ours, theirs: Theirs) -> Pair:
    return ours, [replace(theirs, id=f"{theirs.id}-new")]


DAMAGES = (
    Damage("none", lambda o, t: (o, [t]), ()),
    Damage("nothing is said", lambda o, t: (o, [replace(
        t, reference=None, amount_minor=None, kind=None, target=None, bank=None)]), ()),
    Damage("an older number of theirs is not known yet",
           lambda o, t: (replace(o, provider_id=None), [t]), ()),
    Damage("in roubles", lambda o, t: (o, [replace(t, currency="RUB")]), ()),
    Damage("nobody asked for it", lambda o, t: (None, [t]), (Kind.MISSING_HERE,)),
    Damage("made by hand", lambda o, t: (None, [replace(t, reference=None)]), (Kind.MISSING_HERE,)),
    Damage("no trace of it", lambda o, t: (o, []), (Kind.MISSING_THERE,)),
    Damage("another one's mark", lambda o, t: (o, [replace(t, reference=f"{o.mark}7")]),
           (Kind.MISSING_THERE, Kind.MISSING_HERE)),
    Damage("a kopeck", lambda o, t: (o, [replace(t, amount_minor=o.amount_minor + 1)]),
           (Kind.AMOUNT,)),
    Damage("another currency", lambda o, t: (o, [replace(t, currency="KZT")]), (Kind.CURRENCY,)),
    Damage("another end", other_state, (Kind.STATUS,)),
    Damage("its answer was lost",
           lambda o, t: (replace(o, state=State.UNKNOWN, provider_id=None), [t]), (Kind.STATUS,)),
    Damage("taken back, and paid", lambda o, t: (replace(o, state=State.CANCELLED), [t]),
           (Kind.STATUS,)),
    Damage("twice", lambda o, t: (o, [t, replace(t, id=f"{t.id}-again")]), (Kind.DUPLICATE,)),
    Damage("under another number", other_id, (Kind.DUPLICATE,)),
    Damage("to another one", other_target, (Kind.REQUISITES,)),
    Damage("in another way", lambda o, t: (o, [replace(t, kind="bank_account", target=None)]),
           (Kind.REQUISITES,)),
    Damage("two things at once", lambda o, t: (o, [replace(
        t, amount_minor=1, currency="KZT", bank="100000000004")]),
           (Kind.AMOUNT, Kind.CURRENCY)),
)  # fmt: skip
STATES = st.sampled_from(sorted(SAYS))
AGES = st.sampled_from([timedelta(hours=2), timedelta(hours=23), timedelta(days=3)])


def expected(damage: Damage, ours: Ours, made: Pair) -> Counter[Kind]:
    kinds = Counter(damage.kinds)
    # A card has no bank to differ.
    if damage.name == "two things at once" and ours.kind == "fps":
        kinds[Kind.REQUISITES] += 1
    if damage.name == "no trace of it" and ours.state is State.FAILED:
        kinds[Kind.MISSING_THERE] -= 1
    if damage.name == "another one's mark" and ours.state is State.FAILED:
        kinds[Kind.MISSING_THERE] -= 1
    left = made[0]
    if left is not None and left.state in OPEN and NOW - left.created_at >= STALE:
        kinds[Kind.STALE] += 1
    return +kinds


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(DAMAGES), STATES, st.sampled_from(["card", "fps"]), AGES),
        max_size=12,
    ),
    st.integers(0, 10**6),
)
def test_each_difference_is_found_under_its_name_and_nothing_else(
    drawn: list[tuple[Damage, State, str, timedelta]], seed: int
) -> None:
    ours: list[Ours] = []
    theirs: list[Theirs] = []
    wanted: Counter[tuple[str, Kind]] = Counter()
    for number, (damage, state, kind, age) in enumerate(drawn):
        one, it = pair(number, state, kind, age)
        made = damage.do(one, it)
        ours += [made[0]] if made[0] else []
        theirs += made[1]
        for found, times in expected(damage, one, made).items():
            lonely = found is Kind.MISSING_HERE
            wanted[(it.id if lonely else one.mark, found)] += times
    random.Random(seed).shuffle(ours)
    random.Random(seed).shuffle(theirs)
    result = compare(ours, theirs, WEEK)
    assert Counter((it.subject, it.kind) for it in result.differences) == wanted
    assert result.skipped == set()
    assert result.theirs == len(theirs)


@given(st.sampled_from(DAMAGES), STATES, st.sampled_from(["card", "fps"]))
def test_what_is_young_is_not_judged(damage: Damage, state: State, kind: str) -> None:
    """But for two payments with one mark: that is nothing that time mends."""
    made = damage.do(*pair(1, state, kind, timedelta(minutes=59)))
    result = compare([made[0]] if made[0] else [], made[1], WEEK)
    assert {it.kind for it in result.differences} <= {Kind.DUPLICATE}
    assert result.skipped or result.differences


@pytest.mark.parametrize("moved", [timedelta(minutes=1), timedelta(minutes=59)])
def test_what_has_just_moved_on_one_side_is_not_judged(moved: timedelta) -> None:
    one, it = pair(1, State.PROCESSING, "card", timedelta(hours=5))
    late = replace(it, meaning="succeeded", paid_at=NOW - moved)
    assert compare([one], [late], WEEK).differences == []
    paid = replace(one, state=State.PAID, updated_at=NOW - moved)
    assert compare([paid], [replace(it, paid_at=None)], WEEK).differences == []


def test_what_lies_outside_of_the_window_is_only_a_partner() -> None:
    one, it = pair(1, State.PAID, "card", timedelta(days=8))
    assert compare([one], [], WEEK).differences == []
    assert compare([], [it], WEEK).differences == []
    # Taken in before, and sent within the window: both sides are there.
    late = replace(it, created_at=NOW - timedelta(days=2), amount_minor=1)
    (found,) = compare([one], [late], WEEK).differences
    assert found.kind is Kind.AMOUNT


def test_what_is_open_for_long_is_told_whenever_it_began() -> None:
    one, _ = pair(1, State.PROCESSING, "card", timedelta(days=30))
    (found,) = compare([one], [], WEEK).differences
    assert (found.kind, found.theirs) == (Kind.STALE, ())


def test_a_payout_through_another_connection_is_not_judged() -> None:
    one, it = pair(1, State.PAID, "card", timedelta(days=1))
    assert compare([], [it], WEEK, [one.mark]).differences == []
    unmarked = replace(it, reference=None)
    assert compare([], [unmarked], WEEK, ["their-1"]).differences == []


def test_both_sides_are_added_up_without_what_came_to_nothing() -> None:
    pairs = [
        pair(number, state, "fps", timedelta(hours=5))
        for number, state in enumerate([State.PAID, State.PAID, State.PROCESSING, State.FAILED])
    ]
    found = compare([one for one, _ in pairs], [it for _, it in pairs], WEEK)
    assert (found.ours, found.theirs) == (4, 4)
    assert found.ours_minor == found.theirs_minor == 1000 + 1001 + 1002


def test_what_is_kept_of_a_difference_names_no_phone() -> None:
    one, it = pair(1, State.PAID, "fps", timedelta(days=1))
    assert PHONE not in str(one.seen()) + str(it.seen())
    assert one.seen()["target"] == it.seen()["target"]
