"""One record of the registry: read, changed, decided on, ended; its files taken away."""

from collections.abc import Iterator

import pytest

from registry_console import RegistryConsole, registry_console
from registry_room import new_form, new_program, pdf

CANARY = "<script>alert('x')</script>"
CAPTURE = "/modules/Webforms/capture.php"


@pytest.fixture(scope="module")
def room(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryConsole]:
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("records")) as made:
        yield made


def at(number: int, more: str = "") -> str:
    return f"/registry/records/{number}{more}"


def test_a_record_is_shown_with_its_labels_its_doubts_and_its_history(
    room: RegistryConsole,
) -> None:
    number = room.person(
        "Иванова", firstname="Анна", birthday="1990-04-12", cf_contacts_inn="500100732258"
    )
    page = room.ivan.page(at(number))
    for text in ("Иванова Анна", "Дата рождения", "12.04.1990", f"CON{number}", "не сходятся"):
        assert text in page
    assert "создана" in page and f"программа {room.program.user.login}" in page


def test_what_stands_beside_a_record_is_linked_both_ways(room: RegistryConsole) -> None:
    person, company = room.person("Соседова"), room.add("Accounts", accountname="ООО Сосед")
    project = room.add(
        "Project", projectname="Спор", linktoaccountscontacts=f"12x{person}",
        cf_project_offender=f"11x{company}",
    )  # fmt: skip
    assert f'href="{at(project)}"' in room.ivan.page(at(person))
    assert "Претензии к компании" in room.ivan.page(at(company))
    page = room.ivan.page(at(project))
    assert f'<a href="{at(person)}">Соседова</a>' in page
    assert f'<a href="{at(company)}">ООО Сосед</a>' in page


def test_an_operator_changes_what_differs_and_nothing_else(room: RegistryConsole) -> None:
    number = room.person("Петрова", cf_contacts_inn="123", email="p@mail.example")
    page = room.ivan.page(at(number, "/edit"))
    assert "Отчество" in page and 'type="date"' in page
    given = {"f_lastname": "Петрова-Водкина", "f_cf_contacts_inn": "123", "f_donotcall": "1"}
    shown = room.ivan.done(at(number, "/edit"), version=room.version(number), **given)
    assert "Сохранено" in shown and "Петрова → " not in shown and "<del>Петрова</del>" in shown
    content = room.content(number)
    assert content["lastname"] == "Петрова-Водкина"
    assert (content["donotcall"], content["email"]) == ("1", "p@mail.example")
    change = room.rows("select * from crm_change where record_id = $1 order by version", number)[-1]
    assert change["made_by"] == "ivan"
    assert set(change["changes"]) == {"lastname", "donotcall"}
    assert room.value("select doubts from crm_record where id = $1", number) != []
    said = room.value("select detail from audit where subject = $1", f"record:{number}")
    assert said == {"fields": ["donotcall", "lastname"]}


def test_what_a_browser_gives_back_untouched_is_no_change(room: RegistryConsole) -> None:
    number = room.person(
        "Строчная", description="раз\r\nдва\n\nтри", title="одна\nдве", birthday="1990-04-12"
    )
    given = {
        "f_description": "раз\r\nдва\r\n\r\nтри",
        "f_title": "однадве",
        "f_birthday": "1990-04-12",
        "f_donotcall": "0",
    }
    room.ivan.page(at(number, "/edit"))
    room.ivan.done(at(number, "/edit"), version="1", **given)
    assert room.version(number) == "1"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("f_lastname", "", "Без этого записи не бывает"),
        ("f_cf_contacts_tgid", "много", "Нужно число"),
        ("f_account_id", "ACC999999", "Впишите номер записи"),
        ("f_title", "д" * 501, "Слишком длинно"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    room: RegistryConsole, field: str, value: str, words: str
) -> None:
    number = room.person("Проверкина")
    room.ivan.page(at(number, "/edit"))
    answer = room.ivan.post(at(number, "/edit"), version=room.version(number), **{field: value})
    assert answer.status_code == 422 and words in answer.text
    assert room.version(number) == "1"


