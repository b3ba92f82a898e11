"""Forms of a site, as browsers post them, with whatever strangers put into them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from registry_room import Program, new_form, new_program, pdf
from running_web import WebApp
from uzel.crm import files as crm_files
from uzel.crm.forms import Asked

PATH = "/modules/Webforms/capture.php"
PERSON = {
    "lastname": "Пушкина",
    "mobile": "+7 999 000-00-31",
    "cf_contacts_inn": "500100732259",
    "code": "4568",
}
DONE = {"success": True, "result": "ok"}


def post(program: Program, given: dict[str, str], files: Any = None) -> httpx2.Response:
    return program.app.client.post(PATH, data=given, files=files)


def record(program: Program, phone: str) -> dict[str, Any]:
    """Raises LookupError."""

    async def found() -> dict[str, Any]:
        row = await program.app.deps.pool.fetchrow(
            "select r.* from crm_record r join crm_user u using (business_id) "
            "where u.id = $1 and r.phone = $2 and r.deleted_at is null",
            program.user.id,
            phone,
        )
        if row is None:
            raise LookupError(phone)
        return dict(row)

    return program.app.run(found)


def test_a_person_with_files_is_registered_and_the_site_finds_them(program: Program) -> None:
    public_id, number = new_form(program, "договор", "подтверждение оплаты")
    files = {
        f"file_{number}_1": ("Мой договор.pdf", pdf(), "application/pdf"),
        f"file_{number}_2": ("чек.pdf", b"", "application/pdf"),
    }
    told = post(program, {"publicid": public_id, **PERSON}, files)
    assert (told.status_code, told.json()) == (200, DONE)
    found = program.post("GetFilesList", inn=PERSON["cf_contacts_inn"], sms=PERSON["code"])
    assert [one["title"] for one in found["files"]] == ["договор", "подтверждение оплаты"]
    assert all(one["path"].startswith("storage/") for one in found["files"])
    assert all(one["path"].endswith(".pdf") for one in found["files"])
    kept = record(program, "+79990000031")
    assert kept["content"]["leadsource"] == "Web Site"
    assert kept["source"] == "WEBFORM"


def test_names_labels_and_values_that_are_set(program: Program) -> None:
    public_id, _ = new_form(program)
    given = {
        "publicid": public_id,
        "urlencodeenable": "1",
        "label:Фамилия": "Ким",
        "label%3A%D0%A2%D0%B5%D0%BB%D0%B5%D1%84%D0%BE%D0%BD": "8 999 000 00 32",
        "leadsource": "Other",
        "description": "what the form does not ask for",
    }
    assert post(program, given).json() == DONE
    found = record(program, "+79990000032")["content"]
    assert found == {"lastname": "Ким", "mobile": "8 999 000 00 32", "leadsource": "Web Site"}


def test_a_form_posted_again_and_a_hundred_at_once_make_one_person(program: Program) -> None:
    public_id, number = new_form(program, "договор")

    def once(nth: int) -> Any:
        name = f"file_{number}_1"
        return post(program, {"publicid": public_id, **PERSON}, {name: ("a.pdf", pdf())}).json()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(once, range(100))) == [DONE] * 100
    found = program.post("GetFilesList", inn=PERSON["cf_contacts_inn"], sms=PERSON["code"])
    assert len(found["files"]) == 1


def test_a_stranger_completes_what_is_known_and_replaces_nothing(program: Program) -> None:
    public_id, _ = new_form(program)
    assert post(program, {"publicid": public_id, **PERSON}).json() == DONE
    stranger = {**PERSON, "lastname": "Чужой", "email": "new@site.example"}
    assert post(program, {"publicid": public_id, **stranger}).json() == DONE
    found = record(program, "+79990000031")
    assert found["content"]["lastname"] == "Пушкина"
    assert found["content"]["email"] == "new@site.example"
    assert found["doubts"] == [{"field": "lastname", "code": "form_differs", "given": "Чужой"}]
    trusted, _ = new_form(program, replaces=True)
    assert post(program, {"publicid": trusted, **stranger}).json() == DONE
    found = record(program, "+79990000031")
    assert (found["content"]["lastname"], found["doubts"]) == ("Чужой", [])


def test_a_stranger_does_not_choose_the_code_that_opens_the_documents(program: Program) -> None:
    public_id, _ = new_form(program)
    inn, stranger = PERSON["cf_contacts_inn"], {**PERSON, "code": "0000"}
    assert post(program, {"publicid": public_id, **PERSON}).json() == DONE
    assert post(program, {"publicid": public_id, **stranger}).json() == DONE
    assert program.post("GetFilesList", inn=inn, sms="0000")["status"] == "failed"
    assert program.post("GetFilesList", inn=inn, sms=PERSON["code"])["status"] == "ok"
    trusted, _ = new_form(program, replaces=True)
    assert post(program, {"publicid": trusted, **stranger}).json() == DONE
    assert program.post("GetFilesList", inn=inn, sms="0000")["status"] == "ok"


def test_a_form_refers_to_what_is_there_and_belongs_to_the_registry(
    app: WebApp, program: Program
) -> None:
    names = ("lastname", "account_id", "assigned_user_id")
    public_id, _ = new_form(
        program, fields=tuple(Asked(name, name, name == names[0]) for name in names)
    )
    given = {"publicid": public_id, "lastname": "Ким"}
    other = new_program(app).log_in()
    theirs = other.create("Accounts", accountname="Чужие")["id"]
    for wrong in ("4111 1111 1111 1111", "11x999999999", f"19x{program.user.id}", theirs):
        told = post(program, {**given, "account_id": wrong}).json()
        assert told["error"]["message"].endswith(("for account_id", "specified is incorrect"))
    told = post(program, {**given, "assigned_user_id": f"19x{other.user.id}"}).json()
    assert told["error"]["message"] == "Invalid reference specified for assigned_user_id"
    assert program.get("query", query="select count(*) from Contacts;") == [{"count": "0"}]
    ours = program.create("Accounts", accountname="Бобры")["id"]
    assert post(program, {**given, "account_id": ours}).json() == DONE


def test_what_is_not_taken_is_not_taken_at_all(program: Program) -> None:
    public_id, number = new_form(program, "договор")

    def told(given: dict[str, str], files: Any = None) -> str:
        said = post(program, given, files).json()
        assert said["success"] is False
        return str(said["error"]["message"])

    assert told({}) == told({"publicid": "0" * 32}) == "Webform not found."
    assert told({"publicid": "0\0"}) == "Webform not found."
    assert told({"publicid": public_id, "lastname": " "}) == "Required fields not filled"
    person = {"publicid": public_id, "lastname": "Ким", "mobile": "+7 999 000-00-33"}
    for name, content in (
        ("a.php", b"<?php system('id');"),
        ("a.pdf", b"<html><script>alert(1)</script>"),
        ("a.pdf", pdf() + b"PK\x03\x04" + b"0" * 2000),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.txt", b""),
    ):
        assert "file" in told(person, {f"file_{number}_1": (name, content)})
    with pytest.raises(LookupError):
        record(program, "+79990000033")


def test_files_that_are_too_large_leave_nobody_behind(program: Program) -> None:
    public_id, number = new_form(program, "a", "b")
    person = {"publicid": public_id, "lastname": "Ким", "mobile": "+7 999 000-00-34"}
    half = pdf(25 * 1024 * 1024 + 1)
    files = {f"file_{number}_1": ("a.pdf", half), f"file_{number}_2": ("b.pdf", half)}
    said = post(program, person, files).json()
    assert "50MB" in said["error"]["message"]
    with pytest.raises(LookupError):
        record(program, "+79990000034")


@pytest.mark.parametrize(
    "callback",
    [
        "alert(1)//",
        "a;b",
        "</script><script>",
        "a" * 200,
        "a b",
        "a\u2028",
        "é",
        "a..b",
        ".a",
        "a.",
    ],
)
def test_scripts_are_called_by_names_only(program: Program, callback: str) -> None:
    told = post(program, {"publicid": "x", "callback": callback})
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/json"
    good = post(program, {"publicid": "x", "callback": "jQuery1_2.done"})
    assert good.headers["content-type"].startswith("application/javascript")
    assert good.text.startswith("/**/jQuery1_2.done({")


def test_people_are_sent_to_the_forms_own_address_and_nowhere_else(program: Program) -> None:
    public_id, _ = new_form(program, return_url="https://site.example/thanks?a=1")
    for name in ("returnurl", "_redirect", "return_url", "url"):
        given = {"publicid": public_id, name: "https://evil.example/"}
        told = post(program, given)
        assert told.status_code == 302
        where = urlsplit(told.headers["location"])
        assert (where.scheme, where.netloc, where.path) == ("https", "site.example", "/thanks")
        assert parse_qs(where.query) == {"a": ["1"], "error": ["Required fields not filled"]}
    told = post(program, {"publicid": public_id, **PERSON})
    assert told.headers["location"] == "https://site.example/thanks?a=1&success=ok"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example", "https://", "/a", "ftp://a"]
)
def test_addresses_that_a_form_cannot_have(program: Program, url: str) -> None:
    with pytest.raises(Exception, match="return address"):
        new_form(program, return_url=url)


def test_forms_that_make_no_sense(program: Program) -> None:
    for fields in ((Asked("mobile", "Телефон"),), (Asked("nosuch", "X"),), (Asked("id", "X"),)):
        with pytest.raises(Exception, match=r"lastname|nosuch|field id"):
            new_form(program, fields=fields)


def test_forms_of_strangers_bring_so_much_a_day(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id, number = new_form(program, "договор")
    monkeypatch.setattr(crm_files, "MOST_OF_FORMS", 2 * len(pdf()) + 1)
    for nth, success in ((1, True), (2, True), (3, False)):
        given = {**PERSON, "publicid": public_id, "mobile": f"+7999000014{nth}"}
        content = pdf() if nth == 1 else pdf().replace(b"%PDF-1.4", b"%PDF-1.5")
        told = post(program, given, {f"file_{number}_1": ("a.pdf", content)})
        assert told.json()["success"] is success, told.text
    with pytest.raises(LookupError):
        record(program, "+79990000143")
    assert post(program, {**PERSON, "publicid": public_id}).json() == DONE


def test_another_spelling_of_a_phone_is_no_difference(program: Program) -> None:
    public_id, _ = new_form(program)
    for phone in ("+7 999 000-01-51", "8 (999) 000-01-51", "79990000151"):
        given = {**PERSON, "publicid": public_id, "mobile": phone}
        assert post(program, given).json() == DONE
    assert record(program, "+79990000151")["doubts"] == []


def test_a_callback_that_is_none_is_refused_before_anything_is_written(program: Program) -> None:
    public_id, _ = new_form(program)
    given = {**PERSON, "publicid": public_id, "mobile": "+79990000161", "callback": "alert(1)//"}
    told = post(program, given)
    assert (told.status_code, told.json()["success"]) == (400, False)
    with pytest.raises(LookupError):
        record(program, "+79990000161")
