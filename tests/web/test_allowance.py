"""How often one guest may change something."""

from uzel.web import allowance
from uzel.web.allowance import Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_a_day_and_not_one_more() -> None:
    clock = Clock()
    changes = Allowance(3, 100.0, clock)
    assert [changes.take(1) for _ in range(5)] == [True] * 3 + [False] * 2
    assert changes.take(2), "another guest has their own"
    clock.now += 99.9
    assert not changes.take(1)
    clock.now += 0.1
    assert [changes.take(1) for _ in range(4)] == [True] * 3 + [False]


def test_who_asks_in_vain_does_not_wait_longer() -> None:
    clock = Clock()
    changes = Allowance(1, 10.0, clock)
    assert changes.take(1)
    for _ in range(9):
        clock.now += 1
        assert not changes.take(1)
    clock.now += 1
    assert changes.take(1)


def test_it_does_not_grow_without_end() -> None:
    changes = Allowance(1, 10.0, Clock())
    for number in range(allowance.MOST_KEPT + 5):
        assert changes.take(number)
    assert len(changes._used) == allowance.MOST_KEPT
    assert changes.take(0), "the oldest is forgotten"
    assert not changes.take(allowance.MOST_KEPT + 4)
