"""A partner from nothing to its first payment, in a browser; and whether the pages fit."""

import pytest
from playwright.sync_api import Browser, expect

from acceptance_demo import Demo
from console_pages import CONTRAST, NAMELESS, OVERFLOW, watched

pytestmark = pytest.mark.browser

ROOM = (
    *("/partners", "/partners/new", "/partners/limit/edit", "/partners/1", "/partners/1/payments"),
    *("/partners/1/statement", "/partners/1/tokens", "/partners/1/settings", "/partners/1/close"),
    *("/partners/1/money/top_up", "/partners/1/money/credit_limit", "/partners/proposals/2"),
    *("/rates", "/rates/USD-RUB", "/rates/limits/edit"),
)


def test_a_partner_is_added_topped_up_and_given_a_token(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/partners")
        page.get_by_role("link", name="Добавить партнёра").click()
        page.fill("#name", "Ромашка")
        page.fill("#commission_percent", "15")
        page.locator("main").get_by_role("button", name="Добавить партнёра").click()
        expect(page.locator("h1")).to_have_text("Ромашка")
        page.get_by_role("link", name="Пополнить").click()
        page.fill("#amount", "1 000,50")
        page.fill("#reason", "счёт 17")
        expect(page.locator("#preview .becomes")).to_have_text("1\u202f000,50\u00a0₽")
        page.get_by_role("button", name="Пополнить: 1\u202f000,50").dblclick()
        expect(page.locator(".balance .big")).to_have_text("1\u202f000,50\u00a0₽")
        page.get_by_role("link", name="Токены").click()
        page.fill("#name", "сайт")
        page.get_by_role("button", name="Выдать токен").click()
        assert page.locator("#token").input_value().startswith("uzp_")
        page.get_by_role("link", name="Выписка").click()
        expect(page.locator("table")).to_contain_text("счёт 17")
        expect(page.locator("tbody tr")).to_have_count(1)


def test_without_a_script_a_large_sum_waits_for_a_second_person(
    browser: Browser, demo: Demo
) -> None:
    with watched(browser, demo, script=False) as seen:
        page = seen.sign_in().open("/partners/1/money/top_up")
        page.fill("#amount", "500000")
        page.fill("#reason", "счёт 18")
        page.get_by_role("button", name="Посмотреть, что выйдет").click()
        page.get_by_role("button", name="Предложить: 500\u202f000,00").click()
        expect(page.locator("#proposals")).to_contain_text("счёт 18")
        page = seen.open("/rates")
        page.fill("#pair", "usd/rub")
        page.fill("#value", "92,413")
        page.get_by_role("button", name="Посмотреть, что выйдет").click()
        page.get_by_role("button", name="Внести курс").click()
        expect(page.locator("#went")).to_contain_text("1 USD = 92,413 RUB")


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