def test_another_ones_phone_is_refused_with_a_way_to_them(room: RegistryConsole) -> None:
    one, two = room.person("Первая", mobile="+79995550001"), room.person("Вторая")
    answer = room.ivan.post(at(two, "/edit"), version=room.version(two), f_mobile="8 999 555-00-01")
    assert answer.status_code == 422
    assert f'<a href="{at(one)}">' in answer.text


def test_a_company_is_named_by_its_number(room: RegistryConsole) -> None:
    person, company = room.person("Служащая"), room.add("Accounts", accountname="Завод")
    room.ivan.done(at(person, "/edit"), version=room.version(person), f_account_id=f"acc{company}")
    assert room.content(person)["account_id"] == f"11x{company}"
    page = room.ivan.page(at(person, "/edit"))
    assert f'value="ACC{company}"' in page and "Сейчас Завод" in page


def test_what_was_changed_meanwhile_is_not_written_over(room: RegistryConsole) -> None:
    number = room.person("Двойная")
    seen = room.version(number)
    room.olga.page(at(number, "/edit"))
    room.olga.done(at(number, "/edit"), version=seen, f_lastname="Первая правка")
    for path, given in (
        ("/edit", {"f_lastname": "Вторая правка"}),
        ("/delete", {}),
        ("/doubt", {"field": "lastname", "do": "leave"}),
    ):
        answer = room.ivan.post(at(number, path), version=seen, **given)
        assert answer.status_code in (409, 422) and "Ничего не сделано" in answer.text
    assert room.content(number)["lastname"] == "Первая правка"


def differing(room: RegistryConsole, phone: str) -> int:
    """A person of whom a form says another last name and another ИНН."""
    number = room.person("Прежняя", mobile=phone, cf_contacts_inn="123")
    public_id, _ = new_form(room.program)
    said = {"lastname": CANARY, "mobile": phone, "cf_contacts_inn": "500100732259"}
    answer = room.web.client.post(CAPTURE, data={"publicid": public_id, **said})
    assert answer.json()["success"] is True
    return number


def test_what_a_form_said_is_taken_over(room: RegistryConsole) -> None:
    number = differing(room, "+79995550011")
    page = room.ivan.page(at(number))
    assert "Взять из формы" in page and CANARY not in page
    for field in ("lastname", "cf_contacts_inn"):
        room.ivan.done(at(number, "/doubt"), version=room.version(number), field=field, do="take")
    assert room.content(number)["lastname"] == CANARY
    assert room.content(number)["cf_contacts_inn"] == "500100732259"
    assert room.value("select doubts from crm_record where id = $1", number) == []


def test_or_it_is_left_and_other_doubts_stay(room: RegistryConsole) -> None:
    number = differing(room, "+79995550012")
    room.ivan.page(at(number))
    room.ivan.done(at(number, "/doubt"), version=room.version(number), field="lastname", do="leave")
    doubts = room.value("select doubts from crm_record where id = $1", number)
    assert {it["field"] for it in doubts} == {"cf_contacts_inn"}
    assert room.content(number)["lastname"] == "Прежняя"
    gone = room.ivan.post(
        at(number, "/doubt"), version=room.version(number), field="lastname", do="take"
    )
    assert gone.status_code == 404


def test_a_record_is_deleted_once_it_was_said_what_follows(room: RegistryConsole) -> None:
    person = room.person("Лишняя")
    room.add("Project", projectname="Дело", linktoaccountscontacts=f"12x{person}")
    page = room.ivan.page(at(person, "/delete"))
    assert "1 запись рядом останется" in page
    room.ivan.done(at(person, "/delete"), version=room.version(person))
    assert room.value("select deleted_at from crm_record where id = $1", person) is not None
    after = room.ivan.page(at(person))
    assert "Запись удалена" in after and "Лишняя" in after and "/edit" not in after
    assert room.ivan.get(at(person, "/edit")).status_code == 404
    assert room.ivan.get(at(person, "/delete")).status_code == 404


