"""The partner's own webhooks: seen and tried by all, changed by tokens for people."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from cabinet_visitor import CabinetVisitor, plain
from loopback import LoopbackServer
from partner_client import LIVE, TEST, Client, add_client
from partner_shop import Shop, deliver, hook
from robots import add_robot
from running_web import WebApp
from uzel.connections import store as connection_store
from uzel.partners import hook_address
from uzel.partners.manage import ALL_SCOPES, SCOPES

SECRET = re.compile(r'class="secret">([^<]+)<')
RESEND = re.compile(r"/partner/webhooks/(dlv_\w+)/resend")


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with LoopbackServer(shop.answer) as server:
        shop.url = f"{server.url}/hooks"
        yield shop


def owner(app: WebApp, **more: Any) -> tuple[Client, CabinetVisitor]:
    it = add_client(app, "100", scopes=ALL_SCOPES, **more)
    return it, CabinetVisitor(app.url).sign_in(it.token)


def hook_of(it: Client, book: str = LIVE) -> hook_address.Hook | None:
    return it.app.run(lambda: hook_address.hook_of(it.app.deps.pool, it.id, book))


def number_of(it: Client, book: str = LIVE) -> int:
    found = hook_of(it, book)
    assert found is not None
    return found.connection_id


def pay(it: Client, key: str = "a") -> str:
    it.app.deps.partners.gate._access._known.clear()  # a second has passed
    asked = {"amount": "1", "currency": "RUB"}
    return str(it.v1("POST", "/payments", key=key, json=asked).json()["id"])


def notes(it: Client) -> list[tuple[str, str]]:
    """(who, what) of the audit."""
    rows = it.app.run(
        lambda: it.app.deps.pool.fetch(
            "select actor, action from audit where subject = $1 order by id", f"partner:{it.id}"
        )
    )
    return [(row["actor"], row["action"]) for row in rows]


def test_an_address_its_secret_once_and_a_test(app: WebApp, shop: Shop) -> None:
    it, visitor = owner(app)
    assert "Адреса нет" in visitor.page("/partner/webhooks")
    answer = visitor.post("/partner/webhooks/address", url=f"  {shop.url} ")
    assert answer.status_code == 201
    found = SECRET.search(answer.text)
    assert found is not None and found[1].startswith("whsec_")
    page = visitor.page("/partner/webhooks")
    assert shop.url in page
    assert found[1] not in page
    assert visitor.post("/partner/webhooks/test").status_code == 303
    assert "Доставляется" in visitor.page("/partner/webhooks")
    again = visitor.post("/partner/webhooks/test")
    assert again.status_code == 422
    assert "ещё доставляется" in again.text
    deliver(app, number_of(it))
    assert [event["type"] for event in shop.heard()] == ["test"]
    assert "Доставлено" in visitor.page("/partner/webhooks")
    (actor,) = {who for who, _ in notes(it)}
    assert actor.startswith(f"{it.public_id}, token ")
    assert [what for _, what in notes(it)] == ["set_hook", "test_hook"]


def test_a_delivery_its_failure_and_once_more(app: WebApp, shop: Shop) -> None:
    it = add_client(app, "100")
    number = hook(app, it, shop.url)
    payment = pay(it)
    shop.status = 418
    deliver(app, number)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/webhooks")
    text = plain(page)
    for word in ("payment.pending", payment, "Доставляется", "418", "so be it", "попытка"):
        assert word in text
    assert f"/partner/transactions/{payment}" in page
    assert RESEND.findall(page) == []
    (delivery,) = it.v1("GET", "/webhook-deliveries").json()["items"]
    early = visitor.post(f"/partner/webhooks/{delivery['id']}/resend")
    assert early.status_code == 409
    assert "ещё доставляется" in early.text
    app.run(lambda: app.deps.pool.execute("update call set due_at = now()"))
    shop.status = 200
    deliver(app, number)
    assert RESEND.findall(visitor.page("/partner/webhooks")) == [delivery["id"]]
    assert visitor.post(f"/partner/webhooks/{delivery['id']}/resend").status_code == 303
    deliver(app, number)
    assert len({got.headers["webhook-id"] for got in shop.got}) == 1
    assert len(shop.got) == 3
    assert [what for _, what in notes(it)] == ["resend_hook"]
    for nothing in ("dlv_" + "0" * 32, "x", "%00"):
        assert visitor.post(f"/partner/webhooks/{nothing}/resend").status_code == 404


def test_a_lead_of_a_delivery_is_a_link_to_it(app: WebApp, shop: Shop) -> None:
    it = add_client(app)
    hook(app, it, shop.url)
    asked = {"leads": [{"external_id": f"{it.public_id}-1"}]}
    lead = it.v1("POST", "/leads", json=asked).json()["leads"][0]["lead_id"]
    add_robot(app).report(lead)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/webhooks")
    assert "lead.completed" in page
    assert f'href="/partner/leads/{lead}"' in page
    assert "Выполнен" in visitor.page(f"/partner/leads/{lead}")


def test_deliveries_come_in_pages(app: WebApp, shop: Shop) -> None:
    it = add_client(app, "100")
    hook(app, it, shop.url)
    payments = [pay(it, f"k{n}") for n in range(53)]
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    first = visitor.page("/partner/webhooks")
    older = unescape(re.findall(r'href="([^"]+before=[^"]+)"', first)[0])
    pages = [re.findall(r"/transactions/(txn_\w+)", page) for page in (first, visitor.page(older))]
    assert pages[0] + pages[1] == payments[::-1]
    assert len(pages[0]) == 50
    assert visitor.get("/partner/webhooks?before=dlv_" + "0" * 32).status_code == 404


def test_programs_tokens_change_neither_address_nor_secret(app: WebApp, shop: Shop) -> None:
    it = add_client(app, scopes=SCOPES)
    hook(app, it, shop.url)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/webhooks")
    assert "/webhooks/address" not in page
    assert "/webhooks/secret" not in page
    before = hook_of(it)
    for path, fields in (("address", {"url": "https://shop.example/x"}), ("secret", {})):
        for given in (fields, {"url": ""}):
            answer = visitor.post(f"/partner/webhooks/{path}", **given)
            assert answer.status_code == 422
            assert "tokens:write" in answer.text
            assert "whsec_" not in answer.text
    assert hook_of(it) == before
    assert notes(it) == []
    # What asks of nobody's else is allowed, as by the API.
    assert visitor.post("/partner/webhooks/test").status_code == 303


def test_a_revoked_token_is_found_out_in_the_same_transaction(app: WebApp, shop: Shop) -> None:
    it, visitor = owner(app)
    hook(app, it, shop.url)
    visitor.page("/partner/webhooks")
    end = "update partner_token set revoked_at = now() where partner_id = $1"
    app.run(lambda: app.deps.pool.execute(end, it.id))
    assert visitor.post("/partner/webhooks/address", url="").status_code == 303
    found = hook_of(it)
    assert found is not None and found.state == "active"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://10.0.0.1/hook", "частной сети"),
        ("https://169.254.169.254/latest", "частной сети"),
        ("https://[::1]/", "частной сети"),
        ("https://[::ffff:10.0.0.1]/", "частной сети"),
        ("http://192.168.1.1/", "частной сети"),
        ("http://93.184.216.34/hook", "по http:// сообщение прочитают"),
        ("https://user:word@shop.example/", "Логину и паролю"),
        ("https://shop.example:99999/", "Порт"),
        ("https://shop.example/крючок", "латиницей"),
        ("javascript:alert(1)", "Адрес выглядит так"),
        ("https://2130706433/", "Имени сервера нет"),
        (f"https://shop.example/{'x' * 5000}", None),
    ],
)
def test_addresses_that_are_refused(app: WebApp, shop: Shop, url: str, said: str | None) -> None:
    it, visitor = owner(app)
    hook(app, it, shop.url)
    visitor.page("/partner/webhooks")
    answer = visitor.post("/partner/webhooks/address", url=url)
    assert answer.status_code == 422
    assert said is None or said in plain(answer.text)
    found = hook_of(it)
    assert found is not None and found.url == shop.url
    assert notes(it) == []


def test_moving_keeps_the_secret_and_rotation_keeps_the_old_one_for_a_day(
    app: WebApp, shop: Shop
) -> None:
    it, visitor = owner(app)
    visitor.page("/partner/webhooks")
    visitor.post("/partner/webhooks/address", url=shop.url)
    assert visitor.post("/partner/webhooks/address", url=f"{shop.url}/2").status_code == 303
    answer = visitor.post("/partner/webhooks/secret")
    assert answer.status_code == 201
    assert SECRET.search(answer.text) is not None
    assert "прежним секретом" in answer.text
    pay(it)
    deliver(app, number_of(it))
    (got,) = shop.got
    assert got.target == "/hooks/2"
    assert len(got.headers["webhook-signature"].split()) == 2
    assert "прежний подписывает" in visitor.page("/partner/webhooks")
    assert [what for _, what in notes(it)] == ["set_hook", "set_hook", "rotate_hook"]


def test_an_empty_address_switches_off_and_an_address_on_again(app: WebApp, shop: Shop) -> None:
    it, visitor = owner(app)
    hook(app, it, shop.url)
    visitor.page("/partner/webhooks")
    assert visitor.post("/partner/webhooks/address", url=" ").status_code == 303
    assert "Адреса нет" in visitor.page("/partner/webhooks")
    assert visitor.post("/partner/webhooks/test").status_code == 422
    pay(it)
    assert it.v1("GET", "/webhook-deliveries").json()["items"] == []
    assert visitor.post("/partner/webhooks/address", url=shop.url).status_code == 303
    found = hook_of(it)
    assert found is not None and (found.state, found.url) == ("active", shop.url)


def test_after_410_the_partner_comes_back_but_not_against_an_administrator(
    app: WebApp, shop: Shop
) -> None:
    it, visitor = owner(app)
    number = hook(app, it, shop.url)
    shop.status = 410
    pay(it)
    deliver(app, number)
    assert "выключен" in visitor.page("/partner/webhooks")
    (gone,) = RESEND.findall(visitor.page("/partner/webhooks"))
    answer = visitor.post(f"/partner/webhooks/{gone}/resend")
    assert answer.status_code == 409
    assert "Адрес выключен" in answer.text
    assert visitor.post("/partner/webhooks/address", url=shop.url).status_code == 303
    app.run(lambda: connection_store.set_state(app.deps.pool, number, "off", "by anna"))
    page = visitor.page("/partner/webhooks")
    assert "Вебхуки выключил администратор" in page
    assert visitor.post("/partner/webhooks/address", url=shop.url).status_code == 422
    found = hook_of(it)
    assert found is not None and found.state == "off"


def test_each_book_has_its_own(app: WebApp, shop: Shop) -> None:
    it, visitor = owner(app, is_test=True)
    live = hook(app, it, f"{shop.url}/live")
    page = visitor.page("/partner/webhooks")
    assert "/live" not in page
    visitor.post("/partner/webhooks/address", url=f"{shop.url}/test")
    visitor.post("/partner/webhooks/test")
    deliver(app, number_of(it, TEST))
    deliver(app, live)
    assert [(got.target, event["is_test"]) for got in shop.got for event in shop.heard()] == [
        ("/hooks/test", True)
    ]
    found = hook_of(it)
    assert found is not None and found.url == f"{shop.url}/live"


def test_what_a_server_answers_is_text(app: WebApp, shop: Shop) -> None:
    it = add_client(app, "10")
    number = hook(app, it, shop.url)
    shop.status, shop.body = 500, b"<script>alert(1)</script>"
    pay(it)
    deliver(app, number)
    page = CabinetVisitor(app.url).sign_in(it.token).page("/partner/webhooks")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
