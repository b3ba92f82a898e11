"""The room of orders: the list, its filters and file, the day, the tasks, what can be pressed."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console_visitor import Visitor
from parts import Sandbox, sandbox, sandbox_server
from sample_data import OPERATOR
from shops_console import CANCELLED, DIFFERS, DONE, STUCK, WAITS, ShopConsole, shop_console
from uzel.views.shops import Hour
from uzel.web.console.language import language
from uzel.web.console.shops_picture import HEIGHT, picture
from uzel.web.console.shops_words import FOUND

__all__ = ["sandbox", "sandbox_server"]


@pytest.fixture
def here(dsn: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[ShopConsole]:
    with shop_console(dsn, sandbox, tmp_path) as running:
        yield running


def listed(page: str) -> list[str]:
    """The numbers of the orders a page lists, in its order."""
    return re.findall(r'<a class="open" href="/shops/orders/\d+">([^<]+)</a>', page)


def test_orders_stand_beside_their_deals(here: ShopConsole) -> None:
    page = here.visitor().page("/shops")
    newest = here.rows("select code from shop_order order by ordered_at desc, id desc")
    assert listed(page) == [row["code"] for row in newest]
    lead = here.value("select lead_id from shop_order where code = $1", here.codes[DONE])
    assert f'href="{here.sandbox.url}/amocrm/leads/detail/{lead}"' in page
    assert "amoCRM не принимает контакт: amoCRM: номер не принят" in page
    assert "отменён" in page
    # The stage is called as amoCRM calls it; who had the last word is said.
    assert "Заказы: Успешно реализовано" in page
    assert "оставлено: в сделке это изменил человек" in page
    # What was set right differs no more: the order's own page tells of it.
    assert "сделка исправлена" not in page
    page = here.visitor().page(f"/shops/orders/{here.id_of(CANCELLED)}")
    assert "сделка исправлена" in page


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("step=waiting", {WAITS}),
        ("step=stuck", {STUCK}),
        ("step=done", {DONE, DIFFERS, CANCELLED}),
        ("step=differs", {DIFFERS, CANCELLED}),
        ("period=1h", {DONE, DIFFERS, CANCELLED, WAITS, STUCK}),
        ("until=2020-01-01T00:00", set()),
        ("step=nonsense&q=&before=", {DONE, DIFFERS, CANCELLED, WAITS, STUCK}),
        ("before=9999999", set()),
    ],
)
def test_a_list_is_narrowed(here: ShopConsole, query: str, which: set[int]) -> None:
    found = listed(here.visitor().page(f"/shops?{query}"))
    assert set(found) == {here.codes[number] for number in which}
    assert len(found) == len(which)


def test_an_order_is_found_by_code_and_by_phone_in_any_spelling(here: ShopConsole) -> None:
    reader, code = here.visitor(), here.codes[DONE]
    assert listed(reader.page(f"/shops?q={code}")) == [code]
    phone = here.value("select phone from shop_order where code = $1", code)
    for text in (phone.removeprefix("+7"), f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:]}"):
        assert code in listed(reader.client.get("/shops", params={"q": text}).text)
    # The box for everything knows it, too; one hit is opened.
    found = reader.client.get("/search", params={"q": phone})
    assert f"/shops/orders/{here.id_of(DONE)}" in found.headers.get("location", found.text)
    assert f"/shops/orders/{here.id_of(DONE)}" in reader.page(f"/search?q={code}")


def test_pages_follow_each_other_without_gap_or_double(here: ShopConsole) -> None:
    # Many of the same moment, and some that nobody told the time of.
    here.rows(
        "insert into shop_order (shop_id, code, event_id, source_order, status, currency, "
        "ordered_at, told_at, step) select shop_id, 'X-' || n, event_id, source_order, status, "
        "currency, case when n > 3 then ordered_at - (n / 40) * interval '1 minute' end, told_at, "
        "'done' from shop_order, generate_series(1, 120) n where code = $1",
        here.codes[DONE],
    )
    reader, seen = here.visitor(), []
    path: str | None = "/shops"
    while path:
        page = reader.page(path)
        seen += listed(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == 125
    assert len(set(seen)) == 125
    assert seen[:3] == ["X-3", "X-2", "X-1"]


def test_the_file_has_the_same_orders(here: ShopConsole) -> None:
    answer = here.visitor().client.get("/shops.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    by_code = {line["code"].lstrip("'"): line for line in lines}
    assert set(by_code) == set(here.codes)
    differs = by_code[here.codes[DIFFERS]]
    assert (differs["differs"], differs["kept_by_a_person"]) == ("price, stage", "stage")
    assert differs["deal"].startswith("http")


def test_a_shop_is_paused_and_goes_on(here: ShopConsole) -> None:
    # An operator may do this.
    visitor = here.visitor(OPERATOR)
    page = visitor.done(f"/shops/{here.shop}/state", do="pause")
    assert "Магазин на паузе" in page
    assert "магазин на паузе" in page
    assert here.value("select state from shop where id = $1", here.shop) == "paused"
    since = here.value("select since from shop where id = $1", here.shop)
    visitor.done(f"/shops/{here.shop}/state", do="resume")
    row = here.rows("select state, since from shop where id = $1", here.shop)[0]
    assert tuple(row) == ("on", since)
    told = here.rows("select actor, action, detail from audit where subject like 'shop:%'")
    assert [tuple(one) for one in told] == [
        ("ivan", "set_state", {"state": "paused"}),
        ("ivan", "set_state", {"state": "on"}),
    ]
    assert visitor.post(f"/shops/{here.shop}/state", do="explode").status_code == 400


@pytest.mark.parametrize("task", ["fetch", "reconcile", "proof"])
def test_a_task_is_due_at_once(here: ShopConsole, task: str) -> None:
    here.rows("update shop_task set next_at = now() + interval '1 hour'")
    visitor = here.visitor(OPERATOR)
    visitor.done(f"/shops/{here.shop}/run", task=task)
    due = here.rows("select task from shop_task where next_at <= now()")
    assert [row["task"] for row in due] == [task]
    assert here.value("select detail ->> 'task' from audit where action = 'run'") == task
    assert visitor.post(f"/shops/{here.shop}/run", task="nonsense").status_code == 400


def test_a_shop_that_is_off_runs_nothing(here: ShopConsole) -> None:
    here.rows("update shop set state = 'off'")
    here.rows("update shop_task set next_at = now() + interval '1 hour'")
    visitor = here.visitor()
    for path, form in (("state", {"do": "resume"}), ("run", {"task": "fetch"})):
        answer = visitor.post(f"/shops/{here.shop}/{path}", **form)
        assert answer.headers["location"] == f"/shops/{here.shop}/setup"
    assert here.value("select state from shop") == "off"
    assert here.value("select count(*) from shop_task where next_at <= now()") == 0
    assert "Магазин выключен" in visitor.page("/shops")


def test_the_lights_say_what_is_wrong(here: ShopConsole) -> None:
    here.rows(
        "update shop_task set problem = 'Kaspi: HTTP 503', failed_at = now(), "
        "succeeded_at = now() - interval '1 hour' where task = 'fetch'"
    )
    here.rows(
        "update shop_task set succeeded_at = now(), found = $1 where task = 'proof'",
        {"orders": 214, "missing": [], "doubles": ["1", "2"], "waiting": [], "at": 1},
    )
    page = here.visitor().page("/shops")
    assert '<span class="problem">Kaspi: HTTP 503</span>' in page
    assert "214 заказов, с двумя сделками: 2" in page
    overview = here.visitor().page("/")
    assert "новые заказы Kaspi не забираются" in overview
    assert "заказы Kaspi с двумя сделками" in overview
    assert "заказ Kaspi застрял" in overview
    assert f"/shops?shop={here.shop}&amp;step=stuck" in overview


def test_a_hiccup_is_no_matter_for_the_overview(here: ShopConsole) -> None:
    here.rows(
        "update shop_task set problem = 'Kaspi: HTTP 503', failed_at = now(), "
        "succeeded_at = now() - interval '1 minute' where task = 'fetch'"
    )
    assert "не забираются" not in here.visitor().page("/")


def test_open_pages_hear_of_orders(here: ShopConsole) -> None:
    async def pulse() -> str:
        from uzel.views import shops_store

        async with here.web.deps.pool.acquire() as connection:
            return await shops_store.pulse(connection)

    before = here.web.run(pulse)
    assert here.web.run(pulse) == before
    here.rows("update shop_order set updated_at = now() where code = $1", here.codes[WAITS])
    assert here.web.run(pulse) != before


def test_what_comes_from_outside_is_shown_and_never_run(here: ShopConsole) -> None:
    evil = "<img src=x onerror=alert(1)>"
    here.rows(
        "update shop_order set first_name = $1::text, status = $1::text, reason = $1::text, "
        "note = jsonb_build_object($1::text, $1::text), difference = $2, "
        "lines = jsonb_build_array(jsonb_build_object('line', '1', 'sku', $1::text, "
        "'name', $1::text, 'quantity', $1::text, 'price', '1', 'total', '1', "
        "'product', null)) where code = $3",
        evil,
        {"stage": {"order": evil, "deal": evil, "kept": True}},
        here.codes[STUCK],
    )
    here.rows("update shop_task set problem = $1", evil)
    visitor = here.visitor()
    number = here.id_of(STUCK)
    for path in ("/shops", f"/shops/orders/{number}", f"/shops/orders/{number}/again", "/"):
        page = visitor.page(path)
        assert "<img src=x" not in page
    why = visitor.client.get("/shops/why", params={"code": evil}).text
    assert "<img src=x" not in why
    lines = visitor.client.get("/shops.csv").text
    assert evil in lines


def test_without_a_shop_the_room_says_what_it_is_for(reader: Visitor) -> None:
    assert 'href="/shops/new"' in reader.page("/shops")
    assert reader.get("/shops.csv").status_code == 404
    assert reader.get("/shops/why").status_code == 404


def test_the_proof_in_words() -> None:
    proved, spoken = FOUND["proof"], language("ru")
    none: dict[str, list[str]] = {"missing": [], "doubles": [], "waiting": []}
    assert proved(spoken, {"orders": 214, **none}) == "214 заказов, у каждого одна сделка"
    some = {"orders": 1, **none, "missing": ["5"], "waiting": ["6", "7"]}
    assert proved(spoken, some) == "1 заказ, без своей сделки: 1, делаем заново, ещё ждут сделки: 2"
    assert proved(spoken, {"running": 1}) == "идёт"


MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
counts = st.integers(0, 5000)


@given(st.lists(st.tuples(counts, counts, counts), min_size=24, max_size=24))
@example([(5000, 1, 1)] * 24)
@example([(0, 0, 0)] * 24)
def test_bars_stay_within_the_drawing_and_none_is_lost(day: list[tuple[int, int, int]]) -> None:
    hours = [Hour(MIDNIGHT + timedelta(hours=n), *each) for n, each in enumerate(day)]
    drawn = picture(hours, MIDNIGHT + timedelta(hours=12))
    assert drawn.now_x == drawn.width / 2
    for bar, each in zip(drawn.bars, day, strict=True):
        assert [part.count for part in bar.parts] == [count for count in each if count]
        assert all(part.height > 0 for part in bar.parts)
        assert all(part.y >= -0.02 and part.y + part.height <= HEIGHT + 0.02 for part in bar.parts)
        assert bar.x >= 0 and bar.x + bar.width <= drawn.width


def test_the_overview_tells_of_todays_orders(here: ShopConsole) -> None:
    here.rows("update shop_order set ordered_at = now()")
    page = here.visitor().page("/")
    block = page.partition('id="shops-today"')[2].partition("</section>")[0]
    told = re.findall(r"<dt>([^<]+)</dt><dd>(?:<a[^>]+>)?(\d+)", block)
    assert dict(told) == {
        "заказов": str(len(here.codes)),
        "из них со сделкой": "3",
        "ждут сделки": "1",
        "застряли": "1",
    }
    assert f'href="/shops?shop={here.shop}&amp;step=stuck"' in block


def test_a_kaspi_that_fails_for_longer_than_a_minute_is_on_the_overview(here: ShopConsole) -> None:
    failing = (
        "update shop_task set succeeded_at = now() - make_interval(secs => $1), "
        "problem = 'HTTP 500' where task = 'fetch'"
    )
    visitor = here.visitor()
    here.rows(failing, 45.0)
    assert "новые заказы Kaspi не забираются" not in visitor.page("/")
    here.rows(failing, 95.0)
    assert "новые заказы Kaspi не забираются" in visitor.page("/")


def test_a_paused_kaspi_says_what_that_means(here: ShopConsole) -> None:
    """It sends nothing, so nothing is taken in."""
    refusal = "Kaspi не принимает токен: сформируйте новый в кабинете"
    visitor = here.visitor()
    visitor.post(f"/connections/{here.kaspi}/pause")
    here.rows("update connection set state_reason = $1 where id = $2", refusal, here.kaspi)
    page = visitor.page("/").partition('id="stuck"')[2]
    line = page[page.index("<b>Kaspi · ") :].partition("</li>")[0]
    assert "новые заказы не забираются" in line and refusal in line
    assert "события принимаются" not in line
    assert "Новые заказы не забираются." in visitor.page(f"/connections/{here.kaspi}")


def test_a_failed_test_is_forgotten_once_it_goes_well(here: ShopConsole) -> None:
    visitor, page = here.visitor(), f"/connections/{here.kaspi}"
    here.sandbox.arm_at("kaspi", "check", "401", times=1)
    assert "Проверка не прошла." in visitor.post(f"{page}/test").text
    assert "проверка не прошла" in visitor.page("/connections")
    # Resumed, it is tested once more.
    visitor.post(f"{page}/pause")
    visitor.post(f"{page}/resume")
    assert "проверка не прошла" not in visitor.page("/connections")
    # Fetched, what a test said is out of date.
    here.sandbox.arm_at("kaspi", "check", "401", times=1)
    assert "Проверка не прошла." in visitor.post(f"{page}/test").text
    here.rows("update shop_task set succeeded_at = now() where task = 'fetch'")
    assert "проверка не прошла" not in visitor.page("/connections")
    assert "Проверка не прошла." not in visitor.page(page)


def test_revoked_access_is_red_with_its_cure(here: ShopConsole) -> None:
    """The overview, the list and the card say that it has to be granted anew, and link there."""
    visitor, card = here.visitor(), f"/connections/{here.amocrm}"
    base_url = f"{here.sandbox.url}/amocrm"
    visitor.post(f"{card}/edit", base_url=base_url, client_id="integration", client_secret="x")
    here.rows(
        "insert into oauth_grant (connection_id, tokens, redirect_uri, granted_by, revoked_reason) "
        "values ($1, '', '', 'owner', 'amoCRM: доступ надо выдать заново')",
        here.amocrm,
    )
    page = visitor.page("/").partition('id="stuck"')[2]
    line = page[page.index("<b>amoCRM · ") :].partition("</li>")[0]
    assert "ваш ход" in line and "Подключить заново" in line and f'href="{card}#access"' in line
    assert "доступ отозван" in visitor.page("/connections")
    shown = visitor.page(card)
    assert f'class="button primary" href="{card}/grant">Подключить заново' in shown
    assert "нынешний токен действует" not in shown and "доступ отозван" in shown
    here.rows("update oauth_grant set revoked_reason = null")
    assert "доступ отозван" not in visitor.page(card)
