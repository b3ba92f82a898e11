"""The style of the pages, and its digest."""

import base64
import hashlib
import re

from uzel.web.guest.look import headers, render, style


def test_the_policy_knows_the_style_as_it_is_sent() -> None:
    page = bytes(render("dead_end.html", 404, title="a", text="b", fields={}).body).decode()
    sent = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert sent is not None and len(sent[1]) > 1000
    digest = base64.b64encode(hashlib.sha256(sent[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in headers()["content-security-policy"]


def test_the_style_asks_nobody_for_anything() -> None:
    assert not re.search(r"url\(|@import|@font-face|expression|</", style())
