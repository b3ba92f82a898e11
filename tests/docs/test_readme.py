"""The README: its first command, its curl, its Russian twin."""

import json
import re
import shlex
from http import HTTPStatus

import pytest

from markdown_pages import blocks, markdown, read
from uzel.demo import Demo
from uzel.explain import explain
from uzel.kit.settings import read_settings

READMES = ("README.md", "README.ru.md")
JSON_BODY = re.compile(r"-d\s+(?:\\\n\s*)?('[^']*')")


def bodies(path: str) -> list[str]:
    """What the `curl`s of a page post to iiko's hook."""
    found = []
    for block in blocks(read(path), "sh"):
        for command in block.replace("\\\n", " ").split("\n\n"):
            words = shlex.split(command, comments=True)
            if "curl" in words and any("/api/webhook/iiko" in word for word in words):
                found.append(words[words.index("-d") + 1])
    return found


@pytest.mark.parametrize("path", READMES)
def test_the_first_command_comes_early(path: str) -> None:
    lines = read(path).splitlines()
    first = next(n for n, line in enumerate(lines, 1) if line.startswith("make run"))
    assert first <= 25
    assert lines[first].startswith("make test")


@pytest.mark.parametrize("path", [path for path in markdown() if bodies(path)])
def test_a_curl_asks_for_a_review(path: str) -> None:
    for body in bodies(path):
        (element,) = explain("iiko", body.encode())
        assert element["event"] == "visit.completed"
        assert element["decision"] == "request"


def test_the_readme_and_the_demo_send_the_same_visit() -> None:
    text = Demo(read_settings({}), False, 8100).as_text()
    printed = json.loads(re.findall(r"-d\s+\\\n\s+'(.+?)'\n", text, re.DOTALL)[0])
    for path in READMES:
        assert [json.loads(body) for body in bodies(path)] == [printed]


def test_the_russian_twin_has_the_same_shape() -> None:
    english, russian = map(read, READMES)

    def shape(text: str) -> list[str]:
        return re.findall(r"^(?:#+|\d\.|- |\|)", text, re.MULTILINE)

    def targets(text: str) -> set[str]:
        return set(re.findall(r"\]\(([^)]+)\)", text)) - {*READMES}

    def code(text: str) -> list[str]:
        return [re.sub(r"#.*", "", block) for block in blocks(text, "sh")]

    assert shape(russian) == shape(english)
    assert targets(russian) == targets(english)
    assert code(russian) == code(english)


def test_the_status_is_told_as_the_hooks_answer() -> None:
    page = read("docs/reference/http.md")
    assert set(re.findall(r"^\| (\d{3}) ", page, re.MULTILINE)) <= {
        str(status.value) for status in HTTPStatus
    }
