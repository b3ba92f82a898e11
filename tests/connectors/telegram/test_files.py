"""Files of people: where they lie, and what may be taken."""

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer
from uzel.connectors.telegram.config import TelegramConfig
from uzel.connectors.telegram.files import MOST_BYTES, is_path
from uzel.errors import AuthFailed, CallFailed, ContractBroken, Rejected, Unavailable

Run = Callable[..., Answer]
Answering = Callable[..., TelegramConfig]
FILE_ID = "AgACAgIAAxkBAAIfile"
NOT_FOUND = {"ok": False, "error_code": 404, "description": "Not Found"}


def test_a_file_is_found_and_taken(
    run: Run, config: TelegramConfig, control: httpx2.Client
) -> None:
    control.post("/telegram/_settings", json={"file_bytes": 5000}).raise_for_status()
    found = run(config, "get_file", file_id=FILE_ID).data
    assert found["size_bytes"] == 5000 and found["file_unique_id"] == "AQADsandboxfile"
    taken = run(
        config, "download", file_path=found["file_path"], size_bytes=found["size_bytes"]
    ).data
    assert taken["name"] == found["file_path"].rpartition("/")[2]
    content = base64.b64decode(taken["content"])
    assert len(content) == taken["size_bytes"] == 5000 and content.startswith(b"\xff\xd8")


def test_the_file_is_asked_for_at_its_own_address(
    run: Run, answering: Answering, asked: list[Any]
) -> None:
    config = answering(b"")
    taken = run(config, "download", file_path="documents/file_1.pdf")
    token = config.token.get_secret_value()
    assert asked == [("GET", f"/file/bot{token}/documents/file_1.pdf", None)]
    assert taken.data == {"name": "file_1.pdf", "size_bytes": 0, "content": ""}


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "photos/../../x", "photos//x", "a?b", "a#b", "a%2e", "a\\b"),
        *("https://a.example/x", "photos/.ssh", "a b", "a\nb", "а", "x" * 300, None, 5),
    ],
)
def test_a_path_leads_nowhere_else(
    run: Run, answering: Answering, asked: list[Any], path: object
) -> None:
    assert not is_path(path)
    with pytest.raises(Rejected) as caught:
        run(answering(b"x"), "download", file_path=path)
    assert (caught.value.code, asked) == ("file_path", [])
    with pytest.raises(ContractBroken):
        run(answering({"ok": True, "result": {"file_path": path}}), "get_file", file_id=FILE_ID)


@pytest.mark.parametrize("file_id", ["", "short", "a/b/c/d/e/f", "x" * 300, None, 12345678901])
def test_what_is_no_file_id(
    run: Run, answering: Answering, asked: list[Any], file_id: object
) -> None:
    with pytest.raises(Rejected):
        run(answering({"ok": True, "result": {}}), "get_file", file_id=file_id)
    assert asked == []


@pytest.mark.parametrize(
    ("file_id", "code"), [("gone-file", "file_unknown"), ("huge-file", "file_too_big")]
)
def test_files_that_telegram_does_not_give(
    run: Run, config: TelegramConfig, file_id: str, code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "get_file", file_id=file_id)
    assert caught.value.code == code


def test_a_file_that_is_too_large(run: Run, answering: Answering, asked: list[Any]) -> None:
    config = answering(b"x" * 101)
    for arguments, requests in (
        ({"most_bytes": 100}, 1),
        ({"most_bytes": 100, "size_bytes": 101}, 1),
        ({"size_bytes": MOST_BYTES + 1}, 1),
        ({"size_bytes": MOST_BYTES + 1, "most_bytes": 10**9}, 1),
    ):
        with pytest.raises(Rejected) as caught:
            run(config, "download", file_path="photos/a.jpg", **arguments)
        assert (caught.value.code, len(asked)) == ("file_too_big", requests)
    assert (
        run(config, "download", file_path="photos/a.jpg", most_bytes=101).data["size_bytes"] == 101
    )


@pytest.mark.parametrize(
    ("body", "status", "headers", "error", "code"),
    [
        (NOT_FOUND, 404, {}, Rejected, "file_gone"),
        ({**NOT_FOUND, "error_code": 400}, 400, {}, Rejected, "file_gone"),
        (b"<html>nginx</html>", 404, {}, AuthFailed, None),
        ({**NOT_FOUND, "error_code": 401}, 401, {}, AuthFailed, "401"),
        (b"", 500, {}, Unavailable, None),
        (b"<html></html>", 200, {"content-type": "text/html; charset=utf-8"}, Unavailable, None),
    ],
)
def test_what_an_answer_in_place_of_a_file_means(
    run: Run,
    answering: Answering,
    body: object,
    status: int,
    headers: dict[str, str],
    error: type[CallFailed],
    code: str | None,
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(body, status, headers), "download", file_path="photos/a.jpg")
    assert (type(caught.value), caught.value.code) == (error, code)


def test_somebodys_page_is_a_file_like_any_other(run: Run, answering: Answering) -> None:
    config = answering(b"<html></html>", 200, {"content-type": "application/octet-stream"})
    assert run(config, "download", file_path="documents/a.html").data["size_bytes"] == 13
