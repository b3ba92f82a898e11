"""The site's own operations, as its document has them and as its program sends them."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from registry_room import Program, result_of

PERSON = {
    "firstname": "Василиса",
    "secondname": "Ивановна",
    "lastname": "Пушкина",
    "mobile": "+7(999) 000-00-11",
    "email": "v@site.example",
    "tgid": "111",
    "birthday": "1986-11-15",
    "birthplace": "г. Владивосток",
    "mailingstreet": "г. Калининград",
    "inn": "500100732259",
    "requisites": "счёт в банке",
    "code": "4568",
}
COMPANY = {
    "accountname": 'ООО "Бобры"',
    "address": "г. Москва",
    "email": "b@bobry.example",
    "website": "https://bobry.example",
    "phone": "+7 999 000-00-12",
    "inn": "7707083893",
    "ogrn": "1027700132195",
}
PROJECT = {
    "sms": "1234",
    "ip": "192.0.2.1",
    "source": "с улицы",
    "region": "Владивосток",
    "formid": "1376",
    "category": "Курсы",
    "direction": "Возврат",
    "agrprice": "20000",
    "subject": "Курс вязания",
    "agrdate": "2023-07-15",
    "startdate": "2023-07-20",
    "finishdate": "2023-08-31",
    "loss": "0",
    "servicecost": "3000.50",
    "progress": "25",
    "country": "Турция",
    "hotel": "Отель",
    "transport": "да",
    "insurance": "нет",
    "other": "дополнение",
    "description": "описание",
    "independently": "Да",
    "claimdate": "2023-10-15",
    "returned": "200",
}


def in_parts(program: Program, operation: str, given: Mapping[str, str]) -> Any:
    """As PHP's curl sends a list of fields, with the name of the session that its author used."""
    said = {"operation": operation, "sessionId": program.session, **given}
    parts = {name: (None, value) for name, value in said.items()}
    return result_of(program.app.client.post("/webservice.php", files=parts))


def without(given: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in given.items() if other != name}


def test_a_person_a_company_and_what_one_has_against_the_other(program: Program) -> None:
    person = in_parts(program, "CreateContact", PERSON)
    company = program.post("createaccount", **COMPANY)
    assert (person.isdigit(), company.isdigit()) == (True, True)
    found = program.get("retrieve", id=f"12x{person}")
    assert found["cf_contacts_secondname"] == "Ивановна"
    assert (found["birthday"], found["cf_contacts_tgid"]) == ("1986-11-15", "111")
    about = {"contactid": person, "offenderid": company, "agentid": company}
    project = program.post("CREATEPROJECT", **PROJECT, **about)
    found = program.get("retrieve", id=f"31x{project}")
    assert found["projectname"] == "Курс вязания"
    assert found["linktoaccountscontacts"] == f"12x{person}"
    assert found["cf_project_offender"] == found["cf_project_agent"] == f"11x{company}"
    assert (found["startdate"], found["targetenddate"]) == ("2023-07-20", "2023-08-31")
    assert found["cf_project_agrprice"] == "20000.00"
    assert found["cf_project_servicecost"] == "3000.50"
    # No loss is a loss of nothing, not an unknown one.
    assert found["cf_project_loss"] == "0.00"
    assert [
        found[f"cf_project_{name}"] for name in ("transport", "insurance", "independently")
    ] == [*("1", "0", "1")]
    assert found["cf_project_progress"] == "25"


def test_who_comes_again_is_the_same_person(program: Program) -> None:
    first = program.post("CreateContact", **PERSON)
    again = {**PERSON, "mobile": "8 999 0000011", "lastname": "Гончарова", "email": "", "tgid": "0"}
    assert program.post("CreateContact", **again) == first
    found = program.get("retrieve", id=f"12x{first}")
    assert (found["lastname"], found["email"]) == ("Гончарова", "v@site.example")
    assert program.post("CreateAccount", **COMPANY) == program.post(
        "CreateAccount", **{**COMPANY, "inn": "7707 083 893", "accountname": "Бобры"}
    )


@pytest.mark.parametrize(
    ("operation", "given", "names"),
    [
        ("CreateContact", PERSON, ("firstname", "lastname", "birthday", "mobile", "inn")),
        ("CreateAccount", COMPANY, ("accountname", "inn", "ogrn")),
        ("CreateProject", {"contactid": "1", "offenderid": "2"}, ("contactid", "offenderid")),
        ("GetFilesList", {"inn": "500100732259", "sms": "4568"}, ("inn", "sms")),
    ],
)
def test_what_is_missing_is_named(
    program: Program, operation: str, given: Mapping[str, str], names: tuple[str, ...]
) -> None:
    for name in names:
        missing = ("MANDATORY_FIELDS_MISSING", f"{name} does not have a value")
        assert program.refusal("POST", operation, **without(given, name)) == missing
        assert program.refusal("POST", operation, **{**given, name: " "}) == missing


