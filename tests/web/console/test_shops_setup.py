"""Connecting a shop step by step, against both sandboxes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from console_visitor import Visitor
from parts import Sandbox, sandbox, sandbox_server
from sample_data import OPERATOR
from shops_console import DONE, ShopConsole, shop_console
from uzel.connectors.amocrm.miniature.beginnings import (
    MANAGER_ID,
    NEW_ORDER_STAGE_ID,
    ORDERS_PIPELINE_ID,
    PIPELINE_ID,
    PRODUCTS_ID,
    SENT_STAGE_ID,
    SUPPLIERS_ID,
    TAKEN_STAGE_ID,
)
from uzel.connectors.amocrm.miniature.fields import ORDER_FIELD_ID
from uzel.model.access import Tokens

__all__ = ["sandbox", "sandbox_server"]

P = ORDERS_PIPELINE_ID
FIRST = f"{P}:{NEW_ORDER_STAGE_ID}"
STEPS = ("crm", "deals", "goods", "code", "stages", "trial", "on")


@pytest.fixture
def here(dsn: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[ShopConsole]:
    with shop_console(dsn, sandbox, tmp_path) as running:
        yield running


@pytest.fixture
def fresh(here: ShopConsole) -> int:
    """A shop nobody has set up."""
    second = here.value("select id from connection where name = 'второй'")
    added = here.visitor().post("/shops/new", source=str(second), crm=str(here.amocrm))
    assert added.status_code == 303
    found: int = here.value("select id from shop where source_id = $1", second)
    return found


def settings(here: ShopConsole, shop: int) -> Any:
    return here.value("select settings from shop where id = $1", shop)


def chosen(page: str, name: str) -> str:
    """What is selected in a list."""
    (inside,) = re.findall(rf'<select id="{name}"[^>]*>(.*?)</select>', page, re.DOTALL)
    (value,) = re.findall(r'<option value="([^"]*)" selected', inside)
    return str(value)


def test_a_shop_from_the_first_step_to_the_last(here: ShopConsole, fresh: int) -> None:
    visitor, setup = here.visitor(), f"/shops/{fresh}/setup"
    assert here.value("select state from shop where id = $1", fresh) == "off"
    visitor.done(f"{setup}/deals", stage=FIRST, responsible=str(MANAGER_ID))
    page = visitor.done(f"{setup}/goods", catalog=str(PRODUCTS_ID))
    assert chosen(page, "sku_field_id") == ""
    usual = {"sku_field_id": "", "price_field_id": ""}
    visitor.done(f"{setup}/goods", catalog=str(PRODUCTS_ID), **usual)
    code = {"order_code_field_id": str(ORDER_FIELD_ID), "name": "Каспи {code}", "note": "on"}
    page = visitor.done(f"{setup}/code", **code)
    # The usual stages are offered; none is set before somebody says so.
    assert chosen(page, "completed") == f"{P}:142"
    assert chosen(page, "cancelled") == chosen(page, "returned") == f"{P}:143"
    assert not settings(here, fresh)["stages"]
    stages = {"completed": f"{P}:142", "cancelled": f"{P}:143", "returned": ""}
    visitor.done(f"{setup}/stages", accepted=f"{P}:{TAKEN_STAGE_ID}", **stages)
    kept = settings(here, fresh)
    ranks = kept.pop("ranks")
    assert kept == {
        "pipeline_id": P,
        "status_id": NEW_ORDER_STAGE_ID,
        "responsible_user_id": MANAGER_ID,
        "catalog_id": PRODUCTS_ID,
        "sku_field_id": None,
        "price_field_id": None,
        "order_code_field_id": ORDER_FIELD_ID,
        "name": "Каспи {code}",
        "note": True,
        "stages": {
            "accepted": f"{P}:{TAKEN_STAGE_ID}",
            "completed": f"{P}:142",
            "cancelled": f"{P}:143",
        },
    }
    in_order = [FIRST, f"{P}:{TAKEN_STAGE_ID}", f"{P}:{SENT_STAGE_ID}"]
    assert sorted(in_order, key=ranks.__getitem__) == in_order
    assert "Магазин включён" in visitor.done(f"{setup}/on", do="on", days="3")
    row = here.rows(
        "select state, now() - since as back, switched_on_at from shop where id = $1", fresh
    )[0]
    assert row["state"] == "on"
    assert row["back"].days == 3
    # Orders of before may have deals: they are looked for.
    assert row["switched_on_at"] is not None
    actions = here.rows("select action from audit where subject = $1 order by id", f"shop:{fresh}")
    assert [one["action"] for one in actions] == ["add", *["change"] * 5, "set_state"]


def test_the_zone_of_the_business_is_asked_for(here: ShopConsole, fresh: int) -> None:
    """Nobody who sells at Kaspi lives by the time of Moscow unless they say so."""
    visitor, setup = here.visitor(), f"/shops/{fresh}/setup"
    zone = "select b.time_zone from business b join shop s on s.business_id = b.id where s.id = $1"
    assert here.value(zone, fresh) == "Europe/Moscow"
    assert chosen(visitor.page(f"{setup}/on"), "zone") == "Asia/Almaty"
    refused = visitor.post(f"{setup}/on", do="on", days="0", zone="Asia/Nowhere")
    assert refused.status_code == 422 and "Такого часового пояса нет" in refused.text
    visitor.done(f"{setup}/on", do="on", days="0", zone="Asia/Almaty")
    assert here.value(zone, fresh) == "Asia/Almaty"
    visitor.done(f"{setup}/on", do="off")
    assert chosen(visitor.page(f"{setup}/on"), "zone") == "Asia/Almaty"


def test_a_stage_called_as_accepted_orders_are_is_proposed(here: ShopConsole, fresh: int) -> None:
    visitor, setup = here.visitor(), f"/shops/{fresh}/setup"
    visitor.done(f"{setup}/deals", stage=FIRST, responsible="")
    assert chosen(visitor.page(f"{setup}/stages"), "accepted") == f"{P}:{TAKEN_STAGE_ID}"
    visitor.done(f"{setup}/stages", accepted="", completed="", cancelled="", returned="")
    page = visitor.page(f"{setup}/stages")
    assert chosen(page, "accepted") == "", "nobody's choice is overruled"


def test_after_a_catalog_its_fields_are_asked_for(here: ShopConsole, fresh: int) -> None:
    visitor, setup = here.visitor(), f"/shops/{fresh}/setup"
    page = visitor.done(f"{setup}/goods", catalog=str(PRODUCTS_ID))
    assert "Каталог сохранён. Теперь его поля" in page
    # A step that may be left out has no light that waits for ever.
    (item,) = re.findall(r'<a href="[^"]*/trial">(.*?)</a>', page)
    assert "light" not in item


def test_to_do_without_is_a_choice(here: ShopConsole, fresh: int) -> None:
    """Who wants no goods and no field for the number is not asked again."""
    visitor, setup = here.visitor(), f"/shops/{fresh}/setup"
    visitor.done(f"{setup}/deals", stage=FIRST, responsible="")
    assert next_step(visitor, setup) == "goods"
    visitor.done(f"{setup}/goods", catalog="")
    assert next_step(visitor, setup) == "code"
    visitor.done(f"{setup}/code", order_code_field_id="", name="{code}", note="on")
    assert next_step(visitor, setup) == "stages"
    assert settings(here, fresh)["catalog_id"] is None


def next_step(visitor: Visitor, setup: str) -> str:
    return str(visitor.get(setup).headers["location"]).rpartition("/")[2]


def test_a_connection_has_one_shop(here: ShopConsole, fresh: int) -> None:
    visitor = here.visitor()
    assert "Свободных подключений Kaspi нет" in visitor.page("/shops/new")
    answer = visitor.post("/shops/new", source=str(here.kaspi), crm=str(here.amocrm))
    assert answer.status_code == 422
    assert here.value("select count(*) from shop") == 2


def test_a_look_whether_a_side_works_keeps_what_was_chosen(here: ShopConsole) -> None:
    second = here.value("select id from connection where name = 'второй'")
    visitor = here.visitor()
    visitor.page("/shops/new")
    page = visitor.post("/shops/new", source=str(second), crm=str(here.amocrm), test=str(second))
    assert "Проверка прошла." in page.text
    assert f'name="crm" value="{here.amocrm}" checked' in page.text
    assert here.value("select count(*) from shop") == 1


def test_access_is_granted_on_the_way_out(here: ShopConsole) -> None:
    by_oauth = here.value("select id from connection where name = 'по OAuth'")
    visitor = here.visitor()
    page = visitor.page("/shops/new")
    assert "Доступ ещё не выдан" in page
    assert f'href="/connections/{by_oauth}/grant"' in page
    out = visitor.get(f"/connections/{by_oauth}/grant")
    assert out.status_code == 303
    there = urlsplit(out.headers["location"])
    asked = parse_qs(there.query)
    assert f"{there.scheme}://{there.netloc}" == here.sandbox.url
    assert asked["redirect_uri"] == [f"{here.web.deps.settings.url}/public/oauth_callback.php"]
    kept = here.rows("select connection_id, made_by, state_hash from oauth_state")[0]
    assert (kept["connection_id"], kept["made_by"]) == (by_oauth, "olga")
    assert asked["state"][0].encode() not in kept["state_hash"]
    assert visitor.get(f"/connections/{here.amocrm}/grant").status_code == 404
    assert here.visitor(OPERATOR).get(f"/connections/{by_oauth}/grant").status_code == 403


def test_a_connection_says_how_its_access_is(here: ShopConsole) -> None:
    by_oauth = here.value("select id from connection where name = 'по OAuth'")
    visitor, grants = here.visitor(), here.web.deps.reach.grants
    page = visitor.page(f"/connections/{by_oauth}")
    assert "Доступ ещё не выдан" in page
    assert f'readonly value="{grants.redirect_uri}"' in page
    until = datetime.now(UTC) + timedelta(hours=20)
    active = here.web.deps.registry.get(by_oauth)
    assert active is not None
    tokens = Tokens("access-of-a-test", "refresh-of-a-test", until)
    here.web.run(lambda: grants.grant(active, tokens, grants.redirect_uri, "olga"))
    page = visitor.page(f"/connections/{by_oauth}")
    assert "Доступ выдан" in page
    assert "access-of-a-test" not in page
    here.rows("update oauth_grant set revoked_reason = 'отозван в amoCRM'")
    page = visitor.page(f"/connections/{by_oauth}")
    assert "Подключите заново: отозван в amoCRM" in " ".join(page.split())
    # One with a token that somebody typed in has nothing to grant.
    assert "Доступ ещё не выдан" not in visitor.page(f"/connections/{here.amocrm}")


def test_a_shop_without_access_is_sent_to_get_it(here: ShopConsole) -> None:
    by_oauth = here.value("select id from connection where name = 'по OAuth'")
    second = here.value("select id from connection where name = 'второй'")
    visitor = here.visitor()
    visitor.page("/shops/new")
    assert visitor.post("/shops/new", source=str(second), crm=str(by_oauth)).status_code == 303
    shop = here.value("select id from shop where source_id = $1", second)
    assert visitor.get(f"/shops/{shop}/setup").headers["location"] == f"/shops/{shop}/setup/crm"
    for step in STEPS:
        page = visitor.page(f"/shops/{shop}/setup/{step}")
        if step in ("deals", "goods", "code", "stages"):
            assert "amoCRM сейчас не прочитать" in page or "Сначала выберите" in page, step


def test_without_amocrm_nothing_that_was_chosen_is_lost(here: ShopConsole) -> None:
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    before = settings(here, here.shop)
    here.rows("update connection set state = 'off', updated_at = now() where id = $1", here.amocrm)
    for step in ("deals", "goods", "code", "stages"):
        page = visitor.page(f"{setup}/{step}")
        assert "Выбранное раньше сохранено." in page
        answer = visitor.post(f"{setup}/{step}", stage=FIRST, catalog="", name="x")
        assert answer.status_code == 422, step
    assert settings(here, here.shop) == before


def test_one_list_that_is_refused_does_not_take_the_others_along(here: ShopConsole) -> None:
    here.sandbox.arm_at("amocrm", "users", "500")
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    page = visitor.page(f"{setup}/deals")
    assert "amoCRM сейчас не прочитать" in page
    assert chosen(page, "stage") == FIRST


@pytest.mark.parametrize(
    ("step", "form"),
    [
        ("deals", {"stage": "1:1", "responsible": ""}),
        ("deals", {"stage": f"{P}:142", "responsible": ""}),
        ("deals", {"stage": FIRST, "responsible": "77"}),
        ("deals", {}),
        ("goods", {"catalog": "77"}),
        ("goods", {"catalog": str(SUPPLIERS_ID)}),
        ("goods", {"catalog": str(PRODUCTS_ID), "sku_field_id": "77", "price_field_id": ""}),
        ("code", {"order_code_field_id": "77", "name": "x"}),
        ("code", {"order_code_field_id": "", "name": ""}),
        ("code", {"order_code_field_id": "", "name": "x" * 101}),
        ("stages", {"accepted": f"{PIPELINE_ID}:142"}),
        ("on", {"do": "on", "days": "15"}),
        ("on", {"do": "on", "days": "минус один"}),
        ("on", {"do": "explode"}),
        ("crm", {"crm": "77"}),
    ],
)
def test_what_is_not_there_cannot_be_chosen(
    here: ShopConsole, step: str, form: dict[str, str]
) -> None:
    before = here.rows("select * from shop")
    visitor = here.visitor()
    visitor.page("/shops")
    assert visitor.post(f"/shops/{here.shop}/setup/{step}", **form).status_code == 422
    assert here.rows("select * from shop") == before


def test_another_pipeline_forgets_the_stages_of_the_first(here: ShopConsole) -> None:
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    page = visitor.page(f"{setup}/deals")
    other = next(v for v in re.findall(r'value="(\d+:\d+)"', page) if not v.startswith(f"{P}:"))
    visitor.done(f"{setup}/deals", stage=other, responsible="")
    kept = settings(here, here.shop)
    assert f"{kept['pipeline_id']}:{kept['status_id']}" == other
    assert not kept.get("stages")
    assert not kept.get("ranks")


def test_a_field_is_made_once(here: ShopConsole) -> None:
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    visitor.page(setup + "/code")
    visitor.done(f"{setup}/code", do="create")
    made = settings(here, here.shop)["order_code_field_id"]
    assert made != ORDER_FIELD_ID
    page = visitor.done(f"{setup}/code", do="create")
    assert settings(here, here.shop)["order_code_field_id"] == made
    assert unescape(page).count(">Номер заказа Kaspi<") == 1
    assert chosen(page, "order_code_field_id") == str(made)


def test_fields_of_a_list_are_made_where_they_are_missing(here: ShopConsole) -> None:
    here.rows("update shop set settings = settings || $1", {"catalog_id": SUPPLIERS_ID})
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    answer = visitor.post(
        f"{setup}/goods", catalog=str(SUPPLIERS_ID), sku_field_id="", price_field_id=""
    )
    if answer.status_code == 403:
        visitor.page(setup + "/goods")
        answer = visitor.post(
            f"{setup}/goods", catalog=str(SUPPLIERS_ID), sku_field_id="", price_field_id=""
        )
    assert answer.status_code == 422
    assert "нет поля артикула" in answer.text
    visitor.done(f"{setup}/goods", do="create")
    kept = settings(here, here.shop)
    assert kept["sku_field_id"] != kept["price_field_id"]
    visitor.done(f"{setup}/goods", do="create")
    assert settings(here, here.shop) == kept


def test_amocrm_with_deals_is_not_exchanged(here: ShopConsole) -> None:
    by_oauth = str(here.value("select id from connection where name = 'по OAuth'"))
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    visitor.page(f"{setup}/crm")
    here.rows("update shop set state = 'off'")
    answer = visitor.post(f"{setup}/crm", crm=by_oauth)
    assert answer.status_code == 422
    assert "сменить нельзя" in answer.text
    here.rows("update shop_order set lead_id = null")
    visitor.done(f"{setup}/crm", crm=by_oauth)
    row = here.rows("select crm_id, settings from shop")[0]
    assert (row["crm_id"], row["settings"]) == (int(by_oauth), {})


def test_a_trial_shows_a_deal_and_makes_none(here: ShopConsole) -> None:
    before = here.leads(), here.rows("select count(*) from raw_event")
    (code,) = here.make(1)
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    visitor.page(f"{setup}/trial")
    page = visitor.post(f"{setup}/trial").text
    assert f"<h3>Kaspi {code}</h3>" in page
    assert "в поле «Номер заказа»" in page
    assert re.search(r"SKU-\d+</td>", page)
    assert f"Заказ {code} на " in page
    assert (here.leads(), here.rows("select count(*) from raw_event")) == before


def test_a_trial_without_orders_says_so(here: ShopConsole, fresh: int) -> None:
    visitor = here.visitor()
    visitor.page(f"/shops/{fresh}/setup/trial")
    page = visitor.post(f"/shops/{fresh}/setup/trial").text
    assert "За последние 13 дней заказов не было" in page
    here.sandbox.arm_at("kaspi", "orders", "500")
    assert "tone-bad" in visitor.post(f"/shops/{here.shop}/setup/trial").text


def test_earlier_orders_are_taken_although_they_were_seen(here: ShopConsole) -> None:
    here.rows("delete from shop_order where code = $1", here.codes[DONE])
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    visitor.page(f"{setup}/on")
    visitor.done(f"{setup}/on", do="earlier", days="5")
    assert here.value("select now() - since > interval '4 days' from shop where id = $1", here.shop)
    seen = [row["code"] for row in here.rows("select code from shop_seen")]
    assert here.codes[DONE] not in seen
    assert len(seen) == len(here.codes) - 1


def test_a_shop_is_switched_off(here: ShopConsole) -> None:
    visitor, setup = here.visitor(), f"/shops/{here.shop}/setup"
    visitor.page(f"{setup}/on")
    assert "Магазин выключен" in visitor.done(f"{setup}/on", do="off")
    assert here.value("select state from shop where id = $1", here.shop) == "off"


def test_operators_change_no_settings(here: ShopConsole) -> None:
    visitor = here.visitor(OPERATOR)
    visitor.page("/shops")
    for path in ("/shops/new", *(f"/shops/{here.shop}/setup/{step}" for step in STEPS)):
        assert visitor.get(path).status_code == 403, path
        assert visitor.post(path, do="off", crm="1").status_code == 403, path
    page = visitor.page("/shops")
    assert "/setup" not in page
    assert "/shops/new" not in page


@pytest.mark.parametrize("path", ["/shops/77/setup", "/shops/x/setup/on", "/shops/1/setup/nothing"])
def test_there_is_no_such_page(here: ShopConsole, path: str) -> None:
    assert here.visitor().get(path).status_code == 404


def test_no_form_is_taken_without_its_token(here: ShopConsole) -> None:
    visitor: Visitor = here.visitor()
    visitor.csrf = "another"
    for path in (
        *("/shops/new", f"/shops/{here.shop}/setup/on", f"/shops/{here.shop}/state"),
        *(f"/shops/{here.shop}/run", f"/shops/orders/{here.id_of(DONE)}/again"),
    ):
        assert visitor.post(path, do="off").status_code == 403, path
