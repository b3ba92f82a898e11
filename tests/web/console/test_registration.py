"""Registering a hook's address at its provider: the question, the deed, what stands in the way."""

import json
from pathlib import Path
from typing import Any

import httpx2

from console_visitor import Visitor, rows, value
from running_web import WebApp, running_web
from sample_data import OPERATOR, SMSRU_KEY
from uzel.sandbox.server import running

PATH = "/connections/2/register"


def journal(sandbox_url: str) -> list[Any]:
    """What SMS.ru in miniature was asked about addresses."""
    entries = httpx2.get(f"{sandbox_url}/_journal?connector=smsru", trust_env=False).json()
    return [entry for entry in entries if entry["operation"].startswith("callback")]


def point_at(visitor: Visitor, sandbox_url: str, key: str = "sandbox-registration") -> None:
    """Have the connection talk to this sandbox."""
    visitor.done("/connections/2/edit", api_id=key, base_url=f"{sandbox_url}/smsru")


def test_after_a_question_the_provider_is_told_a_new_address(
    web_app: WebApp, visitor: Visitor
) -> None:
    key_hash = "select key_hash from connection where id = 2"
    with running() as sandbox_url:
        point_at(visitor, sandbox_url)
        assert f'href="{PATH}"' in visitor.page("/connections/2")
        before = value(web_app, key_hash)
        question = visitor.page(PATH)
        assert "Зарегистрировать адрес в SMS.ru?" in question
        assert "Прежний адрес этого подключения перестанет работать сразу" in question
        assert (value(web_app, key_hash), journal(sandbox_url)) == (before, [])
        assert "Адрес вписан у поставщика" in visitor.done(PATH)
        asked = [entry["operation"] for entry in journal(sandbox_url)]
        assert asked == ["callback_add", "callback_get"]
        shown = json.dumps(journal(sandbox_url)[0]["request"])
        assert f"{visitor.url}/api/webhook/smsru" in shown
    assert value(web_app, key_hash) != before
    acts = rows(web_app, "select action, subject from audit where action = 'register'")
    assert [tuple(act) for act in acts] == [("register", "connection:2")]
    web_app.run(web_app.sample.registry.refresh)
    old = f"/api/webhook/smsru?key={SMSRU_KEY}"
    assert web_app.client.post(old, data={"hash": "x"}).status_code == 401


def test_a_refusal_shows_the_new_address_once(web_app: WebApp, visitor: Visitor) -> None:
    with running() as sandbox_url:
        point_at(visitor, sandbox_url, "bad key")
        answer = visitor.post(PATH)
    assert answer.status_code == 200
    assert "Не получилось." in answer.text and "API-ключ не подходит" in answer.text
    assert answer.text.count('id="hook" readonly value="') == 1
    assert "api/webhook/smsru?key=hook_" in answer.text
    assert "key=hook_" not in visitor.page(PATH)


def test_without_an_address_the_provider_could_reach_nothing_is_done(
    web_app: WebApp, visitor: Visitor, sample_dsn: str, tmp_path: Path
) -> None:
    visitor.done("/connections/2/edit", api_id="key", base_url="https://sms.ru")
    before = value(web_app, "select key_hash from connection where id = 2")
    for answer in (visitor.get(PATH), visitor.post(PATH)):
        assert answer.status_code == 409
        assert "UZEL_PUBLIC_URL не задан" in answer.text
        assert '<button class="primary">Зарегистрировать' not in answer.text
    assert value(web_app, "select key_hash from connection where id = 2") == before
    with running_web(sample_dsn, tmp_path, public_url="http://10.0.0.9") as inside:
        other = Visitor(inside.url).sign_in()
        other.done("/connections/2/edit", api_id="key", base_url="https://sms.ru")
        assert "http://10.0.0.9 не виден снаружи" in other.get(PATH).text


def test_where_the_provider_has_no_such_thing_it_is_not_offered(reader: Visitor) -> None:
    assert "/connections/1/register" not in reader.page("/connections/1")
    answer = reader.get("/connections/1/register")
    assert (answer.status_code, "впишите адрес сами" in answer.text) == (409, True)
    assert reader.get("/connections/99/register").status_code == 404


def test_only_an_administrator_may(web_app: WebApp) -> None:
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    assert PATH not in operator.page("/connections/2")
    assert operator.get(PATH).status_code == 403
    assert operator.post(PATH).status_code == 403
