"""Links lead somewhere: every file and every heading that a page points to exists."""

import re
from functools import cache
from pathlib import PurePosixPath

import pytest

from markdown_pages import ROOT, markdown, prose, read

LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
CODE = re.compile(r"`[^`\n]*`")


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@cache
def anchors(path: str) -> frozenset[str]:
    """Every anchor of a page."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(read(path)), re.MULTILINE)
    return frozenset(map(slug, headings))


def links(path: str) -> list[str]:
    """Targets within the repository."""
    targets = LINK.findall(CODE.sub("", prose(read(path))))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("path", markdown())
def test_every_link_resolves(path: str) -> None:
    for target in links(path):
        file, _, anchor = target.partition("#")
        there = (ROOT / path).parent / file if file else ROOT / path
        assert there.exists(), target
        assert ROOT in there.resolve().parents, f"{target} leads out of the repository"
        if anchor:
            assert anchor in anchors(str(there.resolve().relative_to(ROOT))), target


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[str] = set()
    waiting = ["README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.endswith(".md"):
            continue
        seen.add(path)
        for target in links(path):
            file = target.partition("#")[0]
            if file:
                there = ((ROOT / path).parent / file).resolve().relative_to(ROOT)
                waiting.append(str(PurePosixPath(there)))
    pages = {path for path in markdown() if path.startswith("docs/") or "/" not in path}
    assert pages <= seen
