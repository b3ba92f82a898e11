"""The cabinet as partners use it: on a phone and on a desk, by day and by night, without script."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from console_pages import CONTRAST, NAMELESS, OVERFLOW
from loopback import LoopbackServer
from partner_client import Client, add_client, partner_web
from partner_shop import Shop, deliver, hook
from robots import add_robot
from running_web import WebApp
from uzel.partners.manage import ALL_SCOPES
from uzel.partners.payment import State

pytestmark = pytest.mark.browser

ROOMS = ("", "transactions", "leads", "statement", "rates", "tokens", "webhooks", "api")


@pytest.fixture(scope="module", autouse=True)
def web(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """The server. It comes before the browser: both want this thread's loop."""
    with partner_web(shared_dsn, tmp_path_factory.mktemp("cabinet")) as running:
        yield running


@pytest.fixture(scope="module")
def partner(web: WebApp) -> Client:
    """With payments in all states, and a name that is long."""
    it = add_client(
        web,
        "250000.50",
        name="ТОО «Ромашка и партнёры Северо-Казахстанской области»",
        commission_percent="15",
        scopes=ALL_SCOPES,
    )
    for n in range(12):
        number = f"order-{n}-from-a-program-with-long-numbers"
        answer = it.pay(f"{100 + n}.37", key=f"k{n}", external_id=number, service_details="Ключ")
        made = answer.json()["transaction_id"]
        if n % 3:
            state = State.FAILED if n % 4 == 1 else State.COMPLETED
            it.settle(made, state, "card refused")
    add_leads_and_deliveries(it)
    return it


def add_leads_and_deliveries(it: Client) -> None:
    """Leads with long links and reports, and a receiver that took some of what it was told."""
    robot, shop = add_robot(it.app), Shop()
    leads = [
        {
            "external_id": f"deal-{n}-from-a-program-with-long-numbers",
            "payment_url": f"https://checkout.shop.example/c/pay/cs_live_{'a1B2' * 20}{n}",
            "data": {"comment": "Подписка на месяц", "plan": "x" * 120},
        }
        for n in range(4)
    ]
    with LoopbackServer(shop.answer) as server:
        number = hook(it.app, it, f"{server.url}/hooks/uzel?from={'long' * 12}")
        told = it.v1("POST", "/leads", json={"leads": leads}).json()["leads"]
        for lead, status in zip(told, ("Успешно", "ОШИБКА!"), strict=False):
            robot.report(
                lead["lead_id"], status, amount="19,17", currency="USD", email="a@b.example"
            )
        deliver(it.app, number)
        shop.status, shop.body = 500, b"<html>" + b"Internal Server Error " * 12
        robot.report(told[2]["lead_id"])
        deliver(it.app, number)


