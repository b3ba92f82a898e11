"""What clients of vtiger send, each in its own manner, and what they look for in the answer."""

import base64
import json
from typing import Any

import pytest

from registry_room import Program, new_program, pdf, result_of
from running_web import WebApp


def query(program: Program, text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = program.get("query", query=text)
    return found


def test_an_address_that_ends_in_a_slash(app: WebApp, program: Program) -> None:
    asked = f"operation=listtypes&sessionName={program.session}"
    # As it is: the client of these tests would take a host for what stands behind two slashes.
    url = f"{str(app.client.base_url).rstrip('/')}//webservice.php?{asked}"
    assert "Contacts" in result_of(app.client.get(url))["types"]


def test_one_is_found_by_its_id_and_written_back_whole(program: Program) -> None:
    made = program.create("Contacts", lastname="Ким", mobile="8 (999) 000-00-01", donotcall="on")
    (found,) = query(program, f"SELECT * FROM Contacts WHERE id LIKE '{made['id']}' LIMIT 1;")
    whole = {**found, "firstname": "Ольга"}
    updated = program.post("update", elementType="Contacts", element=json.dumps(whole))
    expected = {**made, "firstname": "Ольга", "label": "Ольга Ким"}
    assert updated == {**expected, "modifiedtime": updated["modifiedtime"]}


@pytest.mark.parametrize(
    "moment",
    [
        "{} 00:00:00.123456",
        "{}T00:00:00.123Z",
        "{}T00:00:00.123456+00:00",
        "{}T00:00",
        "{}",
    ],
)
def test_what_has_changed_since_a_moment_however_it_is_printed(
    program: Program, moment: str
) -> None:
    made = program.create("Contacts", lastname="Ким")
    day = made["modifiedtime"][:10]
    since = moment.format(day)
    asked = f"select id from Contacts where modifiedtime >= '{since}';"
    assert [one["id"] for one in query(program, asked)] == [made["id"]]
    assert query(program, asked.replace(">=", "<")) == []


def test_a_session_in_the_header(app: WebApp, program: Program) -> None:
    def ask(session: str, **given: str) -> Any:
        header = {"corebos-authorization": session}
        bare = Program(app, program.user)
        method = "POST" if given["operation"] == "create" else "GET"
        return result_of(bare.send(method, given, headers=header))

    element = json.dumps({"lastname": "Ким", "assigned_user_id": f"19x{program.user.id}"})
    made = ask(program.session, operation="create", elementType="Contacts", element=element)
    assert ask(program.session, operation="retrieve", id=made["id"]) == made
    # Before it has signed in, the client sends the header empty.
    assert ask("", operation="getchallenge", username=program.user.login)["token"]
    # What the request itself says comes first.
    other = new_program(app).log_in()
    said = ask(
        other.session,
        operation="query",
        query="select id from Contacts;",
        sessionName=program.session,
    )
    assert said == [{"id": made["id"]}]


def test_a_file_is_read_by_the_id_that_the_document_names(program: Program) -> None:
    element = {
        "notes_title": "Договор",
        "assigned_user_id": f"19x{program.user.id}",
        "filelocationtype": "I",
        "filestatus": 1,
        "folderid": "22x1",
    }
    said = {
        "operation": "create",
        "sessionName": program.session,
        "elementType": "Documents",
        "element": json.dumps(element),
        "filename_hidden": "a.pdf",
    }
    file = {"filename": ("a.pdf", pdf(), "application/pdf")}
    made = result_of(program.send("POST", said, files=file))
    bare = program.create("Documents", notes_title="Без файла")
    assert "imageattachmentids" not in bare
    with_file, without = query(program, "select * from Documents order by id;")
    assert "imageattachmentids" not in without
    assert program.get("retrieve", id=made["id"]) == made
    assert with_file["imageattachmentids"] == made["imageattachmentids"]
    (found,) = program.get("files_retrieve", id=made["imageattachmentids"])
    # Programs with types read a number here, and texts in the rest.
    assert found["filesize"] == len(pdf())
    assert {type(one) for name, one in found.items() if name != "filesize"} == {str}
    assert base64.b64decode(found["filecontents"]) == pdf()
    refused = program.refusal("GET", "files_retrieve", id=bare["id"])
    assert refused == ("RECORD_NOT_FOUND", "Record you are trying to access is not found")


@pytest.mark.parametrize("end", ["", " ", ";", "; "])
def test_what_stands_beside_is_asked_for_without_an_end(program: Program, end: str) -> None:
    company = program.create("Accounts", accountname="Бобры")["id"]
    person = program.create("Contacts", lastname="Ким", account_id=company)["id"]
    program.create("Contacts", lastname="Ким")
    asked = f"SELECT id FROM Contacts WHERE lastname = 'Ким' LIMIT 5{end}"
    given = {"id": company, "relatedLabel": "Contacts"}
    assert program.get("query_related", query=asked, **given) == [{"id": person}]


def test_every_module_is_gone_through(program: Program) -> None:
    information = program.get("listtypes")["information"]
    for name, module in information.items():
        assert program.get("describe", elementType=name)["isEntity"] is module["isEntity"]
        query(program, f"SELECT * FROM {name} LIMIT 0, 100;")
        given = {"modifiedTime": "0", "elementType": name, "syncType": "application"}
        if module["isEntity"]:
            found = program.get("sync", **given)
            assert (found["updated"], found["deleted"], found["more"]) == ([], [], False)
        else:
            assert program.refusal("GET", "sync", **given)[0] == "ACCESS_DENIED"
