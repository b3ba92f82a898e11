"""The rules of a business: in words, as forms, and what does not go together."""

import re
from typing import Any

import pytest

from console_visitor import Visitor, rows, value
from running_web import WebApp
from uzel.model.rules import Rules, read_rules
from uzel.web.console.rules_form import SECTIONS
from uzel.web.console.rules_words import WORDS

EDIT = "/business/rules/{}/edit"


def stored(web_app: WebApp) -> Any:
    return value(web_app, "select rules from business where id = 1")


def reset(web_app: WebApp) -> None:
    """The sample asks at once; here the defaults are wanted."""
    rows(web_app, "update business set rules = '{}'")


def fields_in(page: str) -> dict[str, str]:
    """What a browser would send if the form of a page was sent as it is."""
    form = page[page.index('<form class="fields"') : page.index("</main>")]
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if found.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        sent[found["name"]] = found.get("value", "on")
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        sent[name] = next(iter(re.findall(r'value="([^"]*)" selected', inner)), "")
    written = r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>'
    return sent | dict(re.findall(written, form, re.S))


def test_every_section_has_words_a_form_and_fields_of_the_rules(reader: Visitor) -> None:
    assert set(WORDS) == set(SECTIONS)
    page = reader.page("/business/rules")
    for name in SECTIONS:
        assert f'href="/business/rules/{name}/edit"' in page
    assert reader.get("/business/rules/secrets/edit").status_code == 404
    assert reader.post("/business/rules/secrets/edit").status_code == 404


@pytest.mark.parametrize("section", sorted(SECTIONS))
@pytest.mark.parametrize("full", [False, True])
def test_a_form_sent_as_it_is_changes_nothing(
    web_app: WebApp, visitor: Visitor, section: str, full: bool
) -> None:
    rules = FULL if full else {}
    rows(web_app, "update business set rules = $1", rules)
    sent = fields_in(visitor.page(EDIT.format(section)))
    visitor.done(EDIT.format(section), **sent)
    assert read_rules(stored(web_app)) == read_rules(rules)
    assert value(web_app, "select request_gap_days from business") == 30


FULL = {
    "delay_s": {"*": 60, "iiko": 5400, "amocrm": 172800},
    "opens": "08:30",
    "closes": "22:00",
    "minimum": "499.90",
    "skip_sources": ["yandex_food", "delivery club"],
    "expires_after_s": None,
    "remind_after_s": 259200,
    "guests": "new",
    "require_consent": True,
    "attested": "пункт в анкете",
    "never": ["+79990001111", "chef@example.org"],
    "route": [
        {"channel": "email", "wait_s": 600, "may_double": True},
        {"channel": "sms", "connection_id": 2, "wait_s": 90},
        {"channel": "sms", "connection_id": 3},
    ],
    "whatsapp_russia": True,
    "sending": "allow_list",
    "allowed": ["+79990002222"],
    "currency": "KZT",
    "rates": {"sms": 1500, "sms:KZ": 1290, "whatsapp:BY": 7, "email": 0},
    "budget_day_minor": 5_000_050,
    "messages_per_day": 0,
    "low_rating": 0,
}


def test_a_full_set_of_rules_is_told_in_words(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, "update business set rules = $1", FULL)
    page = visitor.page("/business/rules").replace("\xa0", " ").replace("\u202f", " ")
    for said in (
        "1 ч 30 мин после визита",
        "2 дн после визита",
        "1 мин после визита",
        "с 08:30 до 22:00",
        "не устаревает",
        "одно, 3 дн после просьбы",
        "только новых",
        "от 499.90 ₸",
        "yandex_food, delivery club",
        "2 адреса",
        "нужно: без записанного согласия не просим",
        "письмо: подключения нет, способ пропускается",
        "SMS через SMS.ru · main; без отчёта за 1 мин 30 с пробуем следующий",
        "SMS через SMS.ru · spare",
        "только на адреса из списка",
        "50 000,50 ₸",
        "SMS KZ 12,90 ₸",
        "WhatsApp BY 0,07 ₸",
        "не сообщаем",
    ):
        assert said in page, said


