"""Accounts, strictness, forms and own fields of a registry: an administrator's, nobody else's."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest

from registry_console import RegistryConsole, registry_console
from registry_room import Program, Told, new_form, new_program
from uzel.crm.users import NewUser

CANARY = "<script>alert('x')</script>"
PAGES = (
    *("/registry/accounts", "/registry/fields", "/registry/forms", "/registry/forms/new"),
    *("/registry/accounts/1/key", "/registry/accounts/1/close", "/registry/forms/1"),
)
POSTS = (
    *("/registry/accounts", "/registry/accounts/1/key", "/registry/accounts/1/close"),
    *("/registry/accounts/1/open", "/registry/strict", "/registry/fields", "/registry/forms/new"),
    *("/registry/forms/1", "/registry/forms/1/close", "/registry/forms/1/open"),
)
ASKED = {"a_lastname": "on", "m_lastname": "on", "a_mobile": "on", "l_mobile": "Ваш телефон"}


@pytest.fixture(scope="module")
def room(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryConsole]:
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("setup")) as made:
        made.olga.page("/registry")
        made.ivan.page("/registry")
        yield made


def test_an_operator_reaches_none_of_it(room: RegistryConsole) -> None:
    before = room.value("select count(*) from audit")
    for path in PAGES:
        assert room.ivan.get(path).status_code == 403, path
    for path in POSTS:
        assert room.ivan.post(path, login="mine", strict="on").status_code == 403, path
    assert room.value("select count(*) from audit") == before
    assert "/registry/accounts" not in room.ivan.page("/registry")


def test_forged_forms_do_nothing(room: RegistryConsole) -> None:
    before = room.value("select count(*) from audit")
    for path in POSTS:
        assert room.olga.client.post(path, data={"csrf": "wrong"}).status_code == 403, path
    assert room.value("select count(*) from audit") == before


def key_in(page: str) -> str:
    found = re.search(r'<input id="key" readonly value="([^"]+)"', page)
    assert found
    return found[1]


def signed_in(room: RegistryConsole, login: str, key: str) -> bool:
    try:
        Program(room.web, NewUser(0, login, key)).log_in()
    except Told:
        return False
    return True


def test_an_account_is_made_its_key_shown_once_changed_and_closed(room: RegistryConsole) -> None:
    answer = room.olga.post("/registry/accounts", login="shop-site", name=CANARY)
    assert answer.status_code == 200 and CANARY not in answer.text
    key = key_in(answer.text)
    assert signed_in(room, "shop-site", key)
    assert key not in room.olga.page("/registry/accounts")
    number = room.value("select id from crm_user where login = 'shop-site'")
    assert "Прежний ключ сразу перестанет" in room.olga.page(f"/registry/accounts/{number}/key")
    changed = key_in(room.olga.post(f"/registry/accounts/{number}/key").text)
    assert not signed_in(room, "shop-site", key) and signed_in(room, "shop-site", changed)
    room.olga.done(f"/registry/accounts/{number}/close")
    assert not signed_in(room, "shop-site", changed)
    room.olga.done(f"/registry/accounts/{number}/open")
    assert signed_in(room, "shop-site", changed)
    acts = room.rows("select action from audit where subject = 'shop-site' order by id")
    assert [row["action"].removeprefix("registry.user_") for row in acts] == [
        *("added", "key_changed", "closed", "opened"),
    ]


@pytest.mark.parametrize("login", ["", "two words", "Shop-Site-Twice"])
def test_a_login_that_cannot_be_is_refused(room: RegistryConsole, login: str) -> None:
    if login:
        room.olga.post("/registry/accounts", login="shop-site-twice")
    answer = room.olga.post("/registry/accounts", login=login)
    assert answer.status_code == 422 and "key" not in re.findall(
        r'id="(\w+)" readonly', answer.text
    )


def test_another_registrys_accounts_and_forms_are_not_there(room: RegistryConsole) -> None:
    program = new_program(room.web)
    theirs, (_, form) = program.user.id, new_form(program)
    for path in ("", "/close", "/open"):
        assert room.olga.post(f"/registry/forms/{form}{path}", **ASKED).status_code == 404
    assert room.olga.get(f"/registry/forms/{form}").status_code == 404
    assert room.value("select disabled_at from crm_form where id = $1", form) is None
    for path in (f"/registry/accounts/{theirs}/key", f"/registry/accounts/{theirs}/close"):
        assert room.olga.get(path).status_code == 404
        assert room.olga.post(path).status_code == 404


def test_strictness_is_switched_and_holds(room: RegistryConsole) -> None:
    room.olga.done("/registry/strict", strict="on")
    code, _ = room.program.refusal(
        "POST", "create", elementType="Contacts",
        element=f'{{"lastname": "А", "cf_contacts_inn": "1", '
        f'"assigned_user_id": "19x{room.program.user.id}"}}',
    )  # fmt: skip
    assert code == "DATABASE_QUERY_ERROR"
    assert "отклоняются с ошибкой" in room.olga.page("/registry/accounts")
    number = room.person("Строгая")
    answer = room.ivan.post(
        f"/registry/records/{number}/edit", version="1", f_cf_contacts_inn="123"
    )
    assert answer.status_code == 422 and "здесь не столько" in answer.text
    room.olga.done("/registry/strict", strict="off")
    assert room.person("Нестрогая", cf_contacts_inn="1")


def test_a_field_of_ones_own_is_filled_in_from_then_on(room: RegistryConsole) -> None:
    given = {"module": "Contacts", "name": "shoe_size", "label": "Размер обуви", "kind": "integer"}
    assert "Размер обуви" in room.olga.done("/registry/fields", **given)
    number = room.person("Обутая")
    room.ivan.done(f"/registry/records/{number}/edit", version="1", f_cf_shoe_size="38")
    assert room.content(number)["cf_shoe_size"] == "38"
    assert "Свои поля" in room.ivan.page(f"/registry/records/{number}")
    for wrong in (
        given,
        {**given, "name": "Имя"},
        {**given, "name": "contacts_inn"},
        {**given, "name": "kind_of", "kind": "picklist"},
        {**given, "name": "kind_of", "kind": "reference"},
        {**given, "name": "kind_of", "module": "Users"},
    ):
        assert room.olga.post("/registry/fields", **wrong).status_code == 422, wrong


def test_a_form_is_made_changed_posted_and_closed(room: RegistryConsole) -> None:
    files = {"files": "договор\nчек", "return_url": "https://site.example/thanks"}
    answer = room.olga.post(
        "/registry/forms/new", module="Contacts", name=f"Заявка {CANARY}", v_leadsource="Web Site",
        **ASKED, **files,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    path = urlsplit(answer.headers["location"]).path
    page = room.olga.page(path)
    assert CANARY not in page
    html = unescape(re.search(r'<textarea id="html".*?>\n(.*?)</textarea>', page, re.DOTALL)[1])  # type: ignore[index]
    assert "Ваш телефон" in html and "leadsource" not in html and "file_" in html
    public_id = re.search(r'name="publicid" value="(\w+)"', html)
    assert public_id
    said = {"publicid": public_id[1], "lastname": "Из формы", "mobile": "+79998887766"}
    posted = room.web.client.post("/modules/Webforms/capture.php", data=said)
    assert posted.headers["location"].startswith("https://site.example/thanks")
    number = room.value("select id from crm_record where phone = '+79998887766'")
    assert room.content(number)["leadsource"] == "Web Site"
    room.olga.done(path, a_lastname="on", m_lastname="on", a_email="on", m_email="on")
    assert "file_" not in room.olga.page(path)
    assert "Required" in room.web.client.post("/modules/Webforms/capture.php", data=said).text
    assert room.value("select name from crm_form where public_id = $1", public_id[1]).endswith(">")
    room.olga.done(f"{path}/close")
    whole = {**said, "email": "a@mail.example"}
    refused = room.web.client.post("/modules/Webforms/capture.php", data=whole)
    assert "not active" in refused.text
    room.olga.done(f"{path}/open")
    assert "закрыта" not in room.olga.page(path)


@pytest.mark.parametrize(
    "given",
    [
        {"a_lastname": ""},
        {"name": ""},
        {"m_lastname": ""},
        {"return_url": "javascript:alert(1)"},
        {"confirms": "on"},
        {"module": "Accounts", "name": "Без компании"},
    ],
)
def test_a_form_that_could_not_be_taken_is_not_made(
    room: RegistryConsole, given: dict[str, str]
) -> None:
    whole = {"module": "Contacts", "name": "Негодная", **ASKED, **given}
    answer = room.olga.post("/registry/forms/new", **{k: v for k, v in whole.items() if v})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert room.value("select count(*) from crm_form where name like 'Негодн%'") == 0


def test_the_phone_is_confirmed_where_the_form_asks_for_both(room: RegistryConsole) -> None:
    answer = room.olga.post(
        "/registry/forms/new",
        module="Contacts",
        name="С кодом",
        confirms="on",
        a_code="on",
        **ASKED,
    )
    assert answer.status_code == 303, answer.text
    assert room.value("select confirms from crm_form where name = 'С кодом'") is True
    again = room.olga.post("/registry/forms/new", module="Contacts", name="С кодом", **ASKED)
    assert again.status_code == 422