def test_documents_are_taken_away_version_by_version(room: RegistryConsole) -> None:
    public_id, number = new_form(room.program, "договор")
    upload = {f"file_{number}_1": ("Договор № 1.pdf", b"", "application/pdf")}
    said = {"publicid": public_id, "lastname": "Бумажная", "mobile": "+79995550021", "code": "1234"}
    room.web.client.post(CAPTURE, data={**said, "cf_contacts_inn": "500100732259"}, files=upload)
    person = room.value("select id from crm_record where phone = '+79995550021'")
    assert "сам он ещё не пришёл" in room.ivan.page(at(person))
    path = room.value(
        "select f.path from crm_file f join crm_relation l on l.right_id = f.document_id "
        "where l.left_id = $1",
        person,
    )
    real = pdf(mark="договор целиком")
    bearer = {"authorization": f"Bearer {room.program.session}"}
    assert room.web.client.put(f"/{path}", content=real, headers=bearer).json()["success"]
    document = room.value("select document_id from crm_file where path = $1", path)
    page = room.ivan.page(at(person))
    assert f'href="{at(document, "/files/2")}"' in page and at(document, "/files/1") not in page
    file = room.ivan.get(at(document, "/files/2"))
    assert file.content == real
    assert file.headers["content-disposition"].startswith("attachment;")
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for wrong in ("/files/3", "/files/x"):
        assert room.ivan.get(at(document, wrong)).status_code == 404
    assert room.web.client.get(at(document, "/files/2")).status_code == 303
    assert f'href="{at(person)}"' in room.ivan.page(at(document))


def test_another_businesss_record_is_not_there(room: RegistryConsole) -> None:
    other = new_program(room.web).log_in()
    number = int(other.create("Contacts", lastname="Чужая")["id"].partition("x")[2])
    for path in ("", "/edit", "/delete", "/files/1"):
        assert room.ivan.get(at(number, path)).status_code == 404
    for path in ("/edit", "/delete", "/doubt"):
        assert room.ivan.post(at(number, path), version="1").status_code == 404


def test_a_form_without_its_token_does_nothing(room: RegistryConsole) -> None:
    number = room.person("Верная")
    for path in ("/edit", "/delete", "/doubt"):
        answer = room.ivan.client.post(
            at(number, path), data={"version": "1", "f_lastname": "Иная", "csrf": "wrong"}
        )
        assert answer.status_code == 403
    assert room.version(number) == "1"


@pytest.mark.parametrize(
    ("module", "path"),
    [
        *(("Contacts", ""), ("Accounts", "/companies"), ("Project", "/projects")),
        *(("Leads", "/leads"), ("Documents", None)),
    ],
)
def test_every_field_of_a_record_is_shown_as_text(
    room: RegistryConsole, module: str, path: str | None
) -> None:
    kinds = ("string", "text", "phone", "email", "picklist", "url")
    fields = [
        it["name"] for it in room.program.get("describe", elementType=module)["fields"]
        if it["editable"] and it["type"]["name"] in kinds
    ]  # fmt: skip
    number = room.add(module, **dict.fromkeys(fields, CANARY))
    twin = room.add(module, **dict.fromkeys(fields, f"{CANARY} 2"))
    assert set(room.content(number)) >= set(fields)
    room.rows("update crm_change set made_by = $2 where record_id = $1", number, CANARY)
    for more in ("", "/edit", "/delete"):
        assert CANARY not in room.ivan.page(at(number, more))
    assert room.ivan.page(at(number)).count("&lt;script&gt;") > len(fields)
    if path is not None:
        for page in (f"/registry{path}", at(number, "/merge"), at(number, f"/merge/{twin}")):
            shown = room.ivan.page(page)
            assert CANARY not in shown and "&lt;script&gt;" in shown
