"""Pictures of the console for the documentation: `UZEL_SCREENSHOTS=1 pytest tests/browser`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from acceptance_demo import Demo, running_demo
from console_history import fill
from console_pages import watched

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST_BYTES = 300_000
PICTURES = (
    ("console.png", "/", 1600, "light"),
    ("console-dark.png", "/", 1600, "dark"),
    ("console-narrow.png", "/", 360, "light"),
    ("console-narrow-dark.png", "/events?type=visit.completed", 360, "dark"),
    ("console-event.png", "/messages", 1600, "light"),
    ("console-decision.png", "/calls/waiting", 1600, "light"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        os.environ.get("UZEL_SCREENSHOTS") != "1",
        reason="pictures are taken with UZEL_SCREENSHOTS=1",
    ),
]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with a day behind it. It comes before the browser: both want this thread's loop."""
    with running_demo(Path(tmp_path_factory.mktemp("pictures")) / "data") as running:
        fill(running)
        yield running


def test_pictures(busy: Demo, browser: Browser) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, path, width, scheme in PICTURES:
        with watched(browser, busy, width=width, scheme=scheme) as seen:
            page = seen.sign_in().open(path)
            if name == "console-event.png":
                row = page.locator("#list tbody tr", has_text="доставлено").first
                row.locator("a.open").click()
                page.locator("dd a[href^='/events/']").first.click()
            if name == "console-decision.png":
                page.locator("#list tbody tr a.open").first.click()
            page.wait_for_selector(".live[data-on]", state="attached")
            page.screenshot(path=IMAGES / name)
            assert (IMAGES / name).stat().st_size < LARGEST_BYTES
