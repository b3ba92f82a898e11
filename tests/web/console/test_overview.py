"""The first page, what it says is stuck, and how it stays up to date."""

import re

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import delivery


def test_what_is_stuck_says_how_many_whose_turn_and_where(reader: Visitor) -> None:
    page = reader.page("/")
    assert page.index("вызовы с неизвестным исходом") < page.index("отложенные запросы")
    for text, link in (
        ("вызовы с неизвестным исходом", "/calls/waiting"),
        ("отложенные запросы", "/parked"),
        ("SMS.ru · spare", "/connections/3"),
    ):
        line = page[page.index(f"<b>{text}</b>") :].partition("</li>")[0]
        assert "ваш ход" in line
        assert f'href="{link}"' in line
    assert "ключ не принят" in page


def test_every_hour_of_the_day_is_drawn_and_tabled(console: WebApp, reader: Visitor) -> None:
    page = reader.page("/")
    assert page.count('<rect class="slot"') == 4 * 24
    assert len(re.findall(r'<rect class="bar" x="[\d.]+" y="[\d.]+" width="8.0"', page)) >= 4
    received = value(console, "select count(*) from raw_event")
    assert f'<span class="sum">{received}</span>' in page
    table = page.partition('id="flow-table"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 25
    assert f">{received}</td>" in table
    assert "неизвестный ключ в адресе" in page
    assert "3,99\u00a0₽" in page


def test_a_quiet_installation_says_so(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, "update worker set seen_at = now() + interval '1 hour'")
    rows(web_app, "update raw_event set state = 'processed'")
    rows(web_app, "update call set state = 'cancelled' where state in ('unknown', 'planned')")
    visitor.done("/connections/3/resume")
    visitor.client.get("/healthz")
    page = visitor.page("/")
    assert "Ничего. Всё, что пришло, разобрано" in page
    assert 'class="badge' not in page


def test_without_a_worker_it_says_what_happens_meanwhile(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, "delete from worker")
    page = visitor.page("/parked") + visitor.page("/")
    assert "нет работающего worker" in page


def test_open_pages_are_told_when_something_changes(web_app: WebApp, visitor: Visitor) -> None:
    with visitor.client.stream("GET", "/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        told = [line for line in (next(lines) for _ in range(5)) if line]
        assert told[:2] == ["retry: 3000", "event: change"]
        web_app.run(lambda: web_app.sample.post("iiko", delivery(800, "Closed", "+79990000800")))
        first = told[2]
        changed = next(line for line in lines if line.startswith("data: ") and line != first)
        assert changed


def test_a_page_that_leaves_is_not_counted_any_more(web_app: WebApp, visitor: Visitor) -> None:
    for _ in range(3):
        with visitor.client.stream("GET", "/live") as stream:
            assert next(stream.iter_lines()) == "retry: 3000"
    assert visitor.page("/")


def test_what_uzel_looks_up_itself_is_not_a_persons_turn(web_app: WebApp, visitor: Visitor) -> None:
    """A lost answer of a provider that can be asked; a person has to once that led to nothing."""
    rows(
        web_app,
        "update connection set connector = 'exolve' where id = 2; ",
    )
    rows(
        web_app,
        "update call set operation = 'send_sms', connection_id = 2, started_at = now() "
        "where state = 'unknown'",
    )
    page = visitor.page("/")
    line = page[page.index("<b>вызовы без ответа</b>") :].partition("</li>")[0]
    assert "ход Узла" in line and "ваш ход" not in line
    assert "вызовы с неизвестным исходом" not in page
    rows(web_app, "update call set started_at = now() - interval '2 hours' where state = 'unknown'")
    page = visitor.page("/")
    line = page[page.index("<b>вызовы с неизвестным исходом</b>") :].partition("</li>")[0]
    assert "ваш ход" in line and "вызовы без ответа" not in page


def test_without_a_shop_no_orders_are_told(reader: Visitor) -> None:
    assert "Заказы Kaspi сегодня" not in reader.page("/")