def test_defaults_are_shown_and_kept_out_of_the_database(web_app: WebApp, visitor: Visitor) -> None:
    reset(web_app)
    page = visitor.page("/business/rules").replace("\xa0", " ")
    for said in ("2 ч после визита", "24 ч после визита", "с 09:00 до 21:00", "3 и ниже"):
        assert f'<dd class="muted">{said}</dd>' in page, said
    sent = fields_in(visitor.page(EDIT.format("timing")))
    visitor.done(EDIT.format("timing"), **{**sent, "opens": "10:00"})
    assert stored(web_app) == {"opens": "10:00"}


def test_a_section_changes_nothing_but_its_own(web_app: WebApp, visitor: Visitor) -> None:
    reset(web_app)
    visitor.done(EDIT.format("guests"), guests="new", never="8 999 000-11-11, chef@Example.org")
    visitor.done(EDIT.format("sending"), sending="record")
    visitor.done(EDIT.format("ratings"), low_rating="1")
    assert stored(web_app) == {
        "guests": "new",
        "never": ["+79990001111", "chef@example.org"],
        "sending": "record",
        "low_rating": 1,
    }
    told = rows(web_app, "select detail from audit order by id")
    assert told[0]["detail"] == {"section": "guests", "guests": "new", "never": 2}


