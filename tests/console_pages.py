"""Pages of the console in a browser, watched for errors, and visits to fill them with."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from playwright.sync_api import Browser, ConsoleMessage, Page

from acceptance_demo import Demo

# An answer the test asked for: the browser reports it, nothing is wrong.
EXPECTED = ("404 (Not Found)", "422 (Unprocessable", "403 (Forbidden)")

OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > wide + 1 && getComputedStyle(e).position
      !== "absolute" && !e.closest("pre, svg, [popover]:not(:popover-open), .visually-hidden"))
    .map((e) => `${e.tagName}.${e.className}`).slice(0, 5)
    .concat(document.documentElement.scrollWidth > wide ? ["the page itself"] : []);
}"""

# WCAG 2.2, 1.4.3: 4.5, or 3 for large text (24 px, or 18.66 px bold).
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const channel = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const over = (top, bottom) => {
    const a = top[3] / 255;
    return [0, 1, 2].map((i) => top[i] * a + bottom[i] * (1 - a)).concat(255);
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement)
      layers.push(read(getComputedStyle(e).backgroundColor));
    layers.push([...read("Canvas")]);
    return layers.reverse().reduce((bottom, top) => over(top, bottom));
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim().slice(0, 30);
    if (!text || !element.checkVisibility({ checkOpacity: true })) continue;
    if (element.closest(".visually-hidden, :disabled, title, select")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const ground = behind(element);
    const [a, b] = [light(over(read(style.color), ground)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5))
      poor.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${text}`);
  }
  return poor;
}"""

NAMELESS = """() => [...document.querySelectorAll(
    "input:not([type=hidden]), select, textarea, button, a")]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim()
    || e.querySelector("img[alt]:not([alt=''])")))
  .map((e) => e.outerHTML.slice(0, 120))"""


@dataclass
class Watched:
    """A page, and everything its console said that it should not have."""

    page: Page
    demo: Demo
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(e in message.text for e in EXPECTED):
            self.errors.append(f"{self.page.url}: {message.text}")

    def open(self, path: str) -> Page:
        """Go to a page of the console."""
        self.page.goto(self.demo.told["url"] + path)
        return self.page

    def sign_in(self) -> "Watched":
        """As the demo's person."""
        self.open("/sign-in")
        self.page.fill("#login", self.demo.told["console"]["user"])
        self.page.fill("#password", self.demo.told["console"]["password"])
        self.page.click("main button.primary")
        self.page.wait_for_selector("#stuck")
        return self


@contextlib.contextmanager
def watched(
    browser: Browser,
    demo: Demo,
    *,
    width: int = 1600,
    scheme: str = "light",
    language: str = "ru",
    script: bool = True,
) -> Iterator[Watched]:
    """A page in a fresh profile; whatever went wrong on it fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 1035 if width > 500 else 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=language,
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    seen = Watched(context.new_page(), demo)
    try:
        yield seen
        assert seen.errors == []
    finally:
        context.close()


def visit(
    number: int,
    phone: str | None,
    *,
    status: str = "Closed",
    name: str = "Мария",
    total: float = 1490.0,
    order: str | None = None,
) -> dict[str, object]:
    """One DeliveryOrderUpdate (iiko OpenAPI, x-webhooks) of now."""
    place = "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10"
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime()),
        "organizationId": place,
        "correlationId": str(uuid4()),
        "eventInfo": {
            "id": order or str(uuid4()),
            "organizationId": place,
            "timestamp": int(time.time() * 1000),
            "order": {
                "phone": phone,
                "status": status,
                "customer": {"type": "regular", "name": name},
                "number": number,
                "sum": total,
            },
        },
    }


def send(demo: Demo, *events: dict[str, object]) -> None:
    """Post events as one array."""
    status, said = demo.post("iiko", json.dumps(list(events), ensure_ascii=False).encode())
    assert status == 200, said
