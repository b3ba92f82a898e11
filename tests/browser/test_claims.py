"""The queue of claims decided on by keyboard, in a browser; and whether its pages fit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from claims_console import VERA, ClaimsRoom, claims_room
from console_pages import CONTRAST, NAMELESS, OVERFLOW
from uzel.payouts.claims.claim import Form
from uzel.payouts.payout import State

pytestmark = pytest.mark.browser

# A page takes no key for a moment: a stroke meant for the one before decides nothing here.
SETTLED_MS = 450
CARD = "2200 7702 1272 7079"


@pytest.fixture(scope="module")
def room(shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClaimsRoom]:
    """It comes before the browser: both want this thread's loop."""
    with claims_room(shared_sample_dsn, tmp_path_factory.mktemp("claims")) as made:
        yield made


def signed_in(room: ClaimsRoom, page: Page) -> Page:
    page.goto(f"{room.web.url}/sign-in")
    page.fill("[name=login]", VERA[0])
    page.fill("[name=password]", VERA[1])
    page.click("main button.primary")
    return page


def press(page: Page, *keys: str) -> None:
    page.wait_for_load_state()
    page.wait_for_timeout(SETTLED_MS)
    for key in keys:
        page.keyboard.press(key)


def test_a_queue_is_decided_on_without_a_mouse(room: ClaimsRoom, browser: Browser) -> None:
    forms = [Form(f"{n}00", "Приз", "Иванова Анна", card=CARD) for n in range(1, 5)]
    first, second, third, fourth = (room.submitted(form) for form in forms)
    context = browser.new_context(locale="ru-RU", reduced_motion="reduce")
    page = signed_in(room, context.new_page())
    page.goto(f"{room.web.url}/claims")
    press(page, "j", "j", "k", "Enter")
    expect(page.locator("h1")).to_have_text(f"Заявка № {first}")
    # One stroke only goes to the button.
    press(page, "a")
    expect(page.locator("[data-key=a]")).to_be_focused()
    assert room.state(first) == "submitted"
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text(f"Заявка № {second}")
    expect(page.locator(".decided")).to_contain_text(f"№ {first}")
    assert room.state(first) == "paying"
    press(page, "n")
    expect(page.locator("h1")).to_have_text(f"Заявка № {third}")
    # The second of the reasons, under a Russian layout.
    press(page)
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'к', code: 'KeyR', bubbles: true}))"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"Заявка № {fourth}")
    assert room.state(third) == "rejected"
    reason = room.value("select reason from claim where id = $1", third)
    assert reason == "Нет чека, или он не читается."
    press(page, "?")
    expect(page.locator("#help")).to_contain_text("утвердить")
    page.keyboard.press("Escape")
    press(page, "a", "Enter")
    expect(page.locator("h1")).to_have_text(f"Заявка № {second}")
    press(page, "a", "a")
    expect(page.locator("main")).to_contain_text("Ни одна заявка не ждёт решения")
    context.close()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 390), pytest.param("dark", 1280, marks=pytest.mark.long)]
)
def test_the_rooms_fit_can_be_read_and_are_named(
    room: ClaimsRoom, browser: Browser, width: int, scheme: str
) -> None:
    name = "Абдрахмановская Нурсулташвили Константинопольская"
    form = Form("123456,78", "Возмещение за " * 12, name, phone="+79990000001", bank="сбер")
    number, lost = room.submitted(form, who="telegram:7"), room.submitted(form)
    room.attach(number)
    room.say(number, "Длинное слово: " + "ы" * 120)
    room.approve(lost, room.boris)
    room.moved(lost, State.UNKNOWN, "the answer was lost: ReadError")
    room.ivan.post("/payouts/stop", reason="Странные заявки " * 8)
    context = browser.new_context(
        locale="ru-RU",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = signed_in(room, context.new_page())
    for path in (
        *(f"/claims?after={lost}", "/claims?state=any", f"/claims/{number}", "/claims/new"),
        *("/payouts", f"/payouts/{room.payout(lost)}", "/payouts/limits", "/payouts/go-on"),
        "/payouts/books",
    ):
        page.goto(room.web.url + path)
        assert page.evaluate(OVERFLOW) == [], path
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(NAMELESS) == [], path
    context.close()
    room.vera.done("/payouts/go-on")
