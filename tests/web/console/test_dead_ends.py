"""Pages for what went wrong."""

from console_visitor import Visitor, rows, value
from running_web import WebApp


def test_an_unknown_page_is_told_in_the_visitors_language(console: WebApp) -> None:
    answer = Visitor(console.url).get("/nowhere")
    assert answer.status_code == 404
    assert "Такой страницы нет" in answer.text
    assert "There is no such page" in Visitor(console.url, {"accept-language": "en"}).get("/x").text


def test_ids_no_row_can_have_are_unknown_pages(reader: Visitor) -> None:
    for kind in ("events", "raw", "messages", "calls", "connections"):
        for number in ("0", "999999999", "9" * 18, "9" * 30, "-1", "1.5", "x", "%00", "１"):
            assert reader.get(f"/{kind}/{number}").status_code == 404, (kind, number)


def test_a_wrong_method_is_no_error_of_ours(reader: Visitor) -> None:
    answer = reader.client.request("DELETE", "/events")
    assert answer.status_code == 405
    assert "<html" in answer.text


def test_strange_filters_find_nothing_and_break_nothing(reader: Visitor) -> None:
    for query in (
        *("before=x", "before=-1", f"before={'9' * 40}", "since=yesterday", "until=9999-99-99"),
        *("since=0001-01-01T00:00", "until=9999-12-31T23:59", "connection=99999999999"),
        *("connection=x", "decision=%00", "reason=%F0%9F%8D%95", "phone=%27%3B--", "text=%00"),
        *("period=forever", "type=" + "x" * 5000, "state=none", "operation=%25"),
    ):
        for path in ("/events", "/messages", "/calls", "/parked", "/calls/waiting", "/events.csv"):
            assert reader.get(f"{path}?{query}").status_code == 200, (path, query)
    for text in ("%00", "%27", "9" * 300, "+7%20(999)", "%F0%9F%8D%95", "raw-1%00", "%25%25"):
        assert reader.get(f"/search?q={text}").status_code in (200, 303), text


def test_an_error_of_ours_says_what_it_means_for_the_data(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    event = value(web_app, "select min(id) from event where data is not null")
    rows(web_app, "update event set data = '[1]' where id = $1", event)
    answer = visitor.get(f"/events/{event}")
    assert answer.status_code == 500
    assert "Ошибка Узла" in answer.text
    assert "на месте" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["content-security-policy"]


def test_without_its_database_the_console_says_so(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    web_app.loop.call_soon_threadsafe(web_app.deps.pool.terminate)
    answer = visitor.get("/events")
    assert answer.status_code == 503
    assert "База данных недоступна" in answer.text
    assert int(answer.headers["retry-after"]) > 0
