"""The table of leads in a browser: reported by hand and by a file; and whether the pages fit."""

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from acceptance_demo import Demo
from console_pages import CONTRAST, NAMELESS, OVERFLOW, watched

pytestmark = pytest.mark.browser

ROOM = (
    *("/leads", "/leads/1", "/leads/import", "/leads/robots", "/leads/crm"),
    "/leads/robots/1/revoke",
)
LINK = "https://pay.example.com/c/pay/cs_live_" + "a1B2c3D4e5" * 12
SHEET = "Номер сделки;Сумма;Валюта;Статус\ndeal-2;20;USD;Успешно\ndeal-3;1,234;USD;Успешно\n"


def submit(demo: Demo, token: str) -> None:
    """Leads of a partner."""
    leads = [
        {"external_id": f"deal-{number}", "payment_url": LINK, "data": {"note": "x" * 60}}
        for number in range(1, 5)
    ]
    answer = httpx2.post(
        f"{demo.told['url']}/api/v1/partner/leads",
        json={"leads": leads},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text


def test_leads_are_reported_by_hand_and_by_a_file(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/partners/new")
        page.fill("#name", "Ромашка")
        page.locator("main").get_by_role("button", name="Добавить партнёра").click()
        page.get_by_role("link", name="Токены").click()
        page.fill("#name", "сайт")
        page.get_by_role("button", name="Выдать токен").click()
        submit(demo, page.locator("#token").input_value())
        page = seen.open("/leads")
        page.get_by_role("link", name="deal-1").click()
        page.fill("#amount", "19,17 $")
        page.fill("#card", "4111 1111 1111 1111")
        page.get_by_role("button", name="Выполнен…").click()
        page.get_by_role("button", name="Да, выполнен").dblclick()
        expect(page.locator("#reports tbody tr")).to_have_count(1)
        expect(page.locator("#reports")).to_contain_text("411111******1111")
        page = seen.open("/leads/import")
        page.set_input_files(
            "#file", {"name": "leads.csv", "mimeType": "text/csv", "buffer": SHEET.encode("cp1251")}
        )
        page.get_by_role("button", name="Проверить").click()
        expect(page.locator("tbody")).to_contain_text("можно понять двояко")
        page.get_by_role("button", name="Записать отчёты: 1").click()
        expect(page.locator("#list tbody tr").filter(has_text="выполнен")).to_have_count(2)
        page = seen.open("/leads/robots")
        page.fill("#name", "Zeno")
        page.get_by_role("button", name="Добавить робота").click()
        assert page.locator("#token").input_value().startswith("uzr_")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits_can_be_read_and_is_named(
    browser: Browser, demo: Demo, width: int, scheme: str
) -> None:
    with watched(browser, demo, width=width, scheme=scheme) as seen:
        seen.sign_in()
        for path in ROOM:
            page = seen.page
            answer = page.goto(demo.told["url"] + path)
            assert answer is not None and answer.ok, path
            assert page.evaluate(OVERFLOW) == [], path
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate(NAMELESS) == [], path