def visit(browser: Browser, partner: Client, *, width: int = 1280, theme: str = "light") -> Page:
    """Signed in; no script runs."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]
        locale="ru-RU",
        java_script_enabled=False,
        accept_downloads=True,
    )
    page = context.new_page()
    page.goto(f"{partner.app.url}/partner/statement")
    page.get_by_label("Токен API").fill(partner.token)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Выписка")).to_be_visible()
    return page


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", text.replace(",", ".").replace("−", "-")))


def test_the_statement_and_its_files_have_the_same_sums(
    browser: Browser, partner: Client, tmp_path: Path
) -> None:
    page = visit(browser, partner)
    page.get_by_role("link", name="Этот месяц").click()
    tile = page.locator(".tile", has_text="период не окончен").locator(".big")
    closing = number(tile.inner_text())
    amounts = [number(it) for it in page.locator("td[data-name='Сумма']").all_inner_texts()]
    assert sum(amounts) == closing
    assert closing * 100 == partner.stands().posted_minor

    def download(name: str) -> Path:
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name, exact=True).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    table = csv.reader(io.StringIO(download("CSV").read_text("utf-8-sig")), delimiter=";")
    _, _, *lines, _, _, last = list(table)
    assert [number(row[5]) for row in lines] == amounts
    assert number(last[6]) == closing
    rows = list(openpyxl.load_workbook(download("XLSX")).active.iter_rows(values_only=True))
    in_book = [round(Decimal(row[5]), 2) for row in rows if isinstance(row[5], float | int)]
    assert in_book == amounts
    assert round(Decimal(rows[-1][6]), 2) == closing
    text = "".join(it.extract_text() for it in PdfReader(download("PDF")).pages)
    assert tile.inner_text().replace("\N{NO-BREAK SPACE}", " ") in text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_room_can_be_read(browser: Browser, partner: Client, width: int, theme: str) -> None:
    page = visit(browser, partner, width=width, theme=theme)
    newest = partner.v1("GET", "/payments").json()["items"][0]["id"]
    lead = partner.v1("GET", "/leads?state=done").json()["items"][0]["id"]
    for room in (*ROOMS, f"transactions/{newest}", f"leads/{lead}"):
        page.goto(f"{partner.app.url}/partner/{room}")
        assert page.evaluate(OVERFLOW) == [], room
        assert page.evaluate(CONTRAST) == [], room
        assert page.evaluate(NAMELESS) == [], room
    page.context.close()


def test_a_request_is_tried_and_its_answer_seen(browser: Browser, partner: Client) -> None:
    page = visit(browser, partner)
    page.get_by_role("link", name="API", exact=True).click()
    page.locator("#get_balance").get_by_role("button", name="Попробовать").click()
    answer = page.locator("#get_balance .answer")
    expect(answer).to_contain_text("HTTP 200")
    expect(answer).to_contain_text(partner.public_id)
    page.context.close()


def test_a_token_is_made_copied_and_revoked(browser: Browser, partner: Client) -> None:
    page = visit(browser, partner)
    page.get_by_role("link", name="Токены").click()
    page.get_by_label("Название").fill("Бот склада")
    page.get_by_role("button", name="Выпустить").click()
    made = page.locator(".secret").inner_text()
    assert made.startswith("uzp_")
    page.get_by_role("link", name="К списку токенов").click()
    card = page.locator(".token", has_text="Бот склада")
    card.get_by_text("Отозвать", exact=True).click()
    card.get_by_role("button", name="Отозвать сейчас").click()
    expect(page.locator(".token.ended", has_text="Бот склада")).to_be_visible()
    assert partner.v1("GET", "/balance", headers={"authorization": f"Bearer {made}"}).is_error
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Токен API")).to_be_visible()
    page.context.close()


def test_a_lead_is_found_from_its_delivery(browser: Browser, partner: Client) -> None:
    page = visit(browser, partner)
    page.get_by_role("link", name="Вебхуки").click()
    row = page.get_by_role("row", name="lead.failed").first
    expect(row).to_contain_text("Доставлено")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("deal-1-from")
    expect(page.locator("main")).to_contain_text("ОШИБКА!")
    page.context.close()


def test_an_address_is_given_and_its_secret_replaced(browser: Browser, web: WebApp) -> None:
    it = add_client(web, "10", scopes=ALL_SCOPES)
    page = visit(browser, it)
    page.get_by_role("link", name="Вебхуки").click()
    page.get_by_label("Новый адрес").fill("https://10.1.2.3/hooks")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert")).to_contain_text("частной сети")
    expect(page.get_by_label("Новый адрес")).to_have_value("https://10.1.2.3/hooks")
    page.get_by_label("Новый адрес").fill(f"{web.url}/hooks")
    page.get_by_role("button", name="Сохранить").click()
    first = page.locator(".secret").inner_text()
    page.get_by_role("link", name="К вебхукам").click()
    page.get_by_role("button", name="Отправить проверочное событие").click()
    expect(page.get_by_role("row", name="test")).to_contain_text("Доставляется")
    page.get_by_text("Заменить секрет").click()
    page.get_by_role("button", name="Заменить сейчас").click()
    second = page.locator(".secret").inner_text()
    assert first.startswith("whsec_") and second.startswith("whsec_") and first != second
    page.context.close()
