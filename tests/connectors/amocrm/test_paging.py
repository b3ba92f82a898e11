"""Lists page by page: to the end, to the first old one, and never past what was not looked at."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.paging import CLOCKS_DIFFER_S, MOST_NEW_PAGES, newest, numbered, walk
from uzel.errors import ContractBroken, Rejected

HAL = "application/hal+json"
NOTHING = (204, HAL, b"")
NOW = 1_800_000_000


def page(*entities: dict[str, Any], more: bool = False) -> tuple[int, str, bytes]:
    links = {"self": {"href": "x"}} | ({"next": {"href": "y"}} if more else {})
    content = {"_page": 1, "_links": links, "_embedded": {"leads": entities}}
    return 200, HAL, json.dumps(content).encode()


def lead(number: int, age_s: int = 0, updated_s: int | None = None) -> dict[str, Any]:
    changed_s = age_s if updated_s is None else updated_s
    return {"id": number, "created_at": NOW - age_s, "updated_at": NOW - changed_s}


async def ids(found: AsyncIterator[dict[str, Any]]) -> list[int]:
    return [entity["id"] async for entity in found]


def walked(caller: Any, served: Any, **more: Any) -> list[int]:
    async def all_of(http: Any, config: AmocrmConfig) -> list[int]:
        return await ids(walk(http, config, "/api/v4/leads", "leads", **more))

    found: list[int] = caller(served.config(), all_of)
    return found


def young(caller: Any, served: Any, order: Any, since: int = NOW) -> list[int]:
    async def all_of(http: Any, config: AmocrmConfig) -> list[int]:
        return await ids(newest(http, config, "/api/v4/leads", "leads", order, since))

    found: list[int] = caller(served.config(), all_of)
    return found


def asked(served: Any) -> list[str]:
    return [what.partition("?")[2] for what, _, _ in served.got]


def test_pages_are_read_until_there_is_no_next(caller: Any, served: Any) -> None:
    served.answers = [page(lead(1), lead(2), more=True), page(lead(3))]
    assert walked(caller, served, query={"query": "a b&c"}) == [1, 2, 3]
    assert asked(served) == [
        "query=a+b%26c&limit=250&page=1",
        "query=a+b%26c&limit=250&page=2",
    ]


@pytest.mark.parametrize("answers", [[NOTHING], [page(lead(1), more=True), NOTHING]])
def test_nothing_found_is_the_end(caller: Any, served: Any, answers: list[Any]) -> None:
    served.answers = [*answers]
    assert walked(caller, served) == [1][: len(answers) - 1]
    assert len(served.got) == len(answers)


def test_what_lies_behind_the_last_page_looked_at_is_never_said_not_to_be(
    caller: Any, served: Any
) -> None:
    served.answers = [page(lead(1), more=True)]
    with pytest.raises(Rejected) as caught:
        walked(caller, served, most=3)
    assert (caught.value.code, len(served.got)) == ("too_many_pages", 3)
    served.got.clear()
    with pytest.raises(Rejected):
        young(caller, served, "id")
    assert len(served.got) == MOST_NEW_PAGES


def test_the_first_old_one_ends_a_list_by_creation(caller: Any, served: Any) -> None:
    served.answers = [page(lead(9), lead(8, CLOCKS_DIFFER_S), lead(7, 100, 0), more=True)]
    assert young(caller, served, "created_at") == [9, 8]
    assert asked(served) == ["order%5Bcreated_at%5D=desc&limit=250&page=1"]


def test_a_list_by_id_is_ended_by_a_page_without_anything_young(caller: Any, served: Any) -> None:
    imported, changed = lead(8, 10**6), lead(7, 10**6, updated_s=0)
    old = lead(5, 10**6)
    served.answers = [
        page(lead(9), imported, more=True),
        page(changed, lead(6), more=True),
        page(old, more=True),
    ]
    assert young(caller, served, "id") == [9, 6]
    assert len(served.got) == 3


def test_what_moved_on_to_the_next_page_comes_twice_and_does_no_harm(
    caller: Any, served: Any
) -> None:
    served.answers = [page(lead(9), lead(8), more=True), page(lead(9), lead(8), lead(7))]
    assert young(caller, served, "id") == [9, 8, 9, 8, 7]


@pytest.mark.parametrize(
    ("order", "entities"),
    [("id", (lead(1), lead(2))), ("created_at", (lead(2, 50), lead(1, 0)))],
)
def test_an_order_that_was_ignored_would_hide_the_newest(
    caller: Any, served: Any, order: str, entities: tuple[dict[str, Any], ...]
) -> None:
    served.answers = [page(*entities, more=True)]
    with pytest.raises(ContractBroken, match="порядке"):
        young(caller, served, order)


def test_an_entity_without_a_number_is_a_broken_contract(caller: Any, served: Any) -> None:
    served.answers = [page({"created_at": NOW})]
    with pytest.raises(ContractBroken):
        young(caller, served, "id")


def test_a_list_in_a_query_has_its_positions() -> None:
    assert numbered("filter[entity_id]", [7, 8]) == {
        "filter[entity_id][0]": 7,
        "filter[entity_id][1]": 8,
    }
