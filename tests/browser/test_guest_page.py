"""The page behind the link as a guest uses it: on a phone, by keyboard, without script.

`UZEL_SCREENSHOTS=1` also takes pictures of it for the documentation.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from console_pages import CONTRAST, NAMELESS, OVERFLOW
from guest_visitor import MANAGER_PHONE, PHONE_BROWSER, Guest, new_guest, no_database
from running_web import WebApp, running_web

pytestmark = pytest.mark.browser

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST_BYTES = 300_000
PICTURES = (
    ("guest-page.png", 390, "light"),
    ("guest-page-dark.png", 390, "dark"),
    ("guest-page-rated.png", 1280, "light"),
)
NAMES = ["Яндекс Карты", "2ГИС", "Google Карты"]
# WCAG 2.2, 2.5.5: what is touched measures 44 px; a summary or link may be wider than high.
SMALL_TARGETS = """() => [...document.querySelectorAll("input, button, a, summary, textarea")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([e, box]) => `${e.outerHTML.slice(0, 60)} ${box.width}x${box.height}`)"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")].map((e) => e.tagName)"""
# WCAG 2.2, 1.4.11: the edge of what is touched stands out from its ground, 3 to 1.
EDGES = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  };
  const poor = [];
  const ground = light(getComputedStyle(document.querySelector("header")).backgroundColor);
  const check = (e, color) => {
    const [a, b] = [light(color), ground].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 3) poor.push(`${e.outerHTML.slice(0, 60)} ${color}`);
  };
  for (const e of document.querySelectorAll(".stars svg, .given svg"))
    check(e, getComputedStyle(e).stroke);
  for (const e of document.querySelectorAll("button, li a, textarea"))
    check(e, getComputedStyle(e).borderTopColor);
  return poor;
}"""
LIT = """() => [...document.querySelectorAll(".stars svg")]
  .filter((e) => !["rgba(0, 0, 0, 0)", "transparent"].includes(getComputedStyle(e).fill)).length"""


