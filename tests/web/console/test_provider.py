"""Setting a connection up: steps, lights that tell the truth, a test message that is sent."""

import re
from html import unescape

import httpx2
import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from sample_data import OPERATOR, SMSRU_API_ID, delivery
from uzel.connectors import connectors
from uzel.sandbox.server import running
from uzel.web.console.provider import STEPS

LIGHT = re.compile(
    r'<span class="light tone-(\w+)"[^>]*></span>\s*<div class="what"><b>(.*?)</b>(.*?)</div>',
    re.DOTALL,
)
CLICK = re.compile(r'name="click" value="([^"]+)"')
HOOK = re.compile(r'id="hook" readonly value="([^"]+)"')
AGE = re.compile("назад|только что")
ME = "+79990009001"


def lights(page: str) -> dict[str, tuple[str, str]]:
    """Name → (tone, what it says)."""
    ready = re.search(r'id="ready".*?</section>', page, re.DOTALL)
    assert ready
    return {
        unescape(name): (tone, " ".join(unescape(re.sub("<[^>]+>", " ", text)).split()))
        for tone, name, text in LIGHT.findall(ready[0])
    }


def click_of(page: str) -> str:
    """What makes one press one message."""
    found = CLICK.search(page)
    assert found, page
    return found[1]


def added(visitor: Visitor, web_app: WebApp, connector: str, **fields: str) -> str:
    """A new connection; gives the path of its set-up page."""
    visitor.post(f"/connections/new/{connector}", _name="new", **fields)
    number = value(web_app, "select max(id) from connection where connector = $1", connector)
    assert number is not None
    return f"/connections/{number}/setup"


def test_every_readme_has_steps_and_every_connection_its_page(reader: Visitor) -> None:
    for connector in connectors().values():
        page = reader.page(f"/setup/{connector.name}")
        assert "Настройка" in page
    page = reader.page("/connections/1/setup")
    assert "<ol><li>" in page and "Что нажать у поставщика" in page
    assert f"{reader.url}/api/webhook/iiko?key=…" in page and "ВАШ-УЗЕЛ" not in page
    assert "Ограничения и особенности" not in page
    assert 'href="/setup/iiko"' in page
    assert 'href="/connections/1/setup"' in reader.page("/connections/1")
    assert reader.get("/connections/99/setup").status_code == 404


@pytest.mark.parametrize(
    ("readme", "steps"),
    [
        ("# X\n\nabout\n\n## Настройка в X\n\n1. a\n\n### b\n\n## Ещё\nc", "\n1. a\n\n### b\n\n"),
        ("# X\n\n## Настройка\n1. a\n", "1. a\n"),
        ("# X\n\n## Другое\n1. a\n", None),
    ],
)
def test_the_steps_end_where_the_next_part_begins(readme: str, steps: str | None) -> None:
    found = STEPS.search(readme)
    assert (found[1] if found else None) == steps


def test_a_connection_that_receives_says_when(web_app: WebApp, visitor: Visitor) -> None:
    tone, said = lights(visitor.page("/connections/1/setup"))["Адрес для поставщика"]
    assert tone == "good" and "запросы приходят" in said and AGE.search(said)
    path = added(visitor, web_app, "iiko")
    # Somebody without the key was turned away: the sample's refusals are of iiko.
    tone, said = lights(visitor.page(path))["Адрес для поставщика"]
    assert tone == "wait" and "ещё ничего не приходило" in said
    assert "сегодня отказано у входа" in said
    rows(web_app, "delete from refusal")
    assert "задайте UZEL_PUBLIC_URL" in lights(visitor.page(path))["Адрес для поставщика"][1]


def test_what_waits_to_be_processed_counts_as_received(web_app: WebApp, visitor: Visitor) -> None:
    path = added(visitor, web_app, "iiko")
    answer = visitor.post(f"{path}/key")
    found = HOOK.search(answer.text)
    assert found
    web_app.run(web_app.sample.registry.refresh)
    hook = "/" + unescape(found[1]).split("/", 3)[3]
    assert web_app.client.post(hook, json=delivery(1, "Closed", None)).status_code == 200
    tone, said = lights(visitor.page(path))["Адрес для поставщика"]
    assert tone == "good" and AGE.search(said)


def test_the_address_is_shown_again_only_while_nothing_came_in(
    web_app: WebApp, visitor: Visitor
) -> None:
    path = added(visitor, web_app, "iiko")
    page = visitor.page(path)
    assert "Показать адрес целиком" in page and not HOOK.search(page)
    answer = visitor.post(f"{path}/key")
    assert answer.status_code == 200 and HOOK.search(answer.text)
    assert not HOOK.search(visitor.page(path))
    assert value(web_app, "select count(*) from audit where action = 'new_key'") == 1
    before = value(web_app, "select key_hash from connection where id = 1")
    asked = visitor.post("/connections/1/setup/key")
    assert asked.headers["location"] == "/connections/1/key"
    assert value(web_app, "select key_hash from connection where id = 1") == before
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    assert operator.post(f"{path}/key").status_code == 403


