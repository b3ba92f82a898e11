"""Events: found by any filter, told whole, replayed without doing anything twice."""

import csv
import io
import re

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import DELIVERED_PHONE, UNKNOWN_PHONE, delivery

ROW = re.compile(r'<tr id="event-(\d+)"')


def shown(visitor: Visitor, query: str) -> list[int]:
    """Ids in the list, in its order."""
    return [int(i) for i in ROW.findall(visitor.page(f"/events?{query}"))]


def stored(console: WebApp, condition: str) -> list[int]:
    return [
        r["id"] for r in rows(console, f"select id from event where {condition} order by 1 desc")
    ]


def test_every_filter_narrows_the_list(console: WebApp, reader: Visitor) -> None:
    for query, condition in (
        ("", "type <> 'receipt.updated'"),
        ("type=any", "true"),
        ("type=receipt.updated", "type = 'receipt.updated'"),
        ("connection=2", "connection_id = 2"),
        ("decision=skip", "decision = 'skip'"),
        ("reason=no_phone", "reason = 'no_phone'"),
        ("type=visit.cancelled", "type = 'visit.cancelled'"),
        ("phone=8+%28999%29+000-01-01", f"phone = '{DELIVERED_PHONE}'"),
        ("text=106", "subject = 'заказ 106'"),
        ("decision=skip&reason=duplicate&connection=1", "reason = 'duplicate'"),
        ("period=1h", "type <> 'receipt.updated'"),
        ("period=1h&type=any", "true"),
        ("until=2020-01-01T00:00", "false"),
        ("since=2020-01-01T00:00&decision=request", "decision = 'request'"),
    ):
        found = stored(console, condition)
        assert shown(reader, query) == found, query
    assert len(shown(reader, "")) < len(shown(reader, "type=any"))
    assert "Отчёты о доставке не показаны." in reader.page("/events")
    assert "Отчёты о доставке не показаны." not in reader.page("/events?connection=2")
    assert "Под этот фильтр ничего не подходит" in reader.page("/events?until=2020-01-01T00:00")


def test_the_form_remembers_what_was_asked(reader: Visitor) -> None:
    page = reader.page("/events?decision=skip&phone=%2B7&since=2026-01-02T03:04")
    assert '<option value="skip" selected>' in page
    assert 'name="phone" inputmode="tel" autocomplete="off" value="+7"' in page
    assert 'value="2026-01-02T03:04"' in page
    assert "/events.csv?decision=skip&amp;phone=%2B7&amp;since=2026-01-02T03%3A04" in page


