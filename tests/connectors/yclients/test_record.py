"""The fields of a record whose types wander."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.yclients.record import (
    LONGEST_SERVICE,
    code_of,
    regular_of,
    service_of,
    total_in,
)


@pytest.mark.parametrize(
    ("services", "total"),
    [
        ([{"cost": 100}], "100"),
        ([{"cost": 100, "cost_to_pay": 90}], "90"),
        ([{"cost": 100}, {"cost": "50.50"}], "150.50"),
        ([{"cost": 100}, {"title": "без цены"}], None),
        ([{"cost": 100}, {"cost": "x"}], None),
        ([{"cost": 100}, {"cost": "1e5"}], None),
        ([{"cost": -100}], None),
        ([{"cost": True}], None),
        ([{"cost": 0}, {"cost": "0.00"}], None),
        ([], None),
        ([7, None], None),
        ({}, None),
        (None, None),
    ],
)
def test_sums(services: Any, total: str | None) -> None:
    assert total_in({"services": services}) == total


@pytest.mark.parametrize(
    ("titles", "service"),
    [
        (["Стрижка"], "Стрижка"),
        (["Стрижка", "Стрижка", " Укладка "], "Стрижка, Укладка"),
        (["", None, 7], None),
        (["Тон " * 50], "Тон " * 14 + "Тон…"),
        (["А" * 90], "А" * 59 + "…"),
        (["А" * 40, "Б" * 40, "В"], "А" * 40),
        ([], None),
    ],
)
def test_services_are_named_shortly(titles: list[Any], service: str | None) -> None:
    assert service_of({"services": [{"title": title} for title in titles]}) == service


@given(st.lists(st.text(max_size=90), max_size=5))
def test_the_name_of_a_service_fits_into_a_message(titles: list[str]) -> None:
    service = service_of({"services": [{"title": title} for title in titles]})
    assert service is None or 0 < len(service) <= LONGEST_SERVICE


@pytest.mark.parametrize(
    ("visits", "regular"),
    [(0, False), (1, False), (2, True), (-1, None), ("3", None), (True, None)],
)
def test_who_was_here_before(visits: Any, regular: bool | None) -> None:
    assert regular_of(visits) is regular


@pytest.mark.parametrize("value", [None, True, 1.0, "01", "1 ", "+1", "١", "", 10, [], {}])
def test_what_is_no_code(value: Any) -> None:
    assert code_of(value) is None
