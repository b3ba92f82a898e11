"""Connections: lights, forms made from their settings, keys shown once, the buttons."""

import re
from html import unescape

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import IIKO_KEY, SMSRU_API_ID, delivery
from uzel.sandbox.server import running

HOOK = re.compile(r'id="hook" readonly value="([^"]+)"')
STATE = "select state from connection where id = $1"


def post_hook(web_app: WebApp, path: str) -> int:
    """Post to a hook, whose door has a registry of its own here."""
    web_app.run(web_app.sample.registry.refresh)
    return web_app.client.post(path, json=delivery(900, "Closed", "+79990000900")).status_code


def hook_in(page: str) -> str:
    """The path of the address a page shows once."""
    found = HOOK.search(page)
    assert found, page
    return "/" + unescape(found[1]).split("/", 3)[3]


def test_every_connection_has_its_light_and_its_reason(reader: Visitor) -> None:
    page = reader.page("/connections")
    assert page.count('class="light tone-good"') == 2
    assert page.count('class="light tone-bad"') == 1
    assert "ключ не принят" in page
    assert "SMS.ru · spare" in page


def test_a_rest_after_failures_is_shown(web_app: WebApp, visitor: Visitor) -> None:
    rows(
        web_app,
        "update call_breaker set failures = 5, open_until = now() + interval '5 minutes', "
        "reason = 'HTTP 502' where connection_id = 2",
    )
    page = visitor.page("/connections/2")
    assert "поставщик не отвечает" in page
    assert "HTTP 502" in page
    assert "ход Узла" in page
    assert "HTTP 502" in visitor.page("/connections")
    visitor.done("/connections/2/resume")
    assert value(web_app, "select failures from call_breaker where connection_id = 2") == 0


def test_a_new_source_shows_its_address_once_and_it_works(
    web_app: WebApp, visitor: Visitor
) -> None:
    assert "Настраивать здесь нечего" in visitor.page("/connections/new/iiko")
    answer = visitor.post("/connections/new/iiko", _name="  Второй   ресторан ")
    assert answer.status_code == 200
    assert 'data-copy="hook"' in answer.text
    assert post_hook(web_app, hook_in(answer.text)) == 200
    added = value(web_app, "select id from connection where name = 'Второй ресторан'")
    assert not HOOK.search(visitor.page(f"/connections/{added}"))
    acts = rows(web_app, "select action, subject, detail from audit")
    assert [tuple(act) for act in acts] == [("add", f"connection:{added}", {"connector": "iiko"})]


def test_oauth_begins_with_the_redirect_link_and_the_next_step(
    web_app: WebApp, visitor: Visitor
) -> None:
    """amoCRM asks for the link before it gives the ID that our form asks for."""
    link = f"{web_app.deps.settings.url}/public/oauth_callback.php"
    form = visitor.page("/connections/new/amocrm")
    assert f'id="redirect-uri" readonly value="{link}"' in form
    assert 'data-copy="redirect-uri"' in form
    assert "UZEL_PUBLIC_URL" in form, "amoCRM takes no http"
    assert "redirect-uri" not in visitor.page("/connections/new/kaspi")
    answer = visitor.post(
        "/connections/new/amocrm",
        _name="по OAuth",
        base_url="https://example.amocrm.ru",
        client_id="x",
        client_secret="y",
    )
    assert answer.text.index("Следующий шаг: доступ.") < answer.text.index('id="hook"')
    number = value(web_app, "select id from connection where name = 'по OAuth'")
    for page in (answer.text, visitor.page(f"/connections/{number}"), visitor.page("/connections")):
        assert "доступ не выдан" in page
    assert f'href="/connections/{number}/grant"' in answer.text


