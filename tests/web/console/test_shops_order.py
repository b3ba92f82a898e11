"""One order: its life, trying again, and why one is not here."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts import Sandbox, sandbox, sandbox_server
from sample_data import OPERATOR
from shops_console import CANCELLED, DIFFERS, DONE, STUCK, WAITS, ShopConsole, shop_console

__all__ = ["sandbox", "sandbox_server"]


@pytest.fixture
def here(dsn: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[ShopConsole]:
    with shop_console(dsn, sandbox, tmp_path) as running:
        yield running


def moments(page: str) -> list[str]:
    """The headings of the life, oldest first."""
    return [" ".join(re.sub("<[^>]+>", " ", h).split()) for h in re.findall("<h3>(.+?)</h3>", page)]


def test_a_life_from_the_order_to_its_deal(here: ShopConsole) -> None:
    page = here.visitor().page(f"/shops/orders/{here.id_of(CANCELLED)}")
    told = moments(page)
    assert told[0] == "Покупатель оформил заказ"
    assert told[1].startswith("Забрали у Kaspi: новый событие №")
    made = next(n for n, text in enumerate(told) if text.startswith("создать сделки"))
    there = next(n for n, text in enumerate(told) if text.startswith("Сделка есть"))
    assert "принят" in told[made]
    assert made < there
    assert any(text.startswith("Забрали у Kaspi: отменён") for text in told[there:])
    assert any(text.startswith("изменить сделки") for text in told[there:])
    assert "Сравнили заказ со сделкой" in told
    lead = here.value("select lead_id from shop_order where code = $1", here.codes[CANCELLED])
    assert f"/leads/detail/{lead}" in page
    # Every call and event that is named can be opened.
    for path in set(re.findall(r'href="(/(?:calls|events|raw)/\d+)"', page)):
        here.visitor().page(path)


def test_calls_of_another_order_are_not_in_it(here: ShopConsole) -> None:
    one, other = (here.visitor().page(f"/shops/orders/{here.id_of(n)}") for n in (DONE, DIFFERS))
    phones = {
        n: here.value("select phone from shop_order where code = $1", here.codes[n])
        for n in (DONE, DIFFERS)
    }
    searched = {
        n: here.rows(
            "select id from call where operation = 'find_contacts' and arguments ->> 'phone' = $1",
            phone,
        )[0]["id"]
        for n, phone in phones.items()
    }
    assert f"/calls/{searched[DONE]}" in one
    assert f"/calls/{searched[DIFFERS]}" not in one
    assert f"/calls/{searched[DIFFERS]}" in other


def test_what_differs_stands_side_by_side(here: ShopConsole) -> None:
    page = here.visitor().page(f"/shops/orders/{here.id_of(DIFFERS)}")
    cells = [re.sub("<[^>]+>", "", c) for c in re.findall("<td[^>]*>(.+?)</td>", page)]
    at = cells.index("этап")
    assert cells[at + 1 : at + 4] == [
        "Заказы: Успешно реализовано",
        "Заказы: Принят",
        "оставлено: в сделке это изменил человек",
    ] or cells[at + 1].endswith("Успешно реализовано")
    assert cells[at + 3] == "оставлено: в сделке это изменил человек"


def test_a_stuck_order_is_tried_again_once_somebody_says_so(here: ShopConsole) -> None:
    visitor, number = here.visitor(OPERATOR), here.id_of(STUCK)
    phone = here.value("select phone from shop_order where id = $1", number)
    here.rows(
        "insert into crm_entity (crm_id, catalog_id, key, state, reason) "
        "values ($1, 0, $2, 'refused', 'no') on conflict (crm_id, catalog_id, key) "
        "do update set state = 'refused', reason = 'no'",
        here.amocrm,
        phone,
    )
    question = visitor.page(f"/shops/orders/{number}/again")
    assert "Второй сделки не будет" in question
    assert here.value("select step from shop_order where id = $1", number) == "stuck"
    page = visitor.done(f"/shops/orders/{number}/again")
    assert "Заказ пошёл дальше." in page
    row = here.rows("select step, reason, together, batch from shop_order where id = $1", number)[0]
    assert tuple(row) == ("finding", None, 50, None)
    # What it was refused for is asked anew, or it would be stuck again at once.
    assert here.value("select state from crm_entity where key = $1", phone) == "wanted"
    told = here.rows(
        "select actor, action, detail from audit where subject = $1", f"shop_order:{number}"
    )
    assert told[0]["actor"] == "ivan"
    assert "ivan: попробовать снова" in moments(page)
    again = visitor.done(f"/shops/orders/{number}/again")
    assert "ничего не сделано" in again


def test_an_order_is_left_out_and_taken_in_again(here: ShopConsole) -> None:
    visitor, number = here.visitor(OPERATOR), here.id_of(WAITS)
    page = visitor.page(f"/shops/orders/{number}")
    assert f'href="/shops/orders/{number}/leave"' in page
    question = visitor.page(f"/shops/orders/{number}/leave")
    assert "Да, не создавать" in question and "Сделка у заказа есть" not in question
    assert here.value("select step from shop_order where id = $1", number) != "left_out"
    page = visitor.done(f"/shops/orders/{number}/leave")
    assert "так решил человек" in page
    assert "ivan: не создавать сделку" in moments(page)
    assert here.codes[WAITS] in visitor.page("/shops?step=left_out")
    # It waits for nothing any more.
    assert here.codes[WAITS] not in visitor.page("/shops?step=waiting")
    assert "ничего не сделано" in visitor.done(f"/shops/orders/{number}/leave")
    assert "Второй сделки не будет" in visitor.page(f"/shops/orders/{number}/take")
    page = visitor.done(f"/shops/orders/{number}/take")
    assert "ivan: вернуть заказ" in moments(page)
    assert here.value("select step from shop_order where id = $1", number) == "finding"


def test_one_with_a_deal_says_what_becomes_of_it(here: ShopConsole) -> None:
    visitor, number = here.visitor(), here.id_of(DONE)
    lead = here.value("select lead_id from shop_order where id = $1", number)
    question = visitor.page(f"/shops/orders/{number}/leave")
    assert "Она останется в amoCRM как есть" in question
    assert f"/leads/detail/{lead}" in question


def test_a_deal_that_was_deleted_is_told_with_its_number(here: ShopConsole) -> None:
    visitor, number = here.visitor(), here.id_of(DONE)
    lead = here.value("select lead_id from shop_order where id = $1", number)
    here.rows("update shop_order set gone_lead_id = 4711, gone_at = now() where id = $1", number)
    page = visitor.page(f"/shops/orders/{number}")
    assert f"Сделку 4711 удалили, сделана заново: {lead}." in page
    assert "Сделку № 4711 удалили в amoCRM" in moments(page)
    here.rows(
        "update shop_order set lead_id = null, step = 'finding', reason = 'deal_gone' "
        "where id = $1",
        number,
    )
    page = visitor.page(f"/shops/orders/{number}")
    assert "Сделку 4711 удалили, делаем новую." in page
    assert not [told for told in moments(page) if told.startswith("Сделка есть")]


def test_one_whose_positions_are_unknown_begins_with_them(here: ShopConsole) -> None:
    number = here.id_of(STUCK)
    here.rows(
        "update shop_order set lines = null, reason = 'lines: HTTP 404' where id = $1", number
    )
    visitor = here.visitor()
    assert "Kaspi не отдаёт состав заказа: HTTP 404" in visitor.page(f"/shops/orders/{number}")
    visitor.done(f"/shops/orders/{number}/again")
    assert here.value("select step from shop_order where id = $1", number) == "lines"


def test_one_that_is_not_stuck_is_left_alone(here: ShopConsole) -> None:
    visitor = here.visitor()
    for which in (DONE, WAITS):
        number = here.id_of(which)
        before = here.rows("select * from shop_order where id = $1", number)
        assert visitor.get(f"/shops/orders/{number}/again").status_code == 303
        visitor.done(f"/shops/orders/{number}/again")
        assert here.rows("select * from shop_order where id = $1", number) == before


@pytest.mark.parametrize(
    "path", ["/shops/orders/99999", "/shops/orders/x", "/shops/orders/0/again"]
)
def test_there_is_no_such_order(here: ShopConsole, path: str) -> None:
    assert here.visitor().get(path).status_code == 404


def asked(here: ShopConsole, code: str) -> str:
    return here.visitor().client.get("/shops/why", params={"code": code}).text


def test_one_that_is_here_is_shown(here: ShopConsole) -> None:
    answer = here.visitor().get(f"/shops/why?code={here.codes[DONE]}")
    assert answer.headers["location"] == f"/shops/orders/{here.id_of(DONE)}"


def test_kaspi_has_no_such_order(here: ShopConsole) -> None:
    assert "У Kaspi такого заказа нет." in asked(here, "999999999")
    assert "Это не похоже на номер заказа." in asked(here, "<b>")


def test_one_that_was_made_too_early(here: ShopConsole) -> None:
    here.rows("update shop set since = now() + interval '1 hour'")
    (code,) = here.make(1)
    told = {"token": here.tokens["kaspi"], "total": "10498.5"}
    here.sandbox.http.post(f"/kaspi/_orders/{code}", json=told).raise_for_status()
    page = asked(here, code)
    assert "498,50" in page and "10498.5" not in page
    assert "оформлен раньше, чем включили магазин" in page
    assert here.value("select count(*) from shop_seen where code = $1", code) == 0


def test_one_that_was_not_fetched_yet_is_fetched(here: ShopConsole) -> None:
    (code,) = here.make(1)
    assert "мы его только что забрали" in asked(here, code)
    stored = here.rows("select body from raw_event where state = 'received'")
    assert any(code.encode() in row["body"] for row in stored)


def test_a_shop_that_is_off_takes_none(here: ShopConsole) -> None:
    here.rows("update shop set state = 'off'")
    (code,) = here.make(1)
    assert "магазин выключен: заказы не берём" in asked(here, code)
    assert here.value("select count(*) from shop_seen where code = $1", code) == 0


def test_kaspi_does_not_answer(here: ShopConsole) -> None:
    here.sandbox.arm_at("kaspi", "order", "500")
    assert "Kaspi не отвечает." in asked(here, "999999999")


def test_the_connection_is_paused(here: ShopConsole) -> None:
    visitor = here.visitor()
    visitor.done(f"/connections/{here.kaspi}/pause")
    assert "Спросить Kaspi нельзя: подключение не работает." in asked(here, "999999999")
    assert f'href="/connections/{here.kaspi}"' in visitor.page("/shops")
