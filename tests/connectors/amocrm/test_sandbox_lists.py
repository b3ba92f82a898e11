"""Lists in pages, without totals; orders, filters, and doors that are none."""

from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.amocrm.sandbox_api import LEAD_ID, ORDER_FIELD, WAY_FIELD, Api


@pytest.fixture
def api(control: httpx2.Client) -> Api:
    return Api(control)


@pytest.fixture(scope="module")
def hundred(sandbox: str) -> Api:
    """An account with a hundred deals beside the first."""
    api = Api(httpx2.Client(base_url=sandbox), "account-of-a-hundred")
    api.made("/leads", "leads", *[{"name": f"deal {nth}", "price": nth} for nth in range(100)])
    return api


def walked(api: Api, path: str, name: str) -> list[dict[str, Any]]:
    """All entities, by `_links.next` from the first page on."""
    found: list[dict[str, Any]] = []
    href: str | None = f"{api.control.base_url}/amocrm/api/v4{path}"
    while href:
        page = api.control.get(href, headers={"authorization": f"Bearer {api.token}"}).json()
        found += page["_embedded"][name]
        href = page["_links"].get("next", {}).get("href")
    return found


@settings(max_examples=15, deadline=None)
@given(limit=st.integers(1, 120), order=st.sampled_from(["id", "updated_at", "created_at"]))
def test_the_next_links_lead_to_everything_once(hundred: Api, limit: int, order: str) -> None:
    found = walked(hundred, f"/leads?limit={limit}&order[{order}]=desc&with=contacts", "leads")
    ids = [it["id"] for it in found]
    assert len(ids) == 101 and ids == sorted(ids, reverse=True)
    assert "contacts" in found[-1]["_embedded"]


def test_a_page_says_no_total_and_where_the_others_are(hundred: Api) -> None:
    page = hundred.get("/leads", limit=40, page=2).json()
    assert set(page) == {"_page", "_links", "_embedded"}
    assert (page["_page"], set(page["_links"])) == (2, {"self", "next", "first", "prev"})
    assert set(hundred.get("/leads", limit=40, page=3).json()["_links"]) == {
        "self",
        "first",
        "prev",
    }
    assert hundred.get("/leads", limit=40, page=4).status_code == 204
    assert set(hundred.get("/leads", limit=40).json()["_links"]) == {"self", "next"}


@pytest.mark.parametrize(("limit", "number"), [(None, 50), ("1000", 101), ("0", 50), ("x", 50)])
def test_a_page_has_fifty_unless_more_are_asked_for(
    hundred: Api, limit: str | None, number: int
) -> None:
    query = {} if limit is None else {"limit": limit}
    assert len(hundred.found("/leads", "leads", **query)) == number


def test_an_answer_without_anything_is_204_without_a_body(api: Api) -> None:
    for path in ("/companies", "/tasks", "/leads/tags", "/leads/notes", "/contacts?query=nobody"):
        answered = api.get(path)
        assert (answered.status_code, answered.content) == (204, b""), path


def test_a_list_is_in_order_by_id_and_by_what_may_be_asked_for(api: Api) -> None:
    first, second = api.made("/leads", "leads", {"created_at": 2000000000}, {"created_at": 5})

    def ids(**query: str) -> list[int]:
        return [it["id"] for it in api.found("/leads", "leads", **query)]

    assert ids() == [LEAD_ID, first, second]
    assert ids(**{"order[id]": "desc"}) == [second, first, LEAD_ID]
    assert ids(**{"order[created_at]": "asc"}) == [second, LEAD_ID, first]
    assert ids(**{"order[price]": "desc"}) == ids()
    made = [api.contact(created_at=nth) for nth in (7, 5, 6)]
    # Contacts can be ordered by their ids and changes, not by when they were made.
    contacts = api.found("/contacts", "contacts", **{"order[created_at]": "desc"})
    assert [it["id"] for it in contacts][1:] == made