def test_a_file_holds_what_the_list_shows(console: WebApp, reader: Visitor) -> None:
    for query in ("", "decision=skip", "phone=%2B79990000101"):
        answer = reader.get(f"/events.csv?{query}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert 'filename="events.csv"' in answer.headers["content-disposition"]
        text = io.StringIO(answer.text.removeprefix("\ufeff"), newline="")
        table = list(csv.DictReader(text, delimiter=";"))
        assert [int(row["id"]) for row in table] == shown(reader, query)
    assert {row["phone"] for row in table} == {f"'{DELIVERED_PHONE}"}
    assert "такое событие уже было" in {row["reason_words"] for row in table}


def test_a_long_list_comes_in_pages_without_gaps(web_app: WebApp, visitor: Visitor) -> None:
    orders = [delivery(1000 + i, "CookingStarted", None) for i in range(120)]
    web_app.run(lambda: web_app.sample.post("iiko", orders))
    web_app.process()
    everything = stored(web_app, "true")
    seen, path = list[int](), "/events?connection=1&decision=skip"
    while path:
        page = visitor.page(path)
        seen += [int(i) for i in ROW.findall(page)]
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
        assert "connection=1" in path or not path
    assert seen == stored(web_app, "decision = 'skip' and connection_id = 1")
    assert len(seen) > 120
    table = visitor.page("/events.csv?type=any").splitlines()
    assert len(table) == len(everything) + 1


def test_the_life_of_an_event_tells_everything(console: WebApp, reader: Visitor) -> None:
    event = value(
        console,
        "select min(id) from event where phone = $1 and decision = 'request'",
        DELIVERED_PHONE,
    )
    page = reader.page(f"/events/{event}")
    told = [
        *("Пришёл запрос", "с адреса 192.0.2.7", "Запрос разобран", "Решение: просим отзыв"),
        *("Сообщение готово", "Поставщик принял", "номер у поставщика", "Доставлено", "3,99"),
        "Пришёл отчёт о доставке",
    ]
    places = [page.find(text) for text in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    order = [page.find(f"<h3>{text}") for text in (told[0], told[2], told[3], told[4], told[5])]
    assert order == sorted(order)
    assert "Кофейня «Узел»" in page
    assert "&#34;eventType&#34;: &#34;DeliveryOrderUpdate&#34;" in page
    assert "user-agent: sample" in page
    assert "+7\u00a0999\u00a0000-01-01" in page


def test_an_event_that_led_nowhere_says_why_and_what_to_do(
    console: WebApp, reader: Visitor
) -> None:
    event = value(console, "select id from event where reason = 'no_phone'")
    page = reader.page(f"/events/{event}")
    assert "в заказе нет телефона" in page
    assert "вносят в заказ на кассе" in page
    duplicate = value(console, "select id from event where reason = 'duplicate'")
    first = value(console, "select duplicate_of from event where id = $1", duplicate)
    assert f'<a href="/events/{first}">Первое такое событие' in reader.page(f"/events/{duplicate}")


def test_a_number_nobody_can_be_texted_at_is_shown_as_it_came(
    web_app: WebApp, visitor: Visitor
) -> None:
    numbers = {"phone_landline": "+7 (495) 123-45-67", "phone_fake": "+7 777 777-77-77"}
    orders = [delivery(930 + n, "Delivered", text) for n, text in enumerate(numbers.values())]
    web_app.run(lambda: web_app.sample.post("iiko", orders))
    web_app.process()
    for reason, text in numbers.items():
        number = value(web_app, "select max(id) from event where reason = $1", reason)
        page = visitor.page(f"/events/{number}")
        facts = page[page.index('<dl class="facts">') :]
        assert f"<code>{text}</code>" in facts


def test_an_unknown_outcome_says_whose_turn_it_is(console: WebApp, reader: Visitor) -> None:
    event = value(console, "select id from event where phone = $1", UNKNOWN_PHONE)
    page = reader.page(f"/events/{event}")
    assert "исход неизвестен" in page
    assert "ваш ход" in page
    call = value(console, "select id from call where state = 'unknown'")
    assert f'<a href="/calls/{call}">Решить</a>' in page


def test_a_replay_sends_nothing_twice(web_app: WebApp, visitor: Visitor) -> None:
    web_app.process()
    raw = value(web_app, "select min(id) from raw_event")
    before = value(web_app, "select count(*) from message")
    page = visitor.done(f"/raw/{raw}/replay")
    assert "Уже отправленное повторно не уйдёт" in page
    assert "Это событие и так разбирается" in visitor.done(f"/raw/{raw}/replay")
    web_app.process()
    assert value(web_app, "select count(*) from message") == before
    assert value(web_app, "select state from raw_event where id = $1", raw) == "processed"
    acts = rows(web_app, "select actor, action, subject from audit")
    assert [tuple(act) for act in acts] == [("olga", "replay", f"raw_event:{raw}")]
    assert "olga разобрал заново" in visitor.page(f"/raw/{raw}")


def test_a_replay_decides_anew_what_was_skipped(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, "update template set purpose = 'another'")
    web_app.run(lambda: web_app.sample.post("iiko", delivery(700, "Closed", "+79990000700")))
    web_app.process()
    skipped = rows(
        web_app,
        "select id, raw_event_id from event where reason = 'no_template' and subject = 'заказ 700'",
    )[0]
    assert "нет текста сообщения" in visitor.page(f"/events/{skipped['id']}")
    visitor.done("/business/texts/edit", variant="A", weight="1", body="{place}: {link}")
    visitor.done(f"/raw/{skipped['raw_event_id']}/replay")
    web_app.process()
    assert value(web_app, "select state from message where phone = '+79990000700'") == "planned"
    assert "просим отзыв" in visitor.page(f"/raw/{skipped['raw_event_id']}")


def test_search_opens_a_single_hit_and_lists_several(console: WebApp, reader: Visitor) -> None:
    page = reader.page("/search?q=%2B7+999+000+01+01")
    assert "отчёт о доставке" not in page
    assert "визит состоялся" in page
    message = value(console, "select id from message where phone = $1", UNKNOWN_PHONE)
    answer = reader.get(f"/search?q=message+{message}")
    assert answer.headers["location"] == f"/messages/{message}"
    assert "Ничего не нашлось" in reader.page("/search?q=nothing-like-this")
