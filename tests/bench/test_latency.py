import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.bench.latency import Latencies

DURATIONS = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


def test_percentiles_are_nearest_rank_in_ms() -> None:
    latencies = Latencies(i / 1000 for i in range(100, 0, -1))
    read = [latencies.percentile(percent) for percent in (0, 1, 50, 99, 99.1, 100)]
    assert read == pytest.approx([1, 1, 50, 99, 100, 100])
    assert latencies.mean_ms == pytest.approx(50.5)
    assert latencies.max_ms == pytest.approx(100)
    assert len(latencies) == 100


@given(DURATIONS, st.integers(0, 100))
def test_so_many_stay_at_or_below_and_no_smaller_one_would_do(
    durations: list[float], percent: int
) -> None:
    value = Latencies(durations).percentile(percent)
    in_ms = [duration * 1000 for duration in durations]
    wanted = Fraction(percent * len(durations), 100)
    assert value in in_ms
    assert sum(one <= value for one in in_ms) >= wanted
    assert sum(one < value for one in in_ms) < max(wanted, Fraction(1))


def test_nothing_measured_is_not_zero() -> None:
    empty = Latencies()
    assert math.isnan(empty.percentile(50))
    assert math.isnan(empty.mean_ms)
    assert math.isnan(empty.max_ms)


@pytest.mark.parametrize("percent", [-1, 100.5])
def test_a_percentile_outside_of_0_to_100_is_a_mistake(percent: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        Latencies([1.0]).percentile(percent)