def test_a_filter_is_ignored_unless_it_was_paid_for(api: Api) -> None:
    won = api.lead(name="a", status_id=142, price=7)
    fields = [
        {"field_id": ORDER_FIELD, "values": [{"value": "77"}]},
        {"field_id": WAY_FIELD, "values": [{"value": "Курьер"}]},
    ]
    coded = api.lead(name="b", price=900, custom_fields_values=fields)
    asked: list[tuple[dict[str, Any], list[int]]] = [
        ({f"filter[custom_fields_values][{ORDER_FIELD}][]": "77"}, [coded]),
        ({f"filter[custom_fields_values][{ORDER_FIELD}][]": "7"}, []),
        ({f"filter[custom_fields_values][{WAY_FIELD}][0]": "931001"}, [coded]),
        ({"filter[id]": str(won)}, [won]),
        ({"filter[id][0]": str(won), "filter[id][1]": str(coded)}, [won, coded]),
        ({"filter[price][from]": "5", "filter[price][to]": "900"}, [won, coded]),
        (
            {
                "filter[statuses][0][pipeline_id]": "7310001",
                "filter[statuses][0][status_id]": "61000001",
            },
            [coded],
        ),
        ({"filter[name]": "a"}, [won]),
        ({"filter[created_at][from]": "4000000000"}, []),
    ]
    for query, _ in asked:
        assert len(api.found("/leads", "leads", **query)) == 3, query
    api.set(filters=True)
    for query, expected in asked:
        assert [it["id"] for it in api.found("/leads", "leads", **query)] == expected, query
    assert api.get("/account", **{"with": "is_api_filter_enabled"}).json()["is_api_filter_enabled"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/leads/seven", 404),
        ("PUT", "/leads", 405),
        ("POST", "/contacts/7", 405),
        ("POST", "/account", 405),
        ("DELETE", "/catalogs/11271/elements/14229449", 405),
    ],
)
def test_a_door_that_is_none_is_a_problem(api: Api, method: str, path: str, status: int) -> None:
    answered = api.ask(method, path)
    assert answered.status_code == status
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.json()["type"] == f"https://httpstatus.es/{status}"


def test_a_slash_at_the_end_is_allowed(api: Api) -> None:
    assert len(api.found("/users/", "users")) == 2


def test_every_answer_has_a_number_to_ask_the_support_by(api: Api) -> None:
    first, second = (api.get("/account").headers["x-request-id"] for _ in range(2))
    assert first != second


def test_users_and_fields_do_have_totals(api: Api) -> None:
    users = api.get("/users").json()
    assert (users["_total_items"], users["_page"], users["_page_count"]) == (2, 1, 1)
    assert users["_embedded"]["users"][0]["rights"]["is_admin"]
    fields = api.get("/leads/custom_fields", limit=5).json()
    assert (fields["_total_items"], fields["_page_count"]) == (12, 3)
    assert len(fields["_embedded"]["custom_fields"]) == 5


def test_users_are_told_to_administrators_only(control: httpx2.Client) -> None:
    assert Api(control, "user-7").get("/users").status_code == 403
    assert Api(control, "user-7").get("/leads").status_code == 200


def test_pipelines_come_whole_with_their_stages(api: Api) -> None:
    told = api.get("/leads/pipelines").json()
    assert told["_total_items"] == 2
    main, orders = told["_embedded"]["pipelines"]
    assert (main["is_main"], orders["is_main"]) == (True, False)
    for it in (main, orders):
        stages = it["_embedded"]["statuses"]
        assert [stage["id"] for stage in stages[-2:]] == [142, 143]
        assert [stage["type"] for stage in stages] == [1] + [0] * (len(stages) - 1)
        assert {stage["pipeline_id"] for stage in stages} == {it["id"]}
        alone = api.get(f"/leads/pipelines/{it['id']}/statuses").json()["_embedded"]["statuses"]
        assert [stage["id"] for stage in alone] == [stage["id"] for stage in stages]
    assert api.get("/leads/pipelines/5").status_code == 404
    assert api.get(f"/leads/pipelines/{main['id']}/statuses/142").json()["id"] == 142