def test_the_test_button_keeps_its_light(web_app: WebApp, visitor: Visitor) -> None:
    path = "/connections/2/setup"
    assert lights(visitor.page(path))["Проверка ключа"] == ("wait", "ещё нет: ещё не проверяли")
    with running() as sandbox_url:
        for key, tone in (("sandbox-good", "good"), ("bad", "bad")):
            visitor.done("/connections/2/edit", api_id=key, base_url=f"{sandbox_url}/smsru")
            visitor.done(f"{path}/test")
            for page in (visitor.page(path), visitor.page(path)):
                shown, said = lights(page)["Проверка ключа"]
                assert shown == tone and ("баланс" in said) == (tone == "good")
        visitor.done("/connections/2/edit", api_id="sandbox-x", base_url=f"{sandbox_url}/smsru")
        visitor.post("/connections/2/test")
    assert lights(visitor.page(path))["Проверка ключа"][0] == "good"
    acts = rows(web_app, "select actor, detail ->> 'good' from audit where action = 'test'")
    assert [tuple(act) for act in acts] == [("olga", "true"), ("olga", "false"), ("olga", "true")]


def test_a_provider_s_question_about_the_address_is_remembered(
    web_app: WebApp, visitor: Visitor
) -> None:
    path = added(
        visitor,
        web_app,
        "meta",
        phone_number_id="1000000001",
        access_token="token",
        verify_token="слово",
        app_secret="secret",
    )
    assert lights(visitor.page(path))["Проверка адреса"][0] == "wait"
    found = HOOK.search(visitor.post(f"{path}/key").text)
    assert found
    hook = unescape(found[1])
    web_app.run(web_app.sample.registry.refresh)
    for word, tone, said in (
        ("чужое", "bad", "слово поставщика не совпало"),
        ("слово", "good", "Узел ответил верно"),
    ):
        params = {"hub.mode": "subscribe", "hub.verify_token": word, "hub.challenge": "123"}
        query = str(httpx2.QueryParams(params))
        web_app.client.get(f"{hook}&{query}")
        web_app.run(lambda: web_app.sample.door.save_counts(web_app.deps.pool))
        shown, text = lights(visitor.page(path))["Проверка адреса"]
        assert shown == tone and said in text
    acts = rows(web_app, "select actor, action from audit where action = 'challenge'")
    assert [tuple(act) for act in acts] == [("provider", "challenge")] * 2


def test_settings_that_lack_what_requests_are_verified_by(
    web_app: WebApp, visitor: Visitor
) -> None:
    path = added(visitor, web_app, "meta", phone_number_id="1000000001", access_token="token")
    tone, said = lights(visitor.page(path))["Настройки"]
    assert tone == "wait" and "Секрет приложения" in said and "Verify token" in said
    tone, said = lights(visitor.page("/connections/2/setup"))["Настройки"]
    assert tone == "good" and "Отправитель" in said


def test_what_nobody_verified_says_so(web_app: WebApp, visitor: Visitor) -> None:
    fields = {"api_key": "k" * 20, "sender": "79990000000", "sms": "on"}
    path = added(visitor, web_app, "exolve", **fields)
    page = visitor.page(path)
    assert "Не проверено." not in page
    assert lights(page)["Отправка"] == ("good", "в порядке: SMS")
    visitor.done(
        path.replace("setup", "edit"), sender="79990000000", sms="on", whatsapp_unverified="on"
    )
    page = visitor.page(path)
    assert "Не проверено." in page and "ни разу не проверены" in page
    assert "WhatsApp" in lights(page)["Отправка"][1]


