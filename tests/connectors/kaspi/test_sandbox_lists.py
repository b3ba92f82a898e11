"""Kaspi in miniature: what it demands of a request, and how it lists."""

from typing import Any

import httpx2
import pytest

from connectors.kaspi.reading import DAY_MS, NOW_MS, WINDOW, every, read, titles
from uzel.connectors.kaspi.gate import is_heard
from uzel.connectors.kaspi.miniature import decoded
from uzel.connectors.kaspi.orders import PAGE_SIZE
from uzel.errors import Unavailable

GE = "filter[orders][creationDate][$ge]"
LE = "filter[orders][creationDate][$le]"
LIST = {
    "page[number]": "0",
    "page[size]": "20",
    "filter[orders][state]": "NEW",
    GE: f"{NOW_MS - DAY_MS}",
    LE: f"{NOW_MS}",
}


def test_lists_are_cut_into_pages_without_links(client: Any, shop: Any) -> None:
    made = shop.make(count=2 * PAGE_SIZE + 1, until_ms=NOW_MS, lines=1)
    found = every(client, shop, "NEW")
    assert {read(it).code for it in found} == {it["code"] for it in made}
    content = shop.get("/orders", **LIST).json()
    assert content["meta"] == {"pageCount": 11, "totalCount": 201}
    assert "links" not in content
    assert [len(shop.get("/orders", **{**LIST, "page[number]": n}).json()["data"])
            for n in ("10", "11")] == [1, 0]  # fmt: skip


def test_operators_and_filters(shop: Any) -> None:
    first, second, third = (it["code"] for it in shop.make(count=3, until_ms=NOW_MS, apart_ms=10))
    shop.change(second, status="CANCELLED", state="NEW")

    def codes(**query: str) -> list[str]:
        asked = {name: value for name, value in {**LIST, **query}.items() if value}
        return [it["attributes"]["code"] for it in shop.get("/orders", **asked).json()["data"]]

    assert codes() == [third, second, first]
    assert codes(**{LE: f"{NOW_MS - 10}"}) == [second, first]
    assert codes(**{LE: "", "filter[orders][creationDate][$lt]": f"{NOW_MS - 10}"}) == [first]
    after = {GE: "", "filter[orders][creationDate][$gt]": f"{NOW_MS - 10}"}
    assert codes(**after) == [third]
    assert codes(**{"filter[orders][status]": "CANCELLED"}) == [second]
    shop.settings(newest_first=False)
    assert codes() == [first, second, third]


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({GE: ""}, "Required filter [orders][creationDate][$ge] is empty."),
        (
            {GE: f"{NOW_MS - 30 * DAY_MS}"},
            "Exceeded the maximum difference for the filter[orders][creationDate] (in days). "
            "Actual [30], max [14].",
        ),
        ({"filter[orders][state]": ""}, "Required filter [orders][state] is empty."),
        ({"page[number]": ""}, "Required parameter page[number] is empty."),
        ({"page[size]": ""}, "Required parameter page[size] is empty."),
        ({"page[size]": "101"}, "Parameter page[size] is not between 1 and 100."),
        ({"page[number]": "-1"}, "Parameter page[number] is not a number."),
        ({GE: "2026-11-01"}, f"Parameter {GE} is not a number."),
    ],
)
def test_a_list_without_what_is_required_is_refused(
    shop: Any, change: dict[str, str], title: str
) -> None:
    query = {name: value for name, value in {**LIST, **change}.items() if value}
    assert titles(shop.get("/orders", **query)) == title


def test_clients_that_name_no_state_can_be_let_through(shop: Any) -> None:
    shop.settings(state_required=False)
    query = {name: value for name, value in LIST.items() if "state" not in name}
    assert shop.get("/orders", **query).json()["data"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"accept": "text/html"}, 406),
        ({"accept": "application/vnd.api+json;q=0.9, text/html"}, 200),
        ({"x-auth-token": ""}, 401),
        ({"x-auth-token": "bad token"}, 401),
    ],
)
def test_headers_are_looked_at(shop: Any, headers: dict[str, str], status: int) -> None:
    assert shop.get("/orders", headers, **LIST).status_code == status


@pytest.mark.parametrize(
    ("agent", "heard"),
    [
        *(("", False), (" ", False), ("python-httpx/0.28", False), ("curl/8.5", False)),
        *(("Go-http-client/1.1", False), ("okhttp/4.9", False), ("python-requests/2.32", False)),
        *(("Xcs", True), ("kaspi-orders-service/0.4.6", True), ("Mozilla/5.0 (X11)", True)),
        *(("uzel", True), ("nodebot/1", True), ("node-fetch/1.0", False)),
    ],
)
def test_libraries_are_not_heard(agent: str, heard: bool) -> None:
    assert is_heard(agent) == heard


def test_who_is_not_heard_waits_until_the_end(shop: Any, control: httpx2.Client) -> None:
    headers = {"user-agent": "python-httpx2/2.16", "x-auth-token": shop.token}
    with pytest.raises(httpx2.ReadTimeout):
        control.get("/kaspi/orders", headers=headers, timeout=httpx2.Timeout(10, read=0.2))
    (entry,) = control.get("/_journal?connector=kaspi").json()
    assert (entry["status"], entry["request"]) == (None, {"user_agent": headers["user-agent"]})
    shop.settings(hang=False)
    assert control.get("/kaspi/orders", headers=headers, params=LIST).status_code == 200


def test_kaspi_can_be_down_for_hours(client: Any, shop: Any, control: httpx2.Client) -> None:
    body = {"connector": "kaspi", "kind": "500", "rate": 1}
    control.post("/_faults", json=body).raise_for_status()
    for _ in range(5):
        with pytest.raises(Unavailable):
            client.run(shop.config, "orders", state="NEW", page=0, **WINDOW)


def test_who_takes_a_host_only_finds_the_same(shop: Any) -> None:
    named = shop.one()
    query = {"filter[orders][code]": named["code"]}
    here, there = (shop.get(f"{prefix}/orders", **query) for prefix in ("", "/shop/api/v2"))
    assert here.json() == there.json()
    assert here.headers["content-type"] == "application/vnd.api+json"
    buyer = shop.get(f"/orders/{named['order']}/user").json()["data"]
    assert decoded(buyer["id"]) == buyer["attributes"]["cellPhone"]
