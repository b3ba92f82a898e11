"""A request with many elements, a page at a time; links from before a replay."""

import re

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import REPLAY_TOKEN, delivery
from uzel.views.life import PER_PAGE

SHOWN = re.compile(r'class="open" href="/events/(\d+)"')
ALL = 2 * PER_PAGE + 30
REPLAY = {"authorization": f"Bearer {REPLAY_TOKEN}"}


def crowd(web_app: WebApp) -> int:
    """A request with ALL elements, understood; gives its number."""
    orders = [delivery(2000 + i, "CookingStarted", None) for i in range(ALL)]
    web_app.run(lambda: web_app.sample.post("iiko", orders))
    web_app.process()
    found: int = value(web_app, "select max(id) from raw_event")
    return found


def follow(visitor: Visitor, path: str, rel: str) -> list[list[int]]:
    """The events listed on this page and on all that its links lead to."""
    pages = []
    while path:
        page = visitor.page(path)
        pages.append([int(i) for i in SHOWN.findall(page)])
        link = re.search(rf'rel="{rel}" href="([^"#]+)#elements"', page)
        path = link[1] if link else ""
    return pages


def test_its_elements_are_shown_page_by_page(web_app: WebApp, visitor: Visitor) -> None:
    raw = crowd(web_app)
    query = "select id from event where raw_event_id = $1 order by position"
    ids = [row["id"] for row in rows(web_app, query, raw)]
    for address in (f"/raw/{raw}", f"/events/{ids[0]}"):
        pages = follow(visitor, address, "next")
        assert [len(page) for page in pages] == [PER_PAGE, PER_PAGE, 30]
        assert [i for page in pages for i in page] == ids
        back = follow(visitor, f"{address}?from={2 * PER_PAGE}", "prev")
        assert back == pages[::-1]
    page = visitor.page(f"/raw/{raw}")
    assert f"{ALL} событий" in page
    assert f"1–{PER_PAGE} из {ALL}" in page
    event = visitor.page(f"/events/{ids[150]}")
    assert f"событие 151 из {ALL}" in event
    assert f"101–200 из {ALL}" in event
    assert event.count("<h3>Решение: пропуск") == 1
    elsewhere = visitor.page(f"/events/{ids[150]}?from=0")
    assert elsewhere.count("<h3>Решение: пропуск") == 1


def test_an_address_made_up_is_no_error(web_app: WebApp, visitor: Visitor) -> None:
    raw = crowd(web_app)
    for made_up in ("-1", "x", "2147483647", "9" * 30, "", "%00"):
        page = visitor.page(f"/raw/{raw}?from={made_up}")
        assert ("Дальше событий нет" in page) is (made_up == "2147483647")


def test_the_api_gives_them_page_by_page(web_app: WebApp) -> None:
    raw = crowd(web_app)
    path, seen = f"/api/v1/raw-events/{raw}", list[int]()
    cursor: str | None = ""
    while cursor is not None:
        query = {"elements_cursor": cursor} if cursor else None
        life = web_app.client.get(path, headers=REPLAY, params=query).json()
        assert life["elements_total"] == ALL
        seen += [element["position"] for element in life["elements"]]
        cursor = life["elements_next_cursor"]
    assert seen == list(range(ALL))
    bad = web_app.client.get(path, headers=REPLAY, params={"elements_cursor": "x"})
    assert bad.status_code == 422


def test_a_link_from_before_a_replay_leads_to_what_stands_there_now(
    web_app: WebApp, visitor: Visitor
) -> None:
    query = "select id, raw_event_id from event where reason = 'no_phone'"
    (old,) = rows(web_app, query)
    link, raw = f"/events/{old['id']}", old["raw_event_id"]
    for _ in range(2):
        visitor.page(f"/raw/{raw}")
        visitor.done(f"/raw/{raw}/replay")
        assert visitor.get(link).headers["location"].startswith(f"/raw/{raw}?")
        api = web_app.client.get(f"/api/v1{link}", headers=REPLAY)
        assert api.status_code == 307
        assert api.headers["location"].endswith(f"/api/v1/raw-events/{raw}")
        web_app.process()
        (new,) = rows(web_app, query)
        assert new["id"] != old["id"]
        where = visitor.get(link)
        assert where.headers["location"].startswith(f"/events/{new['id']}?")
        assert "прежний разбор" in visitor.page(where.headers["location"])
        api = web_app.client.get(f"/api/v1{link}", headers=REPLAY)
        assert api.headers["location"].endswith(f"/api/v1/events/{new['id']}")
    assert visitor.get("/events/999999").status_code == 404
    assert web_app.client.get("/api/v1/events/999999", headers=REPLAY).status_code == 404