@pytest.mark.parametrize(
    ("section", "field", "typed", "said"),
    [
        ("timing", "request_gap_days", "often", "Нужно число."),
        ("timing", "request_gap_days", "", "Нужно число дней"),
        ("timing", "request_gap_days", "3651", "Нужно целое число, от 0 до 3650."),
        ("timing", "request_gap_days", "1,5", "Нужно целое число"),
        ("timing", "request_gap_days", "٣", "Нужно число."),
        ("timing", "opens", "", "Нужно время вида 09:00."),
        ("timing", "closes", "9", "Нужно время вида 09:00."),
        ("timing", "delay_amocrm", "15", "Нужно от сразу до 14 дн."),
        ("timing", "expires_after", "0,5", "Нужно от 1 ч до 30 дн."),
        ("timing", "remind_after", "31", "Нужно от 1 ч до 30 дн."),
        ("guests", "guests", "nobody", "Выберите одно из списка."),
        ("guests", "never", "Повар", "Это не телефон и не e-mail: Повар"),
        ("guests", "minimum", "-5", "Нужно число."),
        ("guests", "attested", "ю" * 501, "До 500 знаков."),
        ("guests", "skip_sources", "\n".join(map(str, range(501))), "До 500 строк"),
        ("sending", "sending", "off", "Выберите одно из списка."),
        ("sending", "allowed", "a@b", "Это не телефон и не e-mail: a@b"),
        ("money", "currency", "DOGE", "Выберите одно из списка."),
        ("money", "budget_day", "10", "Без прайса бюджет не считается"),
        ("money", "sms_0", "1,234", "Не больше двух знаков после запятой."),
        ("money", "sms_0", "10001", "Нужно не больше 10000."),
        ("money", "country_3", "ru", "Эта страна уже есть выше."),
        ("money", "country_3", "XX", "Нужен код страны из двух букв"),
        ("money", "country_3", "Россия", "Нужен код страны из двух букв"),
        ("money", "messages_per_day", "10000001", "Нужно целое число"),
        ("ratings", "low_rating", "6", "Выберите одно из списка."),
        ("ratings", "low_rating", "", "Выберите одно из списка."),
        ("route", "channel_0", "pigeon", "Выберите одно из списка."),
        ("route", "connection_0", "99", "Выберите одно из списка."),
        ("route", "connection_0", "1", "Выберите одно из списка."),
        ("route", "wait_0", "0,5", "Нужно от 1 мин до 3 дн."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    console: WebApp, reader: Visitor, section: str, field: str, typed: str, said: str
) -> None:
    before = stored(console)
    sent = fields_in(reader.page(EDIT.format(section)))
    sent |= {"expires_after_unit": "h", "remind_after_unit": "d", "delay_amocrm_unit": "d"}
    if section == "money" and field != "budget_day":
        sent |= {"sms_1": "1", "country_3": "BY", "sms_3": "2"}
    if section == "route":
        sent |= {"channel_0": "sms", "channel_1": "email"}
    answer = reader.post(EDIT.format(section), **{**sent, field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.text.count('class="wrong"') == 1
    assert 'aria-invalid="true"' in answer.text or field in ("guests", "sending")
    assert stored(console) == before


def test_an_empty_list_would_let_nobody_through(reader: Visitor) -> None:
    answer = reader.post(EDIT.format("sending"), sending="allow_list", allowed="  ")
    assert answer.status_code == 422
    assert "Список пуст: никому ничего не уйдёт." in answer.text


def test_a_wait_that_may_end_in_two_messages_has_to_be_accepted(
    web_app: WebApp, visitor: Visitor
) -> None:
    """SMS.ru takes a lifetime; of e-mail nobody knows here, so it counts as one that does not."""
    by_sms = {"channel_0": "sms", "wait_0": "5", "wait_0_unit": "m", "channel_1": "email"}
    visitor.done(EDIT.format("route"), **by_sms)
    by_mail = {"channel_0": "email", "wait_0": "5", "wait_0_unit": "m", "channel_1": "sms"}
    answer = visitor.post(EDIT.format("route"), **by_mail)
    assert answer.status_code == 422
    assert "гость получит два сообщения" in answer.text
    visitor.done(EDIT.format("route"), **by_mail, may_double_0="on")
    first = read_rules(stored(web_app)).route[0]
    assert (first.channel, first.wait_s, first.may_double) == ("email", 300, True)
    last = visitor.post(EDIT.format("route"), channel_0="sms", wait_0="5", wait_0_unit="m")
    assert "После последнего способа ждать нечего" in last.text


def test_a_way_stands_in_a_route_once(reader: Visitor) -> None:
    for first, second in (("", ""), ("2", "2"), ("", "2")):
        answer = reader.post(
            EDIT.format("route"),
            channel_0="sms",
            connection_0=first,
            channel_1="sms",
            connection_1=second,
        )
        assert "Этот способ уже стоит выше." in answer.text
    other = reader.post(EDIT.format("route"), channel_0="email", connection_0="2")
    assert "Это подключение так не отправляет." in other.text


def test_why_whatsapp_is_off_in_russia_is_told(reader: Visitor) -> None:
    assert "С февраля 2026 года WhatsApp в России заблокирован" in reader.page(EDIT.format("route"))


def test_rules_nobody_can_read_are_shown_as_such(web_app: WebApp, visitor: Visitor) -> None:
    rows(web_app, 'update business set rules = \'{"opens": "noon"}\'')
    page = visitor.page("/business/rules")
    assert "Сохранённые правила не читаются" in page
    assert "opens" in page
    visitor.done(EDIT.format("timing"), **fields_in(visitor.page(EDIT.format("timing"))))
    assert read_rules(stored(web_app)) == Rules()


def test_what_waits_by_the_old_rules_is_told_and_reckoned(
    web_app: WebApp, visitor: Visitor
) -> None:
    page = visitor.page("/business/rules")
    assert "по прежним правилам" not in page
    sent = fields_in(visitor.page(EDIT.format("timing")))
    # The order of the sample that waits came in a moment ago.
    page = visitor.done(EDIT.format("timing"), **{**sent, "delay_*": "13", "delay_*_unit": "d"})
    assert "1 сообщение ждёт отправки по прежним правилам" in page
    page = visitor.done("/business/rules/reckon")
    assert "по прежним правилам" not in page
    left = (
        "select count(*) from call where state = 'planned' and due_at > now() + interval '1 hour'"
    )
    assert value(web_app, left) == 1
