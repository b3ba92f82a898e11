"""Files of the console, and pages that need nothing a strict policy would refuse."""

import re
from html.parser import HTMLParser

import pytest

from console_visitor import Visitor, all_pages
from running_web import WebApp
from uzel.web.console.static import assets

FORBIDDEN_TAGS = {"style", "iframe", "object", "embed", "base", "applet"}
LOADED = {"script": "src", "link": "href", "img": "src"}


class Policy(HTMLParser):
    """Collects whatever of a page `default-src 'none'` with `'self'` would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.in_script = tag == "script"
        inline = [n for n in given if n == "style" or n.startswith("on")]
        if tag in FORBIDDEN_TAGS or inline:
            self.refused.append(f"{tag} {inline}")
        if tag in LOADED and not (given.get(LOADED[tag]) or "").startswith("/static/"):
            self.refused.append(f"{tag} {given}")
        where = given.get("href") or given.get("action") or ""
        if where.lower().startswith(("javascript:", "data:")):
            self.refused.append(where)

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.refused.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False


def test_a_file_is_kept_for_ever_under_the_address_of_its_content(console: WebApp) -> None:
    page = Visitor(console.url).page("/sign-in")
    for asset in assets().values():
        assert asset.url in page
        answer = console.client.get(asset.url)
        assert answer.content == asset.body
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        plain = console.client.get(asset.url, headers={"accept-encoding": "identity"})
        assert plain.content == asset.body
        assert "content-encoding" not in plain.headers
    assert console.client.get("/static/console.000000000000.css").status_code == 404
    assert console.client.get("/static/..%2fdesk.py").status_code == 404
    assert console.client.get("/favicon.ico").headers["content-type"].startswith("image/svg")


def test_pages_hold_nothing_that_the_policy_forbids(console: WebApp, reader: Visitor) -> None:
    for path in (*all_pages(console), "/nowhere"):
        answer = reader.get(path)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        seen = Policy()
        seen.feed(answer.text)
        assert not seen.refused, (path, seen.refused)


@pytest.mark.parametrize("name", ["console.css", "console.js"])
def test_files_load_nothing_from_elsewhere(name: str) -> None:
    assert not re.search(rb"https?://|@import|url\(", assets()[name].body)
