"""A registry's deals in a browser: tried again, switched off and on; and whether the pages fit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from console_pages import CONTRAST, NAMELESS, OVERFLOW
from mirror_console import MirrorConsole, mirror_console
from parts import Sandbox, sandbox_server
from sample_data import ADMIN, OPERATOR

__all__ = ["sandbox_server"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MirrorConsole]:
    """It comes before the browser: both want this thread's loop."""
    with mirror_console(shared_dsn, sandbox_server, tmp_path_factory.mktemp("mirror")) as made:
        yield made


def signed_in(page: Page, who: tuple[str, str]) -> Page:
    page.goto("/sign-in")
    page.fill("[name=login]", who[0])
    page.fill("[name=password]", who[1])
    page.click("main button.primary")
    page.wait_for_selector("#rooms-list", state="attached")
    return page


@pytest.mark.parametrize(
    ("scheme", "width"),
    [("light", 390), ("dark", 1280), ("light", 1280), ("dark", 390)],
)
def test_the_pages_fit_can_be_read_and_are_named(
    room: MirrorConsole, browser: Browser, width: int, scheme: str
) -> None:
    context = browser.new_context(
        base_url=room.web.url,
        locale="ru-RU",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page, mirror = signed_in(context.new_page(), ADMIN), "/registry/mirror"
    people = (room.done, room.stuck, room.waits, room.unwritten)
    for path in (
        *(mirror, f"{mirror}/{room.mirror}/off", f"{mirror}/on?crm={room.amocrm}", "look"),
        *(f"/registry/records/{number}" for number in people),
    ):
        if path == "look":
            page.click("button[value=look]")
            expect(page.locator("main")).to_contain_text("Что получится")
        else:
            page.goto(path)
        assert page.evaluate(OVERFLOW) == [], path
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(NAMELESS) == [], path
    context.close()


def test_without_scripts_it_is_tried_again_and_switched_off_and_on(
    room: MirrorConsole, browser: Browser
) -> None:
    context = browser.new_context(
        base_url=room.web.url, locale="ru-RU", java_script_enabled=False, reduced_motion="reduce"
    )
    page = signed_in(context.new_page(), OPERATOR)
    page.click("#stuck >> text=Открыть")
    page.click("#deal button")
    expect(page.locator("#deal")).to_contain_text("ищем, нет ли сделки")
    context.clear_cookies()
    page = signed_in(page, ADMIN)
    page.click("nav >> text=Реестр")
    page.click("main nav >> text=amoCRM")
    page.click("text=Выключить…")
    page.click("button:has-text('Да, выключить')")
    page.click("text=Включить…")
    page.select_option("#deals", "projects")
    page.click("button[value=look]")
    expect(page.locator("main")).to_contain_text("только проекты")
    assert room.state() == "off"
    page.click("button[value=on]")
    expect(page.locator("main")).to_contain_text("только проекты")
    assert room.state() == "on"
    context.close()