@pytest.fixture(scope="module", autouse=True)
def web(shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """The server. It comes before the browser: both want this thread's loop."""
    with running_web(shared_sample_dsn, tmp_path_factory.mktemp("guests")) as running:
        yield running


@contextlib.contextmanager
def phone(
    browser: Browser, *, width: int = 390, script: bool = True, **options: Any
) -> Iterator[Page]:
    """A guest's browser; what its console says against the page fails the test, and so does any
    request to somebody else. That a page came with 404 or 503 is nothing against it.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 700 else 900},
        user_agent=PHONE_BROWSER,
        locale="ru-RU",
        java_script_enabled=script,
        reduced_motion="reduce",
        **options,
    )
    page = context.new_page()
    said: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    try:
        yield page
        assert [text for text in said if "the server responded" not in text] == []
        assert {host.partition(":")[0] for host in asked if host} <= {"127.0.0.1"}
        assert context.cookies() == []
    finally:
        context.close()


def open_page(page: Page, guest: Guest, more: str = "") -> Page:
    page.goto(guest.web.url + guest.path + more)
    return page


def focused(page: Page) -> str:
    """What has the focus: the name a screen reader says."""
    found: str = page.evaluate(
        "() => { const e = document.activeElement; const text = e.labels?.[0] ?? e;"
        " return (text.textContent || '').trim() }"
    )
    return found


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("stars", [1, 5])
def test_everybody_is_shown_the_same_ways_on(
    browser: Browser, web: WebApp, stars: int, script: bool
) -> None:
    guest = new_guest(web)
    with phone(browser, script=script) as page:
        open_page(page, guest)
        links = page.get_by_role("listitem").get_by_role("link")
        assert links.all_text_contents() == NAMES
        page.get_by_role("radio", name=f"{stars} из 5").check()
        page.get_by_role("button", name="Отправить оценку").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо за оценку!")
        expect(page.locator(".given")).to_contain_text(f"{stars} из 5")
        assert links.all_text_contents() == NAMES
        expect(page.get_by_role("heading", name="Лично владельцу")).to_be_visible()
        assert guest.row()["rating"] == stars


def test_the_keyboard_is_enough(browser: Browser, web: WebApp) -> None:
    guest = new_guest(web, manager=(MANAGER_PHONE, None))
    with phone(browser, width=1280) as page:
        open_page(page, guest)
        order = []
        for _ in range(6):
            page.keyboard.press("Tab")
            order.append(focused(page))
        assert order == ["1 из 5", "Отправить оценку", *NAMES, "Не присылать больше сообщений"]
        open_page(page, guest)
        page.keyboard.press("Tab")
        outline = "() => getComputedStyle(document.activeElement).outlineWidth"
        assert page.evaluate(outline) == "3px"
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        assert focused(page) == "2 из 5"
        assert page.evaluate(LIT) == 2
        page.keyboard.press("Enter")
        expect(page.locator(".given")).to_contain_text("2 из 5")
        assert guest.row()["rating"] == 2
        assert [alert["address"] for alert in guest.alerts()] == [MANAGER_PHONE]
        page.get_by_label("Сообщение").focus()
        page.keyboard.type("Долго ждали")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("передано")
        assert guest.row()["comment"] == "Долго ждали"


def test_a_rating_is_changed_and_stars_light_up_to_the_chosen_one(
    browser: Browser, web: WebApp
) -> None:
    guest = new_guest(web)
    with phone(browser, script=False, has_touch=True) as page:
        open_page(page, guest)
        boxes = [page.get_by_role("radio").nth(n).bounding_box() for n in range(5)]
        assert boxes == sorted(boxes, key=lambda box: box["x"] if box else 0)
        page.get_by_role("radio", name="5 из 5").tap()
        page.get_by_role("button", name="Отправить оценку").tap()
        page.get_by_text("Изменить оценку").tap()
        expect(page.get_by_role("radio", name="5 из 5")).to_be_checked()
        page.get_by_role("radio", name="3 из 5").tap()
        page.get_by_role("button", name="Изменить").tap()
        expect(page.locator(".given")).to_contain_text("3 из 5")
    assert guest.row()["rating"] == 3


def test_stars_are_lit_as_they_are_chosen(browser: Browser, web: WebApp) -> None:
    with phone(browser, has_touch=True, is_mobile=True) as page:
        open_page(page, new_guest(web))
        assert page.evaluate(LIT) == 0
        for stars in (4, 1, 5, 3):
            page.get_by_role("radio", name=f"{stars} из 5").tap()
            assert page.evaluate(LIT) == stars


def test_nothing_is_sent_without_stars(browser: Browser, web: WebApp) -> None:
    guest = new_guest(web)
    with phone(browser) as page:
        open_page(page, guest)
        page.get_by_role("button", name="Отправить оценку").click()
        assert page.evaluate("() => document.querySelector('form').checkValidity()") is False
        expect(page.get_by_role("heading", level=1)).to_have_text("Как всё прошло?")
    assert guest.row()["rating"] is None


def test_a_message_survives_a_database_that_is_away(browser: Browser, web: WebApp) -> None:
    guest = new_guest(web)
    guest.rate(2)
    text = "\nДолго ждали столик\n\n<и музыка громкая>"
    with phone(browser, script=False) as page:
        open_page(page, guest)
        page.get_by_label("Сообщение").fill(text)
        with no_database(web):
            page.get_by_role("button", name="Отправить владельцу").click()
            expect(page.get_by_label("Ваше сообщение ещё не отправлено")).to_have_value(text)
        page.get_by_role("button", name="Отправить ещё раз").click()
        expect(page.get_by_role("status")).to_contain_text("передано")
    assert guest.row()["comment"] == text.strip()


def test_stopping(browser: Browser, web: WebApp) -> None:
    guest = new_guest(web)
    with phone(browser, script=False) as page:
        open_page(page, guest)
        page.get_by_role("link", name="Не присылать больше сообщений").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Не присылать больше?")
        assert guest.stops() == set()
        page.get_by_role("button", name="Больше не присылать").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Больше не напишем")
        assert guest.stops() == {guest.phone, guest.email}


def test_the_code_is_told_to_nobody_on_the_way_out(browser: Browser, web: WebApp) -> None:
    elsewhere = new_guest(web, place="Другое место")
    guest = new_guest(web, links={"review_url": web.url + elsewhere.path})
    with phone(browser) as page:
        open_page(page, guest)
        with page.expect_navigation():
            page.get_by_role("listitem").get_by_role("link").click()
        expect(page.locator(".place")).to_have_text("Другое место")
        assert page.evaluate("() => document.referrer") == ""
    assert guest.follows() == ["other"]


def states(web: WebApp) -> Iterator[tuple[str, Guest, str]]:
    """Every page there is: a word for it, whose it is, what comes after the link."""
    yield "new", new_guest(web), ""
    rated = new_guest(web)
    rated.rate(4)
    yield "rated", rated, ""
    told = new_guest(web)
    told.rate(1)
    told.tell("Остыл кофе")
    yield "told", told, ""
    bare = new_guest(web, links={}, place="Парикмахерская «Очень-длинное-название-одним-словом»")
    yield "bare", bare, ""
    long = new_guest(web, links={"review_url": f"https://{'o' * 60}.example/1"})
    yield "long", long, ""
    yield "expired", new_guest(web, age_days=90), ""
    yield "stop", new_guest(web), "/stop"
    stopped = new_guest(web)
    stopped.ask("POST", "/stop")
    yield "stopped", stopped, ""
    yield "nowhere", new_guest(web), "/nowhere"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_page_fits_can_be_read_touched_and_is_named(
    browser: Browser, web: WebApp, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="ru-RU",
    )
    page = context.new_page()
    for name, guest, more in states(web):
        open_page(page, guest, more)
        page.evaluate("() => document.querySelectorAll('details').forEach((e) => (e.open = true))")
        assert page.evaluate(OVERFLOW) == [], name
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(EDGES) == [], name
        assert page.evaluate(NAMELESS) == [], name
        assert page.evaluate(SMALL_TARGETS) == [], name
        headings = page.evaluate(HEADINGS)
        assert headings[0] == "H1" and set(headings[1:]) <= {"H2"}, name
        assert page.title() and page.locator("html").get_attribute("lang") == "ru"
        assert page.locator("main").count() == 1
    context.close()


@pytest.mark.skipif(
    os.environ.get("UZEL_SCREENSHOTS") != "1",
    reason="pictures are taken with UZEL_SCREENSHOTS=1",
)
@pytest.mark.parametrize(("name", "width", "scheme"), PICTURES)
def test_pictures(browser: Browser, web: WebApp, name: str, width: int, scheme: str) -> None:
    guest = new_guest(web)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with phone(browser, width=width, color_scheme=scheme) as page:
        open_page(page, guest)
        page.get_by_role("radio", name="4 из 5").check()
        if name == "guest-page-rated.png":
            page.get_by_role("button", name="Отправить оценку").click()
            page.wait_for_selector(".given")
        page.evaluate("() => document.activeElement.blur()")
        page.screenshot(path=IMAGES / name)
    assert (IMAGES / name).stat().st_size < LARGEST_BYTES
