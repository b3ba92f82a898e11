"""The console as a person uses it: a real browser, a real demo, the sandbox as providers."""

import pytest
from playwright.sync_api import Browser, expect

from acceptance_demo import Demo, until
from console_pages import CONTRAST, NAMELESS, OVERFLOW, send, visit, watched

pytestmark = pytest.mark.browser

PAGES = (
    *("/", "/events", "/events?decision=skip", "/messages", "/calls", "/calls/waiting", "/parked"),
    *("/connections", "/connections/1", "/connections/2", "/connections/new", "/setup/iiko"),
    *("/connections/new/smsru", "/connections/2/edit", "/setup/smsru", "/business"),
    *("/business/places/new", "/business/places/1", "/search?q=7001", "/events/1", "/raw/1"),
    *("/messages/1", "/calls/1", "/nowhere"),
)


@pytest.fixture(scope="module", autouse=True)
def some_life(demo: Demo) -> None:
    """A visit with a message, one without a phone, something unreadable, a lost answer."""
    send(demo, visit(7001, "+79990007001"), visit(7002, None))
    demo.post("iiko", b'"not an event"')
    until(lambda: demo.journal("smsru", "send_sms"))
    demo.fault(connector="smsru", operation="send_sms", kind="reset", times=1)
    send(demo, visit(7003, "+79990007003"))
    until(lambda: len(demo.journal("smsru", "send_sms")) == 2)


def test_a_visit_becomes_a_message_before_ones_eyes(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/messages")
        expect(page.locator(".live[data-on]")).to_be_visible()
        send(demo, visit(7010, "+79990007010", name="Айгерим"))
        row = page.locator("#list tr", has_text="+7 999 000-70-10")
        expect(row).to_be_visible(timeout=60_000)
        expect(row).to_contain_text("доставлено", timeout=30_000)
        row.locator("a.open").click()
        life = page.locator("#life")
        expect(life).to_contain_text("Поставщик принял")
        expect(life).to_contain_text("Доставлено")
        page.get_by_role("link", name="№", exact=False).first.click()
        page.go_back()
        page.locator("dd a[href^='/events/']").first.click()
        expect(page.locator("h1")).to_have_text("заказ 7010")
        page.get_by_text("Тело запроса").click()
        expect(page.locator("#body pre")).to_contain_text('"number": 7010')


def test_a_lost_answer_is_decided_by_a_person(browser: Browser, demo: Demo) -> None:
    phone = "+79990007011"
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/")
        expect(page.locator(".live[data-on]")).to_be_visible()
        demo.fault(connector="smsru", operation="send_sms", kind="reset", times=1)
        send(demo, visit(7011, phone))
        expect(page.locator("#stuck")).to_contain_text("вызовы с неизвестным исходом")
        expect(page.locator("#rooms-list .badge").first).to_be_visible()
        page.locator("#stuck a[href='/calls/waiting']").click()
        page.locator("#list tr", has_text="+7 999 000-70-11").locator("a.button").click()
        expect(page.locator("main")).to_contain_text("соединение оборвалось")
        page.get_by_role("button", name="Отправить ещё раз…").click()
        expect(page.locator("main")).to_contain_text("Гость может получить это дважды")
        page.get_by_role("button", name="Да, отправить ещё раз").click()
        expect(page.locator(".notice").first).to_contain_text("Вызов пойдёт ещё раз")
        expect(page.locator("#attempts")).to_contain_text("принят", timeout=60_000)
    sent = [e for e in demo.journal("smsru", "send_sms") if phone[1:] in str(e["request"])]
    assert len(sent) == 2


def test_the_keyboard_is_enough(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/events")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        first = page.locator("#list tbody tr").first
        expect(first).to_have_class("at")
        page.keyboard.press("Enter")
        page.wait_for_url("**/events/*")
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("8 (999) 000-70-01")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        expect(page.locator("main")).to_contain_text("заказ 7001")
        page.keyboard.press("g")
        page.keyboard.press("c")
        page.wait_for_url("**/connections")


def test_an_address_is_copied(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/connections/new/iiko")
        page.fill("#_name", "Вторая точка")
        page.get_by_role("button", name="Создать").click()
        page.get_by_role("button", name="Скопировать").click()
        expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
        assert "/api/webhook/iiko?key=hook_" in page.locator("#hook").input_value()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_every_page_fits_can_be_read_and_is_named(
    browser: Browser, demo: Demo, width: int, scheme: str
) -> None:
    with watched(browser, demo, width=width, scheme=scheme) as seen:
        seen.sign_in()
        for path in PAGES:
            page = seen.open(path)
            assert page.evaluate(OVERFLOW) == [], path
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate(NAMELESS) == [], path


def test_a_narrow_screen_has_its_menu(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo, width=360) as seen:
        page = seen.sign_in().open("/")
        expect(page.locator("#rooms")).to_be_hidden()
        page.get_by_role("button", name="Разделы").click()
        page.locator("#rooms").get_by_role("link", name="События").click()
        page.wait_for_url("**/events")


def test_without_script_everything_still_works(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo, script=False) as seen:
        page = seen.sign_in().open("/events")
        page.select_option("select[name=reason]", "no_phone")
        page.get_by_role("button", name="Показать").click()
        expect(page.locator("#list tbody")).to_contain_text("заказ 7002")
        expect(page.locator("#list tbody")).not_to_contain_text("заказ 7001")
        page.goto(demo.told["url"] + "/")
        page.get_by_role("button", name="Тёмный").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.get_by_role("button", name="English").click()
        expect(page.locator("h1")).to_have_text("Overview")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("main")).to_contain_text("You have signed out")
