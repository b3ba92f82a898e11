"""The README: its first command, its curl, its Russian twin."""

import json
import re
import shlex
from http import HTTPStatus
from typing import Any

import pytest

from markdown_pages import blocks, markdown, read
from uzel.demo import Demo
from uzel.demo.visits import BY_HAND
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


def printed() -> str:
    """The body of the `curl` that a demo prints."""
    text = Demo(read_settings({}), False, 8100).as_text()
    return str(re.findall(r"-d\s+\\\n\s+'(.+?)'\n", text, re.DOTALL)[0])


def test_the_readme_and_the_demo_send_the_same_visit_but_for_its_guest() -> None:
    def guest(visit: Any) -> Any:
        return visit["eventInfo"]["order"]["customer"]

    for path in READMES:
        (body,) = bodies(path)
        visit, told = json.loads(body), json.loads(printed())
        assert guest(told).pop("phone") != guest(visit).pop("phone")
        assert told == visit


def test_each_start_of_a_demo_prints_a_visit_that_is_new_and_asks_for_a_review() -> None:
    visits = {printed() for _ in range(5)}
    assert len(visits) == 5
    keys = set()
    for body in visits:
        (element,) = explain("iiko", body.encode())
        assert element["decision"] == "request"
        keys.add(element["key"])
    assert len(keys) == 5


def test_a_demo_prints_a_visit_from_every_source_to_a_guest_of_ones_own() -> None:
    told = Demo(read_settings({}), False, 8100).as_text()
    found = re.findall(r"/api/webhook/(\w+)\?.+?-d\s+\\\n\s+'(.+?)'\n", told, re.DOTALL)
    assert {source for source, _ in found} == {"iiko", "rkeeper", "yclients", "amocrm"}
    for source, body in found:
        (element,) = explain(source, body.encode())
        assert element["decision"] == "request"
        assert element["phone"].startswith(BY_HAND)


@pytest.mark.parametrize("path", [*READMES, "docs/how-to/run-in-production.md"])
def test_commands_find_the_installation_of_the_service(path: str) -> None:
    """Followed to the letter, the unit and the commands by hand are one installation."""
    (unit,) = blocks(read(path), "ini")
    unit_says = dict(re.findall(r"^(User|EnvironmentFile|ExecStart)=(\S+)", unit, re.MULTILINE))
    (shell,) = {line for block in blocks(read(path), "sh") for line in block.splitlines()
                if line.startswith("uzel()")}  # fmt: skip
    assert f". {unit_says['EnvironmentFile']};" in shell
    assert f"runuser -u {unit_says['User']} -- {unit_says['ExecStart']} " in shell
    assert f"{unit_says['EnvironmentFile']}`" in read(path)
    settings = [block for block in blocks(read(path), "sh") if block.startswith("UZEL_DATA_DIR=")]
    assert len(settings) == 1 and "UZEL_PUBLIC_URL=https://" in settings[0]


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
