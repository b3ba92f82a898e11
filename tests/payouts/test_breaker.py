"""When payouts hold themselves back: decided by what happened, and by nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from uzel.payouts.breaker import Ending, Outcome, Rules, ends_hold, pause_of, verdict

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
U, R, T = Outcome.UNKNOWN, Outcome.REFUSED, Outcome.TAKEN
RULES = Rules()
ENDINGS = st.lists(
    st.builds(
        Ending,
        st.sampled_from(Outcome),
        st.integers(1, 8),
        st.integers(0, 1500).map(lambda s: NOW - timedelta(seconds=s)),
    ),
    max_size=40,
)


def endings(*said: tuple[Outcome, int], apart_s: int = 1) -> list[Ending]:
    """The newest first."""
    return [
        Ending(outcome, payee, NOW - timedelta(seconds=place * apart_s))
        for place, (outcome, payee) in enumerate(said)
    ]


def test_five_lost_answers_within_ten_minutes() -> None:
    lost = endings(*[(U, 1)] * 4, (T, 2), (U, 1))
    assert verdict(lost, NOW, RULES) is U
    assert verdict(lost[:5], NOW, RULES) is None
    assert verdict(endings(*[(U, 1)] * 5, apart_s=151), NOW, RULES) is None


def test_five_people_refused_in_a_row() -> None:
    people = [(R, payee) for payee in range(5)]
    assert verdict(endings(*people), NOW, RULES) is R
    assert verdict(endings(*people[:4], (T, 9), people[4]), NOW, RULES) is None
    # One who is refused again and again says something of that person only.
    assert verdict(endings(*[(R, 1)] * 30), NOW, RULES) is None
    assert verdict(endings(*people, *people[:2], (T, 9)), NOW, RULES) is R


def test_what_is_off_holds_nothing() -> None:
    off = Rules(most_unknown=0, most_refused=0)
    assert verdict(endings(*[(U, 1)] * 30, *[(R, n) for n in range(30)]), NOW, off) is None


@given(ENDINGS)
def test_more_that_goes_wrong_never_lets_payouts_leave(said: list[Ending]) -> None:
    found = verdict(said, NOW, RULES)
    worse = [Ending(U, 1, NOW), *said]
    assert found is None or verdict(worse, NOW, RULES) is not None
    # The order of the lost ones is of no account, and few of either kind hold nothing.
    lost = sum(it.outcome is U and it.at > NOW - RULES.within for it in said)
    assert (found is U) == (lost >= 5)
    if len({it.payee for it in said if it.outcome is R}) < 5 and lost < 5:
        assert found is None


def test_a_trial_that_is_refused_proves_that_somebody_answers() -> None:
    assert {(why, was) for why in (U, R) for was in Outcome if ends_hold(why, was)} == {
        (U, T), (U, R), (R, T),
    }  # fmt: skip


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [pause_of(RULES, n) // timedelta(minutes=1) for n in (0, 1, 2, 3, 4, 99)]
    assert minutes == [5, 10, 20, 40, 60, 60]
    assert pause_of(Rules(pause=timedelta(hours=3)), 2) == timedelta(hours=3)