def test_projects_of_nobody_or_against_nobody(program: Program) -> None:
    person = program.post("CreateContact", **PERSON)
    company = program.post("CreateAccount", **COMPANY)
    for name, value in (
        ("contactid", company),
        ("contactid", "999999999"),
        ("contactid", "abc"),
        ("offenderid", person),
        ("agentid", person),
    ):
        given = {"contactid": person, "offenderid": company, name: value}
        wrong = ("REFERENCE_INVALID", f"Invalid reference specified for {name}")
        assert program.refusal("POST", "CreateProject", **given) == wrong
    for name, value in (
        ("agrprice", "много"),
        ("agrprice", "10.555"),
        ("progress", "101"),
        ("progress", "-1"),
        ("transport", "может"),
        ("formid", "1.5"),
    ):
        given = {"contactid": person, "offenderid": company, name: value}
        told = program.refusal("POST", "CreateProject", **given)
        assert told[1].startswith(f"{name}: ")


def test_a_project_that_is_asked_for_again_is_made_once(program: Program) -> None:
    about = {
        "contactid": program.post("CreateContact", **PERSON),
        "offenderid": program.post("CreateAccount", **COMPANY),
    }
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(program.post, "CreateProject", **PROJECT, **about) for _ in range(16)]
        assert len({one.result() for one in asked}) == 1
    other = {**PROJECT, "subject": "Курс плетения"}
    assert program.post("CreateProject", **other, **about) != asked[0].result()


def test_a_hundred_registrations_at_once_are_one_person(program: Program) -> None:
    def register(nth: int) -> str:
        mobile = ("+7 (999) 000-00-11", "89990000011", "9990000011")[nth % 3]
        given = {**PERSON, "mobile": mobile, "lastname": f"Пушкина {nth}"}
        return str(program.post("CreateContact", **given))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(register, range(100)))
    assert len(set(found)) == 1

    async def changes() -> int:
        return int(
            await program.app.deps.pool.fetchval(
                "select count(*) from crm_change where record_id = $1", int(found[0])
            )
        )

    # Each of them left its name in the history.
    assert program.app.run(changes) == 100


def test_what_does_not_hold_is_kept_and_pointed_out(program: Program) -> None:
    """The document's own examples do not hold (ИНН and ОГРН of made-up people)."""
    given = {**PERSON, "inn": "321654987654", "birthday": "1986-02-30"}
    person = program.post("CreateContact", **given)
    assert program.get("retrieve", id=f"12x{person}")["cf_contacts_inn"] == "321654987654"
    company = program.post(
        "CreateAccount", **{**COMPANY, "inn": "1234567899", "ogrn": "32165498711"}
    )
    dates = {"startdate": "2023-08-31", "finishdate": "2023-07-20"}
    about = {"contactid": person, "offenderid": company}
    project = program.post("CreateProject", **{**PROJECT, **dates, **about})

    async def doubts() -> list[Any]:
        rows = await program.app.deps.pool.fetch(
            "select doubts from crm_record where id = any($1::bigint[]) order by id",
            [int(person), int(company), int(project)],
        )
        return [[(one["field"], one["code"]) for one in row["doubts"]] for row in rows]

    assert program.app.run(doubts) == [
        [("birthday", "date_unreadable"), ("cf_contacts_inn", "inn_checksum")],
        [("inn", "inn_checksum"), ("cf_accounts_ogrn", "ogrn_length")],
        [("targetenddate", "dates_reversed")],
    ]


def test_a_strict_registry_refuses_it(strict: Program) -> None:
    for name, value in (
        ("inn", "321654987654"),
        ("birthday", "1986-02-30"),
        ("mobile", "+7 999 000"),
    ):
        told = strict.refusal("POST", "CreateContact", **{**PERSON, name: value})
        assert told[1].startswith(f"{name}: ")
    assert strict.post("CreateContact", **PERSON).isdigit()


def test_files_are_for_who_knows_the_code(program: Program) -> None:
    asked = {"inn": PERSON["inn"], "sms": PERSON["code"]}
    nobody = {"status": "failed", "message": "Клиент с указанным СМС-кодом и ИНН не найден"}
    assert program.post("GetFilesList", **asked) == nobody
    program.post("CreateContact", **PERSON)
    assert program.post("GetFilesList", **asked) == {"status": "ok", "files": []}
    assert program.post("GetFilesList", **{**asked, "sms": "4569"}) == nobody
    # Whoever guesses does not get there, even with the right one in between.
    for guess in range(30):
        program.post("GetFilesList", **{**asked, "sms": f"{guess:04}"})
    assert program.post("GetFilesList", **asked) == nobody


def test_a_right_code_of_ones_own_is_no_way_to_guess_anothers(program: Program) -> None:
    """Anybody may say that an ИНН is theirs."""
    program.post("CreateContact", **PERSON)
    program.post("CreateContact", **{**PERSON, "mobile": "+79990000099", "code": "1111"})
    asked = {"inn": PERSON["inn"]}
    for guess in range(30):
        program.post("GetFilesList", **asked, sms=f"{guess:04}")
        assert program.post("GetFilesList", **asked, sms="1111")["status"] == "ok"
    assert program.post("GetFilesList", **asked, sms=PERSON["code"])["status"] == "failed"


def test_nobody_reads_a_code_off_the_database(program: Program) -> None:
    program.post("CreateContact", **{**PERSON, "code": "77349106"})

    async def dump() -> str:
        rows = []
        for table in ("crm_record", "crm_change", "crm_code"):
            rows += await program.app.deps.pool.fetch(f"select t::text from {table} t")
        return json.dumps([row[0] for row in rows])

    assert "77349106" not in program.app.run(dump)
