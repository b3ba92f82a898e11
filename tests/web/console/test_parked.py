"""Requests nobody could read, replayed one by one and all at once."""

from functools import partial

from console_visitor import Visitor, rows, value
from running_web import WebApp

PARKED = "select count(*) from raw_event where state = 'parked'"


def test_the_list_says_why(console: WebApp, reader: Visitor) -> None:
    page = reader.page("/parked")
    assert "iiko шлёт массив событий" in page
    assert page.count('<tr id="raw-') == 1
    everything = reader.page("/parked?state=any")
    assert everything.count('<tr id="raw-') == value(console, "select count(*) from raw_event")
    assert "Под этот фильтр" in reader.page("/parked?connection=2")


def test_all_of_the_filter_are_replayed_and_nothing_else(web_app: WebApp, visitor: Visitor) -> None:
    for number in range(3):
        web_app.run(partial(web_app.sample.post, "iiko", f"not an event {number}"))
    web_app.process()
    assert value(web_app, PARKED) == 4
    visitor.done("/parked/replay", connection="2")
    assert value(web_app, PARKED) == 4
    visitor.done("/parked/replay", connection="1", until="2020-01-01T00:00")
    assert value(web_app, PARKED) == 4
    assert "разбираются заново" in visitor.done("/parked/replay", connection="1")
    assert value(web_app, PARKED) == 0
    assert value(web_app, "select count(*) from audit where action = 'replay'") == 4
    waiting = rows(web_app, "select replays from raw_event where replays > 0")
    assert [row["replays"] for row in waiting] == [1] * 4
    web_app.process()
    assert value(web_app, PARKED) == 4
