"""One box for whatever a person has at hand."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reading import Reading
from sample_data import ORGANIZATION, order_id
from uzel import views


def found(reading: Reading, text: str) -> list[tuple[str, int]]:
    return [(hit.kind, hit.id) for hit in reading(lambda pool: views.search(pool, text))]


@pytest.mark.parametrize(
    "text", ["+79990000101", "8 (999) 000-01-01", "9990000101", " 7 999 000 01 01 "]
)
def test_a_phone_in_any_spelling(sample: Reading, text: str) -> None:
    hits = found(sample, text)
    assert hits[0] == ("message", 2)
    assert [kind for kind, _ in hits[1:]] == ["event", "event"]


@pytest.mark.parametrize("text", ["107", "заказ 107", "  заказ   107 "])
def test_an_order_number(sample: Reading, text: str) -> None:
    (hit,) = sample(lambda pool: views.search(pool, text))
    assert (hit.kind, hit.title) == ("event", "заказ 107")
    assert hit.subtitle == "visit.completed · skip · phone_landline"


def test_the_words_before_a_number_count(sample: Reading) -> None:
    assert found(sample, "бронь 107") == []


def test_the_order_number_comes_before_ids(sample: Reading) -> None:
    assert found(sample, "5") == [("event", 5), ("message", 5), ("call", 5), ("raw_event", 5)]


@pytest.mark.parametrize("visit", [order_id(106), f"{ORGANIZATION}:{order_id(106)}"])
def test_a_visit_nothing_followed_from(sample: Reading, visit: str) -> None:
    (hit,) = sample(lambda pool: views.search(pool, visit))
    assert (hit.kind, hit.title) == ("event", "заказ 106")


def test_the_right_order_of_another_organization_is_another(sample: Reading) -> None:
    assert found(sample, f"somebody:{order_id(106)}") == []


def test_the_key_of_an_event(sample: Reading) -> None:
    key = sample(lambda pool: pool.fetchval("select key from event where id = 1"))
    assert found(sample, key) == [("event", 1)]


def test_the_reference_of_the_provider(sample: Reading) -> None:
    reference = sample(lambda pool: pool.fetchval("select reference from message where id = 2"))
    assert set(found(sample, reference)) == {("message", 2), ("event", 4)}


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("event 4", [("event", 4)]),
        ("Событие №4", [("event", 4)]),
        ("message:2", [("call", 2), ("message", 2)]),
        ("call #3", [("call", 3)]),
        ("raw-9", [("raw_event", 9)]),
        ("raw_event 9", [("raw_event", 9)]),
        ("запрос 9", [("raw_event", 9)]),
        ("event 99999", []),
        ("99999999999999999999999999", []),
        ("9223372036854775808", []),
        ("", []),
        ("   ", []),
        ("x" * 300, []),
    ],
)
def test_ids(sample: Reading, text: str, hits: list[tuple[str, int]]) -> None:
    assert found(sample, text) == hits


def test_a_request_id_leads_to_its_calls(sample: Reading) -> None:
    assert set(found(sample, "raw-1")) == {("raw_event", 1), ("call", 1), ("call", 2)}


def test_a_digest(sample: Reading) -> None:
    digest = sample(lambda pool: pool.fetchval("select digest from raw_event where id = 9"))
    assert found(sample, digest.hex()) == [("raw_event", 9)]
    assert found(sample, digest.hex().upper()) == [("raw_event", 9)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(sample: Reading, text: str) -> None:
    hits = found(sample, text)
    assert len(hits) == len(set(hits)) <= 200
