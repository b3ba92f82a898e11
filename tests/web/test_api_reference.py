"""The reference page in a browser: it works under the policy, and asks nobody else."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from running_web import WebApp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def test_the_reference_page_works_and_keeps_to_itself(shared_web: WebApp, browser: Browser) -> None:
    page = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{shared_web.url}/api/v1/docs")
    page.click("#operations-events-listEvents .opblock-summary-control")
    page.wait_for_selector("#operations-events-listEvents .parameters")
    assert page.locator(".opblock").count() > 10
    assert said == []
    assert len(asked) > 3 and all(url.startswith(shared_web.url) for url in asked)
