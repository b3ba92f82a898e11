"""Records beside others, documents with files, and what has changed since."""

import asyncio
import base64
import json
import threading
from typing import Any

import pytest

from registry_room import WAITING, Program, Told, pdf, result_of


def upload(program: Program, name: str, content: bytes, **fields: Any) -> Any:
    element = {"assigned_user_id": f"19x{program.user.id}", **fields}
    said = {
        "operation": "create",
        "sessionName": program.session,
        "elementType": "Documents",
        "element": json.dumps(element),
    }
    return result_of(program.send("POST", said, files={"filename": (name, content)}))


def test_a_document_comes_with_its_file_and_gives_it_back(program: Program) -> None:
    made = upload(program, "a b.pdf", pdf(), notes_title="Договор", folderid="22x1")
    assert (made["filename"], made["filetype"]) == ("a_b.pdf", "application/pdf")
    assert made["filesize"] == str(len(pdf()))
    assert made["label"] == "Договор"
    (found,) = program.get("files_retrieve", id=made["id"])
    assert base64.b64decode(found["filecontents"]) == pdf()
    assert (found["filename"], found["filetype"]) == ("a_b.pdf", "application/pdf")
    for wrong, code in (
        ({}, "MANDATORY_FIELDS_MISSING"),
        ({"notes_title": "x", "folderid": "22x2"}, "REFERENCE_INVALID"),
    ):
        with pytest.raises(Told, match=code):
            upload(program, "a.pdf", pdf(), **wrong)
    with pytest.raises(Told, match="none of the kinds"):
        upload(program, "a.pdf", b"<html>", notes_title="x")
    bare = program.create("Documents", notes_title="Без файла")
    assert program.refusal("GET", "files_retrieve", id=bare["id"])[0] == "RECORD_NOT_FOUND"
    person = program.create("Contacts", lastname="Ким")
    assert program.refusal("GET", "files_retrieve", id=person["id"])[0] == "INVALID_ID_ATTRIBUTE"


def test_plain_text_comes_as_it_is(program: Program) -> None:
    said = "Список;сумма\nДоговор;700\n".encode()
    made = upload(program, "список.csv", said, notes_title="Список")
    assert (made["filename"], made["filetype"]) == ("список.txt", "text/plain")
    (found,) = program.get("files_retrieve", id=made["id"])
    assert base64.b64decode(found["filecontents"]) == said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"text"),
        ("a.html", b"text"),
        ("a.txt", b" \n<svg onload=x>"),
        ("a.txt", b"\xef\xbb\xbf<script>"),
        ("a.txt", b"text\0"),
        ("a.txt", b"text \xd0"),
        ("a.txt", b"MZ\x90\x00"),
        ("a.csv", b"GIF89a\x01"),
    ],
)
def test_what_is_no_plain_text(program: Program, name: str, content: bytes) -> None:
    with pytest.raises(Told, match="none of the kinds"):
        upload(program, name, content, notes_title="x")


def test_records_stand_beside_others(program: Program) -> None:
    company = program.create("Accounts", accountname="Бобры")["id"]
    person = program.create("Contacts", lastname="Ким", account_id=company)["id"]
    project = program.create("Project", projectname="Возврат")["id"]
    document = upload(program, "a.pdf", pdf(), notes_title="Договор")["id"]

    def beside(wire_id: str, module: str, label: str = "") -> list[str]:
        given = {"id": wire_id, "relatedType": module, "relatedLabel": label}
        return [one["id"] for one in program.get("retrieve_related", **given)]

    assert beside(company, "Contacts", "Contacts") == [person]
    for source, other, label in (
        (company, project, "Offences"),
        (person, project, "Projects"),
        (person, document, "Documents"),
        (person, document, "Documents"),
    ):
        given = {"sourceRecordId": source, "relatedRecordId": other, "relationIdLabel": label}
        assert program.post("add_related", **given) == {"message": "successfull"}
    assert beside(person, "Project") == [project]
    assert beside(company, "Project", "Offences") == [project]
    assert beside(company, "Project", "Mediations") == []
    assert beside(person, "Documents") == [document]
    wrong = ("UNKOWN_ENTITY", "Relation specified is incorrect")
    given = {"id": person, "relatedType": "Accounts", "relatedLabel": "x"}
    assert program.refusal("GET", "retrieve_related", **given) == wrong
    kinds = program.get("relatedtypes", elementType="Accounts")
    assert set(kinds["types"]) == {"Contacts", "Project", "Documents"}
    assert kinds["information"]["Offences"]["name"] == "Project"


def test_what_has_changed_is_told_until_it_is_settled(program: Program) -> None:
    first = program.create("Contacts", lastname="Ким")["id"]
    second = program.create("Accounts", accountname="Бобры")["id"]
    program.post("delete", id=first)
    found = program.get("sync", modifiedTime="0")
    assert [one["id"] for one in found["updated"]] == [second]
    assert found["deleted"] == [first]
    assert found["more"] is False
    again = program.get("sync", modifiedTime=str(found["lastModifiedTime"]))
    assert [one["id"] for one in again["updated"]] == [second]
    of_people = program.get("sync", modifiedTime="0", elementType="Contacts")
    assert (of_people["updated"], of_people["deleted"]) == ([], [first])
    assert program.refusal("GET", "sync", elementType="Foo")[0] == "ACCESS_DENIED"


def test_much_that_has_changed_is_told_in_parts_and_whole(program: Program) -> None:
    async def fill() -> None:
        await program.app.deps.pool.execute(
            "insert into crm_record (business_id, module, content, owner_id, source, made_by, "
            "modified_by, modified_at) select business_id, 'Contacts', "
            "jsonb_build_object('lastname', n::text), id, 'X', 'test', id, "
            "timestamptz '2026-01-01' + make_interval(secs => n / 60) "
            "from crm_user, generate_series(0, 449) n where id = $1",
            program.user.id,
        )

    program.app.run(fill)
    seen: list[str] = []
    since, more, asked = 0, True, 0
    while more:
        found = program.get("sync", modifiedTime=str(since), elementType="Contacts")
        seen += [one["lastname"] for one in found["updated"]]
        since, more, asked = found["lastModifiedTime"], found["more"], asked + 1
    assert sorted(map(int, seen)) == list(range(450))
    assert asked > 2


def test_nothing_is_put_beside_what_is_merged_away_meanwhile(program: Program) -> None:
    person = program.create("Contacts", lastname="Ким")["id"]
    document = program.create("Documents", notes_title="договор")["id"]
    told: list[object] = []

    def add() -> None:
        given = {"sourceRecordId": person, "relatedRecordId": document}
        told.append(program.refusal("POST", "add_related", **given)[0])

    async def gone() -> None:
        pool = program.app.deps.pool
        async with pool.acquire() as connection, connection.transaction():
            number = int(person.partition("x")[2])
            await connection.execute("select from crm_record where id = $1 for update", number)
            adding.start()
            while not await pool.fetchval(WAITING):
                await asyncio.sleep(0.01)
            await connection.execute(
                "update crm_record set deleted_at = now() where id = $1", number
            )

    adding = threading.Thread(target=add)
    program.app.run(gone)
    adding.join()
    assert told == ["ACCESS_DENIED"]
