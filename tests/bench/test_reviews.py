import json
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_loads import made_load
from uzel.bench import isolation
from uzel.bench.bodies import DeliveryRequests, iiko_order_id, phone_number
from uzel.bench.isolation import Isolation, Reachable, beside, rate_for
from uzel.bench.report import as_json, as_table
from uzel.bench.reviews import LABELS, Plan, run_reviews, sustained
from uzel.bench.visits import Flow, Numbered, first_bytes, slope

COSTS = {name for name in LABELS if name.startswith("cpu_")}
ONLY_IF_IT_HOLDS = COSTS | isolation.LABELS.keys()
REQUESTS = DeliveryRequests(
    host=urlsplit("http://127.0.0.1:8000").netloc,
    path="/api/webhook/iiko?key=k",
    headers={},
    run_id=0,
    occurred_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def made_flow(
    *,
    per_s: float = 100.0,
    first: int = 0,
    acknowledged: list[int] | None = None,
    acknowledged_at: list[float] | None = None,
    delivered: list[tuple[float, int]] | None = None,
    sends: dict[str, list[float]] | None = None,
    by_status: dict[int, int] | None = None,
) -> Flow:
    load = made_load(
        acknowledged=acknowledged, acknowledged_at=acknowledged_at, by_status=by_status
    )
    return Flow(per_s, first, load, delivered or [], sends or {}, unsettled=0)


def flow_of_waits(*waits_s: float) -> Flow:
    """Visits that were acknowledged at 10.0, each with the time until its request was there."""
    return made_flow(
        acknowledged=list(range(len(waits_s))),
        acknowledged_at=[10.0] * len(waits_s),
        sends={phone_number(i): [10.0 + wait_s] for i, wait_s in enumerate(waits_s)},
    )


def isolation_of(before: Flow, hang: Flow, after: Flow, unanswered: int = 7) -> Isolation:
    return Isolation(before, hang, after, 30.26, unanswered, doubled=frozenset(), errors=0)


def steady_flow(seconds: float, per_s: float, delivered_per_s: float, delay_s: float) -> Flow:
    """Visits acknowledged at one rate, delivered from `delay_s` on at another."""
    at = [i / per_s for i in range(round(seconds * per_s))]
    looks = [i * 0.15 for i in range(round(seconds / 0.15))]
    return made_flow(
        per_s=per_s,
        acknowledged=list(range(len(at))),
        acknowledged_at=at,
        delivered=[(t, round(max(0.0, t - delay_s) * delivered_per_s)) for t in looks],
    )


@pytest.mark.long
def test_a_run_sends_every_visit_once_and_hears_of_each(
    capfd: pytest.CaptureFixture[str],
) -> None:
    figures = run_reviews(
        plan=Plan(
            step_s=1.0,
            hold_s=1.0,
            first_byte_s=1.0,
            calm_s=2.0,
            hang_s=1.0,
            first_per_s=20.0,
            most_steps=1,
        )
    )
    assert figures["bench"] == "reviews"
    counts = ("errors", "lost", "doubled", "without_receipt")
    assert {name: figures[name] for name in counts} == dict.fromkeys(counts, 0)
    assert LABELS.keys() - ONLY_IF_IT_HOLDS <= figures.keys()
    assert figures["acknowledged"] >= 50 + 20 + 18, "warm-up, step, hold at least"
    assert figures["steps"][0]["offered_per_s"] == 50
    assert figures["void"] == (figures["visits_per_s"] == 0), "on a busy machine none may hold"
    if not figures["void"]:
        assert 0 <= figures["first_byte_p50_ms"] <= figures["first_byte_p99_ms"]
        assert figures["first_byte_rate_per_s"] < figures["visits_per_s"] < 20
        assert figures.keys() >= ONLY_IF_IT_HOLDS
        assert figures["hang_unanswered"] > 0
        assert figures["hang_s"] >= 1
        assert 0 <= figures["calm_p50_ms"] <= figures["calm_p99_ms"]
        assert 0 <= figures["hang_p50_ms"] <= figures["hang_p99_ms"]
    assert json.loads(as_json(figures)) == figures
    assert "visits, per second" in as_table(figures, LABELS)
    assert "visits per second; about" in capfd.readouterr().err


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_phone_and_no_order_comes_twice_in_a_run(first: int, i: int) -> None:
    request = Numbered(REQUESTS, first)(i)
    assert request == REQUESTS(first + i)
    assert iiko_order_id(first + i).encode() in request
    assert phone_number(first + i).encode() in request


def test_what_was_not_sent_is_lost_and_what_was_sent_twice_doubled() -> None:
    flow = made_flow(
        first=1000,
        acknowledged=[0, 1, 2],
        sends={phone_number(1000): [1.0], phone_number(1002): [1.0, 1.1, 1.2]},
    )
    assert (flow.lost, *flow.doubled) == (1, phone_number(1002))
    assert made_flow(acknowledged=[0], sends={phone_number(0): [1.0]}).lost == 0


def test_the_first_byte_counts_from_the_acknowledgement_and_never_below_nothing() -> None:
    flow = made_flow(
        acknowledged=[0, 1, 2, 3],
        acknowledged_at=[10.0, 11.0, 12.0, 13.0],
        sends={phone_number(0): [10.5, 99.0], phone_number(1): [11.25], phone_number(2): [11.9]},
    )
    measured = first_bytes(flow)
    assert len(measured) == 3, "what was never sent has no first byte"
    assert measured.percentile(1) == 0
    assert measured.percentile(50) == 250
    assert measured.max_ms == 500
    assert len(first_bytes(flow, flow)) == 6


def test_the_hang_is_set_against_both_calm_times() -> None:
    seen = isolation_of(flow_of_waits(0.25), flow_of_waits(0.5, 0.125), flow_of_waits(0.125))
    assert seen.figures() == {
        "calm_p50_ms": 125.0,
        "calm_p99_ms": 250.0,
        "hang_p50_ms": 125.0,
        "hang_p99_ms": 500.0,
        "hang_ratio": 2.0,
        "calm_ratio": 0.5,
        "hang_s": 30.3,
        "hang_unanswered": 7,
        "isolation_rate_per_s": 100.0,
    }
    assert [*map(id, seen.flows)] == [*map(id, (seen.before, seen.hang, seen.after))]
    assert seen.void_because == []


def test_where_nothing_took_time_there_is_no_ratio() -> None:
    figures = isolation_of(flow_of_waits(0), flow_of_waits(1), flow_of_waits(0)).figures()
    assert (figures["hang_ratio"], figures["calm_ratio"]) == (None, None)


def test_a_hang_that_met_nobody_shows_nothing() -> None:
    flow = flow_of_waits(0.1)
    assert isolation_of(flow, flow, flow, unanswered=0).void_because


@given(st.floats(20, 10**5))
def test_isolation_is_measured_far_below_what_holds(visits_per_s: float) -> None:
    per_s = rate_for(visits_per_s)
    assert 0 < per_s <= isolation.PER_S
    assert 1 <= beside(per_s) <= visits_per_s / 2 - per_s


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_neighbour_writes_only_to_phones_its_provider_reaches(first: int, i: int) -> None:
    request = Reachable(REQUESTS, first)(i)
    phone = re.search(rb"\+7999[0-9]{7}", request)
    assert phone and int(phone[0][-2:]) < 94, "from there on it refuses or fails"
    assert request != Reachable(REQUESTS, first)(i + 1)


@given(st.floats(4, 20), st.floats(50, 1000), st.floats(0.1, 1.5))
def test_a_backlog_of_constant_size_is_sustained(
    seconds: float, per_s: float, delay_s: float
) -> None:
    flow = steady_flow(seconds, per_s, per_s, delay_s)
    assert sustained(flow)
    assert flow.kept_up_per_s == pytest.approx(per_s, rel=0.1)


@given(st.floats(4, 20), st.floats(50, 1000), st.floats(0.1, 1.5), st.floats(0.2, 0.8))
def test_a_backlog_that_grows_is_not(
    seconds: float, per_s: float, delay_s: float, share: float
) -> None:
    flow = steady_flow(seconds, per_s, per_s * share, delay_s)
    assert not sustained(flow)
    assert flow.kept_up_per_s == pytest.approx(per_s * share, rel=0.1, abs=2)


def test_a_visit_that_was_not_taken_in_is_not_sustained_either() -> None:
    assert sustained(made_flow(by_status={200: 9}))
    assert not sustained(made_flow(by_status={200: 9, 503: 1}))


@given(
    st.floats(-1000, 1000),
    st.floats(-1000, 1000),
    st.lists(st.integers(0, 1000), min_size=2, max_size=30, unique=True),
)
def test_the_slope_of_a_line_is_found(rise: float, start: float, xs: list[int]) -> None:
    points = [(float(x), round(start + rise * x)) for x in xs]
    spread = max(xs) - min(xs)
    assert slope(points) == pytest.approx(rise, abs=2 / spread * len(xs))


def test_too_few_points_have_no_slope() -> None:
    assert slope([]) == slope([(1.0, 5)]) == slope([(1.0, 5), (1.0, 9)]) == 0


@given(st.floats(1, 1000))
def test_a_short_run_is_long_enough_to_show_something(total_s: float) -> None:
    plan = Plan.of(total_s)
    assert min(plan.step_s, plan.first_byte_s, plan.calm_s / 2, plan.hang_s) >= 2
    assert plan.hold_s >= plan.step_s
