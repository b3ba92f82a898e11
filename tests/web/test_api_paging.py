"""Walking a list page by page meets everything exactly once, whatever arrives meanwhile."""

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from running_web import WebApp
from sample_data import READ_TOKEN, delivery

READ = {"authorization": f"Bearer {READ_TOKEN}"}
NEXT = re.compile(r'<([^>]+)>; rel="next"')


def arrive(web_app: WebApp, first: int, count: int) -> None:
    """That many new orders come in and are understood."""
    if count:
        orders = [delivery(first + i, "Closed", None) for i in range(count)]
        web_app.run(lambda: web_app.sample.post("iiko", orders))
        web_app.process()


def walk(web_app: WebApp, path: str, arrivals: list[int], numbers: list[int]) -> list[int]:
    """The ids met, by the cursors of the bodies; new orders come in between the pages."""
    met: list[int] = []
    url: str | None = path
    while url is not None:
        answer = web_app.client.get(url, headers=READ)
        assert answer.status_code == 200
        page: dict[str, Any] = answer.json()
        met += [item["id"] for item in page["items"]]
        link = NEXT.fullmatch(answer.headers.get("link", ""))
        assert (link is None) == (page["next_cursor"] is None)
        url = link[1] if link else None
        assert url is None or page["next_cursor"] in url
        count = arrivals.pop() if arrivals else 0
        arrive(web_app, numbers[0], count)
        numbers[0] += count
    return met


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    limit=st.integers(1, 20),
    arrivals=st.lists(st.integers(0, 5), max_size=10),
    chosen=st.sampled_from(["", "&decision=skip", "&reason=no_phone", "&connector=iiko"]),
)
def test_a_walk_meets_everything_once(
    web_app: WebApp, limit: int, arrivals: list[int], chosen: str
) -> None:
    numbers = [1000 + int(web_app.run(lambda: count_events(web_app)))]
    before = walk(web_app, f"/api/v1/events?limit=200{chosen}", [], numbers)
    met = walk(web_app, f"/api/v1/events?limit={limit}{chosen}", arrivals, numbers)
    assert met == before


async def count_events(web_app: WebApp) -> int:
    found: int = await web_app.deps.pool.fetchval("select max(id) from event")
    return found


def test_the_link_keeps_the_filter(web_app: WebApp) -> None:
    answer = web_app.client.get(
        "/api/v1/events", headers=READ, params={"limit": 1, "text": "заказ 101"}
    )
    link = NEXT.fullmatch(answer.headers["link"])
    assert link is not None
    followed = web_app.client.get(link[1], headers=READ).json()
    assert [item["subject"] for item in followed["items"]] == ["заказ 101"]
    assert followed["next_cursor"] is None