def test_errors_stand_at_their_fields_and_secrets_never_come_back(
    web_app: WebApp, visitor: Visitor
) -> None:
    answer = visitor.post(
        "/connections/new/smsru",
        _name="",
        api_id="CANARY-5D1F",
        sender="much too long for a sender",
        base_url="ftp://nowhere",
        _rate="-1",
    )
    assert answer.status_code == 422
    assert "CANARY-5D1F" not in answer.text
    assert "Назовите подключение" in answer.text
    assert "Не длиннее 11 знаков" in answer.text
    assert "Адрес начинается с https:// или http://" in answer.text
    assert "Нужно число больше нуля" in answer.text
    assert 'value="much too long for a sender"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 4
    missing = visitor.post("/connections/new/smsru", _name="new").text
    assert "Заполните это поле" in missing
    taken = visitor.post("/connections/new/smsru", _name="main", api_id="x").text
    assert "с таким названием уже есть" in taken
    assert value(web_app, "select count(*) from connection") == 3


def test_settings_change_and_a_secret_left_empty_stays(web_app: WebApp, visitor: Visitor) -> None:
    page = visitor.page("/connections/2/edit")
    assert 'placeholder="сохранён; оставьте пустым, чтобы не менять"' in page
    assert SMSRU_API_ID not in page
    address = value(web_app, "select settings->>'base_url' from connection where id = 2")
    visitor.done("/connections/2/edit", sender="Uzel", base_url=address, _rate="2,5", test="on")
    active = web_app.deps.registry.get(2)
    assert active is not None
    assert active.rate_per_s == 2.5
    config = active.config
    assert config is not None
    assert config.model_dump()["sender"] == "Uzel"
    assert config.model_dump()["test"] is True
    assert config.api_id.get_secret_value() == SMSRU_API_ID  # type: ignore[attr-defined]
    assert ' name="test" checked' in visitor.page("/connections/2/edit")
    visitor.done("/connections/2/edit", base_url=address, api_id="another-key")
    active = web_app.deps.registry.get(2)
    assert active is not None
    config = active.config
    assert config is not None
    assert config.api_id.get_secret_value() == "another-key"  # type: ignore[attr-defined]
    assert config.model_dump()["test"] is False


def test_a_new_address_takes_no_secret_along(web_app: WebApp, visitor: Visitor) -> None:
    """The test button would have sent it there."""
    sealed = value(web_app, "select secrets from connection where id = 2")
    with running() as elsewhere:
        for address in (f"{elsewhere}/smsru", "https://evil.example", ""):
            answer = visitor.post("/connections/2/edit", base_url=address)
            assert answer.status_code == 422
            assert "адрес ведёт на другой сервер" in answer.text
            assert answer.text.count('aria-invalid="true"') == 1
            assert SMSRU_API_ID not in answer.text
        assert value(web_app, "select secrets from connection where id = 2") == sealed
        visitor.done("/connections/2/edit", base_url=f"{elsewhere}/smsru", api_id="typed-again")
        assert "Проверка прошла." in visitor.post("/connections/2/test").text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://[::1", "Это не адрес"),
        ("http://", "Имени сервера нет"),
        ("http://2130706433", "Имени сервера нет"),
        ("https://user:CANARY-19@sms.ru", "Логину и паролю в адресе не место"),
        ("https://sms.ru/#x", "Адрес должен кончаться раньше"),
        ("https://sms.ru:0", "Порт: число от 1 до 65535"),
        ("http://169.254.169.254/latest/", "внутренний адрес"),
        ("http://localhost.:80", "Имени сервера нет"),
        ("http://10.0.0.1", "внутренний адрес"),
    ],
)
def test_an_address_that_cannot_be_or_may_not_be_is_refused(
    reader: Visitor, address: str, said: str
) -> None:
    for path in ("/connections/new/smsru", "/connections/2/edit"):
        answer = reader.post(path, _name="new", api_id="x", base_url=address)
        assert answer.status_code == 422, answer.text
        assert said in answer.text
        assert "api_id" in answer.text


def test_the_test_button_asks_the_provider(web_app: WebApp, visitor: Visitor) -> None:
    with running() as sandbox_url:
        for key, said in (("sandbox-good", "Проверка прошла."), ("bad", "Проверка не прошла.")):
            visitor.done("/connections/3/edit", api_id=key, base_url=f"{sandbox_url}/smsru")
            answer = visitor.post("/connections/3/test")
            assert answer.status_code == 200
            assert said in answer.text
            assert ("Можно возобновлять" in answer.text) == (key == "sandbox-good")
    assert "Проверка не прошла." in visitor.post("/connections/3/test").text
    assert value(web_app, STATE, 3) == "paused"


