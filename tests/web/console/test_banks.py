"""A bank in the console: a connection without a key, an address of ours or anything to send."""

import pytest

from console_visitor import Visitor
from running_web import WebApp
from uzel.sandbox.server import running


@pytest.mark.parametrize("name", ["cbr", "nbk"])
def test_a_bank_is_added_and_asked(web_app: WebApp, visitor: Visitor, name: str) -> None:
    with running() as sandbox_url:
        address = f"{sandbox_url}/{name}"
        answer = visitor.post(f"/connections/new/{name}", _name="main", base_url=address)
        assert answer.status_code == 303
        number = answer.headers["location"].rpartition("/")[2].partition("?")[0]
        page = visitor.page(f"/connections/{number}")
        assert "работает" in page
        assert 'id="hook"' not in page
        asked = visitor.post(f"/connections/{number}/test").text
        assert "Проверка прошла." in asked
        assert "курсов: 10" in asked
