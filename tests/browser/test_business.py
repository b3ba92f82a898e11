"""Setting a business up in a browser: the way an owner goes, with and without a script."""

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from acceptance_demo import Demo
from console_pages import CONTRAST, NAMELESS, OVERFLOW, watched

pytestmark = pytest.mark.browser

PAGES = (
    *("/businesses", "/business", "/business/places/new", "/business/places/1", "/business/rules"),
    *(f"/business/rules/{name}/edit" for name in ("timing", "guests", "route", "sending")),
    *("/business/rules/money/edit", "/business/rules/ratings/edit", "/business/texts"),
    *("/business/texts/edit?variant=A", "/business/texts/edit?channel=email"),
    *("/business/texts/edit?channel=whatsapp", "/business/stop-list"),
    *("/business/stop-list/import", "/business/stop-list/remove?address=%2B79990008001"),
    *("/business/consents", "/business/consents/import"),
    "/business/consents/remove?address=guest%40example.org",
)


def save(page: Page) -> None:
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".notice", has_text="Сохранено.")).to_be_visible()


@pytest.fixture(scope="module", autouse=True)
def somebody(browser: Browser, demo: Demo) -> None:
    """One on the stop-list, one consent."""
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/business/stop-list")
        page.fill("#address", "8 999 000-80-01")
        page.get_by_role("button", name="В стоп-лист").click()
        expect(page.locator("table")).to_contain_text("внесено вручную")
        page = seen.open("/business/consents")
        page.fill("#address", "Guest@example.org")
        page.fill("#source", "анкета")
        page.get_by_role("button", name="Записать").click()
        expect(page.locator("table")).to_contain_text("guest@example.org")


@pytest.mark.parametrize("script", [True, False])
def test_a_business_is_set_up(browser: Browser, demo: Demo, script: bool) -> None:
    name = f"Салон {script}"
    with watched(browser, demo, script=script) as seen:
        page = seen.sign_in().open("/businesses")
        page.fill("#name", name)
        page.select_option("#zone", "Asia/Almaty")
        page.get_by_role("button", name="Добавить", exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        page.get_by_role("link", name="Добавить заведение").click()
        page.fill("#name", "На Абая")
        page.fill("#source_ref", "yclients:4564")
        page.fill("#gis_url", "2gis.kz/almaty")
        page.fill("#manager_phone", "8 701 000 00 01")
        page.locator("form.sections").evaluate("form => form.noValidate = true")
        page.get_by_role("button", name="Сохранить").click()
        expect(page.locator("#gis_url-wrong")).to_contain_text("Нужна ссылка вида https://…")
        expect(page.locator("#manager_phone")).to_have_value("8 701 000 00 01")
        page.fill("#gis_url", "https://2gis.kz/almaty/firm/1")
        save(page)
        expect(page.locator("table")).to_contain_text("+7 701 000 0001")
        page.get_by_role("link", name="Правила").click()
        page.get_by_role("link", name="Изменить: Режим отправки").click()
        page.get_by_label("Запись").check()
        save(page)
        expect(page.locator(".not-live")).to_contain_text(name)
        page.get_by_role("link", name="Изменить: Когда").click()
        page.fill("#delay_yclients", "4")
        save(page)
        expect(page.locator("#timing")).to_contain_text("4 ч после визита")
        page.get_by_role("link", name="Тексты").click()
        page.get_by_role("button", name="Добавить текст").first.click()
        page.fill("#body", "{name}, спасибо за визит! {link}")
        page.get_by_role("button", name="Сохранить текст").click()
        expect(page.locator("table").first).to_contain_text("50 %")


def test_a_text_is_previewed_as_it_is_typed(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/business/texts/edit?business=1&variant=A")
        page.fill("#body", "Спасибо, {name}! {link}")
        expect(page.locator("#preview .sms").first).to_contain_text("Спасибо, Мария!")
        expect(page.locator("#preview")).to_contain_text("SMS")
        page.fill("#body", "Спасибо!")
        expect(page.locator("#preview")).to_contain_text("В тексте нет {link}")
        page.reload()
        assert "{place}" in page.locator("#body").input_value()


def test_a_preview_needs_no_script(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo, script=False) as seen:
        page = seen.sign_in().open("/business/texts/edit?business=1&variant=A")
        page.fill("#body", "Привет, {name}! {link}")
        page.get_by_role("button", name="Посмотреть").click()
        expect(page.locator("#preview .sms").first).to_contain_text("Привет, Мария!")


def test_a_file_is_looked_at_and_taken(browser: Browser, demo: Demo) -> None:
    table = "Телефон;Имя\r\n8 999 000-80-01;Аня\r\n8 999 000-80-02;Яна\r\nнет;Оля\r\n"
    file = FilePayload(name="база.csv", mimeType="text/csv", buffer=table.encode("cp1251"))
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/business/stop-list/import?business=1")
        page.set_input_files("#file", files=[file])
        page.get_by_role("button", name="Проверить").click()
        expect(page.locator(".figures")).to_contain_text("новых")
        expect(page.locator("main")).to_contain_text("нет Оля")
        page.get_by_role("button", name="Внести новых: 1").click()
        expect(page.locator("table")).to_contain_text("+7 999 000-80-02")


def test_the_keyboard_removes_nobody_by_mistake(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo) as seen:
        page = seen.sign_in().open("/business/stop-list?business=1&q=8001")
        page.get_by_role("link", name="Убрать: +79990008001").focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Убрать из стоп-листа?")
        page.get_by_role("link", name="Не убирать, вернуться").focus()
        page.keyboard.press("Enter")
        expect(page.locator("table")).to_contain_text("+7 999 000-80-01")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_every_page_fits_can_be_read_and_is_named(
    browser: Browser, demo: Demo, width: int, scheme: str
) -> None:
    with watched(browser, demo, width=width, scheme=scheme) as seen:
        seen.sign_in().open("/business?business=1")
        for path in PAGES:
            page = seen.open(path)
            assert page.evaluate(OVERFLOW) == [], path
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate(NAMELESS) == [], path
