"""What an operator looks at for review requests, in a real browser over a real demo."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from acceptance_demo import Demo, ask, running_demo, until
from console_pages import CONTRAST, NAMELESS, OVERFLOW, watched
from review_history import History, rkeeper_order
from uzel.connections import manage
from uzel.kit import database
from uzel.kit.embedded import running
from uzel.kit.secrets import read_key_ring

pytestmark = pytest.mark.browser

WORD = "Отдан гостю"
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Busy:
    """A demo with two weeks behind it and three more connections; ids of connections, of a request
    somebody rated and of its place.
    """

    demo: Demo
    hook: str
    smsru: int
    iiko: int
    rkeeper: int
    exolve: int
    meta: int
    request: int
    place: int

    @property
    def pages(self) -> list[str]:
        """Everything there is to look at."""
        setups = (self.iiko, self.smsru, self.rkeeper, self.exolve, self.meta)
        return [
            *("/funnel", f"/funnel?period=90d&place={self.place}", "/ratings", "/costs"),
            *("/ratings?which=unseen", "/costs?channel=sms", f"/ratings/{self.request}"),
            *(f"/connections/{number}/setup" for number in setups),
            f"/connections/{self.rkeeper}/words",
            f"/connections/{self.rkeeper}/words/explain?word=x&meaning=completed",
        ]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """It comes before the browser: both want this thread's loop."""
    with running_demo(Path(tmp_path_factory.mktemp("reviews")) / "data") as demo:
        filled = asyncio.run(fill(demo))
        until(lambda: orders(filled, 1, "Новое слово", days_ago=5))
        yield filled


async def fill(demo: Demo) -> Busy:
    """Visits of two weeks, and the connections."""
    server = running(demo.data_dir)
    assert server is not None
    connection = await database.connect(server.dsn, name="test")
    ring = read_key_ring(None, demo.data_dir)
    unverified = {"api_key": "k" * 20, "sender": "79990000000", "whatsapp_unverified": True}
    meta = {"phone_number_id": "1000000000", "access_token": "token", "verify_token": "слово"}
    first = "select min(id) from connection where connector = $1"
    try:
        iiko, smsru = [await connection.fetchval(first, name) for name in ("iiko", "smsru")]
        history = History(connection, iiko, smsru)
        await history.prepare()
        await history.weeks(14, 6)
        async with connection.transaction():
            rkeeper = await manage.add(connection, ring, "rkeeper", "Проверка", {})
            exolve = await manage.add(connection, ring, "exolve", "Проверка", unverified)
            whatsapp = await manage.add(connection, ring, "meta", "Проверка", meta)
        request = await connection.fetchval("select min(id) from review_request where rating < 4")
    finally:
        await connection.close()
    hook = f"{demo.told['url']}/api/webhook/rkeeper?key={rkeeper.key}"
    ids = (smsru, iiko, rkeeper.id, exolve.id, whatsapp.id, request, history.places[0][0])
    return Busy(demo, hook, *ids)


def orders(busy: Busy, count: int, word: str, *, days_ago: float = 0, first: int = 900) -> bool:
    """Orders of r_keeper; False while its hook is not known yet."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    bodies = [rkeeper_order(first + n, word, f"+7999777{first + n:04}", at) for n in range(count)]
    return all(ask("POST", busy.hook, body, JSON)[0] == 200 for body in bodies)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_every_page_fits_can_be_read_and_is_named(
    browser_of_busy: Browser, busy: Busy, width: int, scheme: str
) -> None:
    with watched(browser_of_busy, busy.demo, width=width, scheme=scheme) as seen:
        seen.sign_in()
        for path in busy.pages:
            page = seen.open(path)
            assert page.evaluate(OVERFLOW) == [], path
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate(NAMELESS) == [], path


@pytest.fixture(scope="module")
def browser_of_busy(busy: Busy, browser: Browser) -> Browser:
    """The browser, once the demo is filled."""
    return browser


def test_a_word_is_explained_without_a_script_from_the_overview_on(
    browser_of_busy: Browser, busy: Busy
) -> None:
    assert orders(busy, 3, WORD)
    with watched(browser_of_busy, busy.demo, script=False) as seen:
        page = seen.sign_in().page
        line = page.locator("#todo li", has_text="неизвестный статус «Отдан гостю»")
        until(lambda: page.reload() and line.count() == 1 and "3 заказа" in line.inner_text())
        line.get_by_role("link", name="Объяснить").click()
        row = page.locator("#list tr", has_text=WORD)
        row.get_by_role("link", name="визит состоялся").click()
        expect(page.locator(".outcomes")).to_contain_text("3 просьба об отзыве уйдёт сейчас")
        page.get_by_role("button", name="Да, значит: визит состоялся").click()
        expect(page.locator("main")).to_contain_text("Заново разбираются 3 запроса.")
        page.goto(busy.demo.told["url"] + "/messages")
        rows = page.locator("#list tr", has_text="+7 999 777-09-0")
        until(lambda: page.reload() and rows.count() == 3)
    sent = [e for e in busy.demo.journal("smsru", "send_sms") if "999777090" in str(e["request"])]
    assert len(sent) == 3


def test_a_test_message_arrives_before_ones_eyes(browser_of_busy: Browser, busy: Busy) -> None:
    with watched(browser_of_busy, busy.demo) as seen:
        page = seen.sign_in().open(f"/connections/{busy.smsru}/setup")
        expect(page.locator(".live[data-on]")).to_be_visible()
        page.get_by_role("button", name="Проверить").click()
        expect(page.locator("#ready")).to_contain_text("прошла: баланс")
        page.fill("#address", "8 999 888-00-01")
        page.get_by_role("button", name="Отправить себе").click()
        expect(page.locator("#sent")).to_contain_text("доставлено", timeout=30_000)
        page.locator("#sent a").click()
        expect(page.locator("#life")).to_contain_text("Узел отправляет через SMS.ru")


def test_a_low_rating_is_dealt_with_by_keyboard(browser_of_busy: Browser, busy: Busy) -> None:
    with watched(browser_of_busy, busy.demo) as seen:
        page = seen.sign_in().open("/ratings?which=unseen")
        page.keyboard.press("j")
        while page.locator("#list tr.at").count() == 0:
            page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/ratings/*")
        page.get_by_role("button", name="Разобрались").press("Enter")
        expect(page.locator("#said")).to_contain_text("Разобрался demo")


def test_the_funnel_leads_from_a_reason_to_its_visits(browser_of_busy: Browser, busy: Busy) -> None:
    with watched(browser_of_busy, busy.demo) as seen:
        page = seen.sign_in().open("/funnel")
        reason = page.locator(".bars li", has_text="в заказе нет телефона")
        count = int(reason.locator("b").inner_text())
        reason.get_by_role("link").click()
        page.wait_for_url("**/events?*")
        assert page.locator("#list tbody tr").count() == min(count, 50)