def test_a_test_message_goes_through_the_journal_to_its_end(
    web_app: WebApp, visitor: Visitor
) -> None:
    path = "/connections/2/setup"
    with running() as sandbox_url:
        address = f"{sandbox_url}/smsru"
        visitor.done("/connections/2/edit", api_id=SMSRU_API_ID, base_url=address)
        web_app.run(web_app.sample.registry.refresh)
        click = click_of(visitor.page(path))
        fields = {"click": click, "channel": "sms", "address": "8 (999) 000-90-01"}
        page = visitor.done(f"{path}/send", **fields)
        assert "Сообщение поставлено в очередь" in page and "ждёт отправки" in page
        # The same press once more is the same message.
        visitor.done(f"{path}/send", **fields)
        message = "select count(*) from message where purpose = 'test' and phone = $1"
        assert value(web_app, message, ME) == 1
        web_app.call()
        journal = httpx2.get(f"{sandbox_url}/_journal?connector=smsru", trust_env=False).json()
        texts = [e["request"] for e in journal if e["operation"] == "send_sms"]
        assert [text["phone"] for text in texts if text["phone"] == ME] == [ME]
    page = visitor.page(path)
    number = value(web_app, "select id from message where phone = $1", ME)
    assert f'href="/messages/{number}"' in page and "принято, в пути" in page
    acts = rows(web_app, "select actor, detail from audit where action = 'test_message'")
    assert [tuple(act) for act in acts] == [("olga", {"message": number})]
    visitor.done(f"{path}/send", **{**fields, "click": click_of(page)})
    assert value(web_app, message, ME) == 2


def test_what_the_mode_of_sending_holds_back_is_told(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, 'update business set rules = rules || \'{"sending": "record"}\'')
    page = visitor.page("/connections/2/setup")
    visitor.done("/connections/2/setup/send", click=click_of(page), channel="sms", address=ME)
    web_app.call()
    assert "режим записи: ничего не отправляется" in visitor.page("/connections/2/setup")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "+74950000000"}, "городской номер"),
        ({"address": "не телефон"}, "это не номер телефона"),
        ({"channel": "email"}, "Выберите одно из списка."),
        ({"click": "short"}, "Форма устарела"),
    ],
)
def test_a_wrong_form_plans_nothing_and_keeps_what_was_typed(
    web_app: WebApp, visitor: Visitor, fields: dict[str, str], said: str
) -> None:
    path = "/connections/2/setup"
    click = click_of(visitor.page(path))
    given = {"click": click, "channel": "sms", "address": ME, **fields}
    answer = visitor.post(f"{path}/send", **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert value(web_app, "select count(*) from message where purpose = 'test'") == 0


def test_nothing_is_sent_through_what_is_off_or_paused(web_app: WebApp, visitor: Visitor) -> None:
    path = "/connections/2/setup"
    click = click_of(visitor.page(path))
    for state, said in (
        ("pause", "Подключение на паузе"),
        ("off", "Подключение выключено. Включите"),
    ):
        visitor.done(f"/connections/2/{state}")
        page = visitor.page(path)
        assert said in page and 'name="click"' not in page
        answer = visitor.post(f"{path}/send", click=click, channel="sms", address=ME)
        assert answer.status_code == 422 and said in answer.text
    assert value(web_app, "select count(*) from message where purpose = 'test'") == 0
    assert lights(visitor.page(path))["Адрес для поставщика"][0] == "idle"


def test_a_template_of_whatsapp_is_sent_by_its_name(web_app: WebApp, visitor: Visitor) -> None:
    fields = {"phone_number_id": "1000000001", "access_token": "token"}
    path = added(visitor, web_app, "meta", **fields)
    page = visitor.page(path)
    assert 'value="hello_world"' in page
    given = {"channel": "whatsapp_template", "address": "+77010000001", "language": "en_US"}
    wrong = visitor.post(f"{path}/send", click=click_of(page), template="Нет", **given)
    assert wrong.status_code == 422 and "строчная латиница" in wrong.text
    visitor.done(f"{path}/send", click=click_of(page), template="hello_world", **given)
    call = rows(web_app, "select operation, arguments from call order by id desc limit 1")[0]
    assert call["operation"] == "send_whatsapp_template"
    assert call["arguments"]["template"] == "hello_world"
    assert call["arguments"]["parameters"] == []
    assert value(web_app, "select channel from message where purpose = 'test'") == "whatsapp"


def test_a_letter_goes_to_an_e_mail_address(web_app: WebApp, visitor: Visitor) -> None:
    fields = {"api_key": "re_test", "sender": "Кофейня <hello@example.com>"}
    path = added(visitor, web_app, "resend", **fields)
    page = visitor.page(path)
    assert "Ваш e-mail" in page
    for address, status in (("nobody", 422), ("Me@Example.com", 303)):
        given = {"click": click_of(page), "channel": "email", "address": address}
        assert visitor.post(f"{path}/send", **given).status_code == status
    message = rows(web_app, "select address, phone, subject from message where purpose = 'test'")
    assert [tuple(row) for row in message] == [("me@example.com", None, "Проверка Узла")]
    assert "me@example.com" in visitor.page(path)


def test_only_an_administrator_sends(web_app: WebApp) -> None:
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    page = operator.page("/connections/2/setup")
    assert "Пробное сообщение отправляет администратор." in page
    assert operator.post("/connections/2/setup/send", channel="sms").status_code == 403
    assert operator.post("/connections/2/setup/test").status_code == 303
