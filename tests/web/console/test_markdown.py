"""The README files become pages; nothing in them becomes code."""

from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors import connectors
from uzel.web.console.markdown import to_html

TAGS = {
    *("h2", "h3", "h4", "p", "ul", "ol", "li", "pre", "code", "b", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Checked(HTMLParser):
    """Knows only what the renderer may write, and wants it closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert (name, value) in {("class", "code"), ("rel", "noreferrer")} or (
                name == "href" and (value or "").startswith(("http://", "https://"))
            )
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(text: str) -> str:
    html = str(to_html(text))
    parser = Checked()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return html


@pytest.mark.parametrize("name", sorted(connectors()))
def test_every_readme_becomes_a_page(name: str) -> None:
    text = (files("uzel.connectors") / name / "README.md").read_text("utf-8")
    html = check(text)
    assert html.count("<h2>") == text.count("\n## ")
    assert html.count("<pre") == text.count("\n```") // 2
    assert "**" not in html.partition("<pre")[0]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# title\n\nbody", "<p>body</p>"),
        ("a\nb\n\nc", "<p>a b</p><p>c</p>"),
        ("## A `b`", "<h2>A <code>b</code></h2>"),
        ("- a\n- b\n  c", "<ul><li>a</li><li>b c</li></ul>"),
        ("1. a\n   - b\n2. c", "<ol><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ol>"),
        ("```\n<x> & **y**\n```\nz", '<pre class="code">&lt;x&gt; &amp; **y**</pre><p>z</p>'),
        (
            "| a | b |\n|---|---|\n| `c` | **d** |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>c</code></td>"
            "<td><b>d</b></td></tr></tbody></table>",
        ),
        ("[x](https://a.example/?b=1&c)", '<p><a href="https://a.example/?b=1&amp;c" '
         'rel="noreferrer">x</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("```\nopen", '<pre class="code">open</pre>'),
    ],
)  # fmt: skip
def test_the_subset(text: str, html: str) -> None:
    assert check(text) == html


@given(st.text(alphabet="#*`|-1. \n<>[]()\\&ab\"'h:/t", max_size=60))
def test_any_text_comes_out_well_formed_and_harmless(text: str) -> None:
    check(text)
