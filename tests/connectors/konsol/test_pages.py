"""Lists in shapes that nobody confirmed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.konsol.arguments import to_card
from uzel.connectors.konsol.pages import ENOUGH_FALLS, MOST_PAGES, Order, list_in
from uzel.errors import CallFailed, ContractBroken

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def entry(number: int, minutes_ago: float | None = None) -> dict[str, Any]:
    """A payment without ours in it."""
    at = NOW - timedelta(minutes=number if minutes_ago is None else minutes_ago)
    purpose = f"Зарплата {number}"
    return {"id": f"payment-{number:04d}", "purpose": purpose, "created_at": at.isoformat()}


def read(client: Any, provider: Any, since: datetime | None = None) -> tuple[list[str], bool]:
    data = client.run(provider.config(), "payments", since=since and since.isoformat()).data
    return [payment["id"] for payment in data["payments"]], data["complete"]


def ids(numbers: range) -> list[str]:
    return [f"payment-{number:04d}" for number in numbers]


@pytest.mark.parametrize("shape", ["items", "data", "nested", "bare"])
@pytest.mark.parametrize("next_page", ["header", "total", "nobody"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_every_shape_of_the_sandbox_is_read_to_its_end(
    client: Any, company: Any, shape: str, next_page: str, newest_first: bool
) -> None:
    company.settings(list_shape=shape, next_page=next_page, newest_first=newest_first, most_per=2)
    made = [client.run(company.config, "create_payment", **to_card()).reference for _ in range(5)]
    data = client.run(company.config, "payments", since=None).data
    listed = [payment["id"] for payment in data["payments"]]
    assert listed == (made[::-1] if newest_first else made)
    assert data["complete"] is True


@pytest.mark.parametrize("name", ["items", "data", "payments", "results"])
def test_a_page_may_call_its_list_by_several_names(client: Any, provider: Any, name: str) -> None:
    provider.says({name: [entry(1)]}, x_has_next_page="true")
    provider.says({name: [entry(2)]}, x_has_next_page="false")
    assert read(client, provider) == (ids(range(1, 3)), True)
    targets = [target for _, target, _ in provider.asked]
    assert targets == [f"/api/v1/payments?page={page}&per=100" for page in (1, 2)]


def test_without_a_word_on_pages_the_list_ends_with_an_empty_one(
    client: Any, provider: Any
) -> None:
    provider.says([entry(1), entry(2)])
    provider.says([entry(2), entry(3)])
    provider.says([])
    assert read(client, provider) == (ids(range(1, 4)), True)


def test_a_server_that_knows_no_pages_may_leave_something_out(client: Any, provider: Any) -> None:
    provider.says([entry(1), entry(2)])
    assert read(client, provider) == (ids(range(1, 3)), False)
    assert len(provider.asked) == 2


def test_a_page_that_never_changes_under_a_promise_of_more_is_not_the_end(
    client: Any, provider: Any
) -> None:
    provider.says([entry(1)], x_has_next_page="true")
    assert read(client, provider) == (ids(range(1, 2)), False)


def test_an_empty_page_before_the_total_is_not_the_end(client: Any, provider: Any) -> None:
    provider.says({"items": [entry(1)], "total": 3})
    provider.says({"items": [], "total": 3})
    assert read(client, provider) == (ids(range(1, 2)), False)


def test_a_list_without_end_is_left(client: Any, provider: Any) -> None:
    for number in range(MOST_PAGES + 10):
        provider.says([entry(number)])
    names, complete = read(client, provider)
    assert (len(names), complete, len(provider.asked)) == (MOST_PAGES, False, MOST_PAGES)


def test_a_list_that_goes_back_in_time_is_read_to_the_moment(client: Any, provider: Any) -> None:
    provider.says([entry(number) for number in range(20)], x_has_next_page="true")
    since = NOW - timedelta(minutes=10)
    names, complete = read(client, provider, since)
    assert (names, complete, len(provider.asked)) == (ids(range(20)), True, 1)


@pytest.mark.parametrize(
    "minutes_ago",
    [
        [60 - number for number in range(20)],  # oldest first
        [50] * 20,  # all at once
        [50],
        [50, 51, 52],
        [*range(50, 69), 20],  # one out of order
        [*range(40, 60)][::-1],
    ],
)
def test_old_entries_are_no_end_where_their_order_proves_nothing(
    client: Any, provider: Any, minutes_ago: list[float]
) -> None:
    page = [entry(100 + place, ago) for place, ago in enumerate(minutes_ago)]
    provider.says(page, x_has_next_page="true")
    provider.says([entry(1, 1)], x_has_next_page="false")
    names, complete = read(client, provider, NOW - timedelta(minutes=30))
    assert names[-1] == "payment-0001"
    assert complete is True


def test_an_entry_without_a_time_may_be_of_any_time(client: Any, provider: Any) -> None:
    page = [entry(number) for number in range(20, 40)]
    provider.says([*page, {"id": "payment-9999"}], x_has_next_page="true")
    provider.says([entry(1)], x_has_next_page="false")
    names, _ = read(client, provider, NOW - timedelta(minutes=10))
    assert names[-1] == "payment-0001"


@pytest.mark.parametrize(
    "content",
    [{}, {"items": None}, {"data": {"x": []}}, [1], [{}], [{"id": "x"}], {"success": True}],
)
def test_what_is_no_list_is_not_an_empty_one(client: Any, provider: Any, content: Any) -> None:
    provider.says(content)
    with pytest.raises(ContractBroken):
        read(client, provider)


def test_an_error_on_a_later_page_is_an_error(client: Any, provider: Any) -> None:
    provider.says([entry(1)], x_has_next_page="true")
    provider.says({"success": False, "errors": ["page is too large"]})
    with pytest.raises(CallFailed, match="page is too large"):
        read(client, provider)


def test_a_list_may_lie_two_objects_deep() -> None:
    assert list_in({"data": {"items": [1]}}) == [1]
    assert list_in({"data": {"items": {"data": [1]}}}) is None
    assert list_in("x") is None


@given(st.lists(st.integers(0, 100), max_size=60), st.integers(0, 100))
def test_the_moment_is_passed_only_by_a_proved_descent(minutes: list[int], since: int) -> None:
    order = Order()
    order.add([entry(place, ago) for place, ago in enumerate(minutes)])
    if order.is_past(NOW - timedelta(minutes=since)):
        assert minutes == sorted(minutes)
        assert len(set(minutes)) > ENOUGH_FALLS
        assert minutes[-1] > since
