"""Questions in VTQL over the wire: what they give, and what they are refused with."""

import pytest

from registry_room import Program, Told, new_program
from running_web import WebApp


def test_questions_are_answered(program: Program) -> None:
    made = [
        program.create("Contacts", lastname=name, firstname="Анна", cf_contacts_tgid=nth)["id"]
        for nth, name in enumerate(("Ким", "Цой", "О'Нил"))
    ]

    def ask(text: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = program.get("query", query=text)
        return found

    assert [one["id"] for one in ask("select * from Contacts;")] == made
    assert ask("SELECT lastname FROM Contacts WHERE lastname = 'О''Нил';") == [
        {"lastname": "О'Нил", "id": made[2]}
    ]
    assert ask("select count(*) from Contacts where firstname = 'анна';") == [{"count": "3"}]
    named = (
        "select lastname from Contacts where lastname like '%и%' order by lastname desc limit 1;"
    )
    assert [one["lastname"] for one in ask(named)] == ["О'Нил"]
    paged = f"select id from Contacts where id > '{made[0]}' order by id limit 1,1;"
    assert ask(paged) == [{"id": made[2]}]
    (mine,) = ask(f"select user_name from Users where id = '19x{program.user.id}';")
    assert mine["user_name"] == program.user.login
    assert ask("select count(*) from DocumentFolders;") == [{"count": "1"}]


def test_questions_among_what_stands_beside(program: Program) -> None:
    company = program.create("Accounts", accountname="Бобры")["id"]
    for name in ("Ким", "Цой"):
        program.create("Contacts", lastname=name, account_id=company)
    program.create("Contacts", lastname="Ким")
    given = {"id": company, "relatedLabel": "Contacts"}
    text = "select lastname from Contacts where lastname = 'Ким';"
    (found,) = program.get("query_related", query=text, **given)
    assert found["lastname"] == "Ким"
    counted = program.get("query_related", query="select count(*) from Contacts;", **given)
    assert counted == [{"count": "2"}]
    wrong = program.refusal("GET", "query_related", query="select * from Users;", **given)
    assert wrong == ("UNKOWN_ENTITY", "Relation specified is incorrect")


def test_a_pattern_that_nearly_fits_everywhere_holds_nobody_up(program: Program) -> None:
    company = program.create("Accounts", accountname="Бобры")["id"]
    for name in range(20):
        long = {"description": "a" * 8000, "account_id": company}
        program.create("Contacts", lastname=f"Ким {name}", **long)
    pattern = "%" + "a" * 4000 + "b"
    text = f"select count(*) from Contacts where description like '{pattern}';"
    given = {"id": company, "relatedLabel": "Contacts"}
    try:
        assert program.get("query_related", query=text, **given) == [{"count": "0"}]
    except Told as told:
        assert told.code == "DATABASE_QUERY_ERROR"


def test_nobody_asks_about_others(app: WebApp, program: Program) -> None:
    program.create("Contacts", lastname="Ким")
    other = new_program(app).log_in()
    assert other.get("query", query="select * from Contacts;") == []
    users = other.get("query", query="select user_name from Users;")
    assert [one["user_name"] for one in users] == [other.user.login]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ACCESS_DENIED"),
        ("select * from Foo;", "ACCESS_DENIED"),
        ("select * from Contacts", "QUERY_SYNTAX_ERROR"),
        ("select foo from Contacts;", "ACCESS_DENIED"),
        ("select * from Contacts where lastname = '';", "INTERNAL_SERVER_ERROR"),
        ("select * from Contacts where id = '5';", "INVALID_ID_ATTRIBUTE"),
        ("select * from Contacts; drop table crm_record;", "QUERY_SYNTAX_ERROR"),
        ("select * from Contacts where lastname = 'a\x00b';", ""),
        ("select * from Contacts where " + "(" * 9000 + ";", ""),
        ("select * from Contacts where lastname in (" + "'a'," * 3000 + "'b');", ""),
    ],
)
def test_what_is_no_question(program: Program, text: str, code: str) -> None:
    try:
        found = program.get("query", query=text)
    except Told as told:
        assert code in told.code
    else:
        assert (found, code) == ([], "")