def test_a_test_that_failed_is_shown_until_something_goes_well(
    web_app: WebApp, visitor: Visitor
) -> None:
    pages = ("/connections", "/connections/2", "/connections/2/setup")
    mark, works = "проверка не прошла", "работает"
    with running() as sandbox_url:
        visitor.done("/connections/2/edit", api_id="bad", base_url=f"{sandbox_url}/smsru")
        visitor.post("/connections/2/test")
        visitor.done("/connections/2/resume")
        for path in pages:
            assert mark in visitor.page(path), path
        row = re.search('id="connection-2".*?</tr>', visitor.page("/connections"), re.DOTALL)
        assert row and works not in row[0]
        rows(web_app, "update call set state = 'accepted', finished_at = now() where id = (select "
                      "max(id) from call where connection_id = 2)")  # fmt: skip
        for path in pages:
            assert mark not in visitor.page(path), path
        assert "с тех пор вызовы проходят" in visitor.page("/connections/2/setup")
        visitor.post("/connections/2/test")
        assert mark in visitor.page("/connections")
        visitor.done("/connections/2/edit", api_id="sandbox-x", base_url=f"{sandbox_url}/smsru")
        visitor.post("/connections/2/test")
        for path in pages:
            assert mark not in visitor.page(path), path


def test_pausing_and_resuming_wakes_what_waits(web_app: WebApp, visitor: Visitor) -> None:
    assert "на паузу поставил человек: olga" in visitor.done("/connections/2/pause")
    assert value(web_app, STATE, 2) == "paused"
    jobs = "select count(*) from pgqueuer where entrypoint = 'calls'"
    before = value(web_app, jobs)
    assert "снова работает" in visitor.done("/connections/2/resume")
    assert value(web_app, STATE, 2) == "active"
    assert value(web_app, jobs) == before + 1
    acts = rows(web_app, "select action, detail->>'state' from audit order by id")
    assert [tuple(act) for act in acts] == [("set_state", "paused"), ("set_state", "active")]


def test_switched_off_it_receives_nothing(web_app: WebApp, visitor: Visitor) -> None:
    path = f"/api/webhook/iiko?key={IIKO_KEY}"
    assert post_hook(web_app, path) == 200
    assert "выключено" in visitor.done("/connections/1/off")
    assert post_hook(web_app, path) == 401
    visitor.done("/connections/1/resume")
    assert post_hook(web_app, path) == 200


def test_a_new_key_ends_the_old_one(web_app: WebApp, visitor: Visitor) -> None:
    old = f"/api/webhook/iiko?key={IIKO_KEY}"
    for asked in (visitor.get("/connections/1/key"), visitor.post("/connections/1/key")):
        assert "Нынешний адрес перестанет работать сразу" in asked.text
        assert not HOOK.search(asked.text)
    assert post_hook(web_app, old) == 200
    answer = visitor.post("/connections/1/key", sure="yes")
    assert post_hook(web_app, hook_in(answer.text)) == 200
    assert post_hook(web_app, old) == 401
    assert not HOOK.search(visitor.page("/connections/1"))


def test_the_set_up_page_has_our_own_address(reader: Visitor) -> None:
    page = reader.page("/setup/iiko")
    assert f"{reader.url}/api/webhook/iiko?key=…" in page
    assert "ВАШ-УЗЕЛ" not in page
    assert "<h2>" in page
    assert reader.get("/setup/nothing").status_code == 404
    assert reader.get("/connections/new/nothing").status_code == 404


@pytest.mark.parametrize("action", ["test", "pause", "resume", "off", "key", "edit"])
def test_a_connection_that_is_not_there(reader: Visitor, action: str) -> None:
    assert reader.post(f"/connections/99/{action}").status_code == 404
