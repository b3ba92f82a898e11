"""Of another registry nothing is told, not even that it is there: what is asked about its records
is answered as if there were none of that number.
"""

import json
from typing import Any

from registry_room import Program, new_program, pdf
from running_web import WebApp

GET = ("retrieve", "files_retrieve", "retrieve_related", "query_related")
NOBODY = 10**15


def told(program: Program, method: str, operation: str, **given: Any) -> str:
    """The whole answer, whatever it is."""
    said = {"operation": operation, "sessionName": program.session, **given}
    return program.send(method, said).text


def asked(program: Program, ids: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Every operation that takes an id → what is said, with the ids left out."""
    found: dict[str, str] = {}
    owner = f"19x{program.user.id}"

    def note(name: str, answer: str) -> None:
        for module, wire_id in ids.items():
            answer = answer.replace(wire_id, module)
        found[name] = answer

    for module, wire_id in ids.items():
        for operation in GET:
            given = {"id": wire_id, "relatedType": "Documents", "query": "select * from Documents;"}
            note(f"{operation} {module}", told(program, "GET", operation, **given))
        note(f"delete {module}", told(program, "POST", "delete", id=wire_id))
        element = json.dumps({"id": wire_id, "lastname": "Ким", "assigned_user_id": owner})
        for operation in ("update", "revise"):
            note(f"{operation} {module}", told(program, "POST", operation, element=element))
        for own in ours.values():
            for pair in ((wire_id, own), (own, wire_id)):
                given = dict(zip(("sourceRecordId", "relatedRecordId"), pair, strict=True))
                answer = told(program, "POST", "add_related", **given)
                note(f"add {module} {pair.index(own)} {own}", answer)
    company, person = ids["Accounts"], ids["Contacts"]
    refers = {"lastname": "Ким", "account_id": company, "assigned_user_id": owner}
    given = {"elementType": "Contacts", "element": json.dumps(refers)}
    note("create", told(program, "POST", "create", **given))
    for nth, names in enumerate(((person, ours["Accounts"]), (ours["Contacts"], company))):
        given = dict(zip(("contactid", "offenderid"), names, strict=True))
        note(f"project {nth}", told(program, "POST", "CreateProject", **given))
    for text in (f"id = '{person}'", f"account_id = '{company}'", "lastname like '%тайн%'"):
        query = f"select count(*) from Contacts where {text};"
        note(text.partition("'")[0], told(program, "GET", "query", query=query))
    return found


def filled(program: Program) -> dict[str, str]:
    """A record of each module → its id; a document has a file and stands beside the person."""
    company = program.create("Accounts", accountname="Тайна", inn="7707083893")["id"]
    person = program.create(
        "Contacts", lastname="Тайный", mobile="+79990000051", account_id=company
    )["id"]
    project = program.create("Project", projectname="Тайное", linktoaccountscontacts=person)["id"]
    element = {"assigned_user_id": f"19x{program.user.id}", "notes_title": "Тайный"}
    said = {
        **{"operation": "create", "sessionName": program.session},
        **{"elementType": "Documents", "element": json.dumps(element)},
    }
    made = program.send("POST", said, files={"f": ("a.pdf", pdf())}).json()["result"]["id"]
    program.post("add_related", sourceRecordId=person, relatedRecordId=made)
    return {"Accounts": company, "Contacts": person, "Project": project, "Documents": made}


def test_what_is_anothers_is_not_there(app: WebApp, program: Program) -> None:
    other = new_program(app).log_in()
    theirs, ours = filled(other), filled(program)
    before = other.get("sync", modifiedTime="0")["updated"]
    nobodys = {module: f"{it.partition('x')[0]}x{NOBODY}" for module, it in theirs.items()}
    assert asked(program, theirs, ours) == asked(program, nobodys, ours)
    assert other.get("sync", modifiedTime="0")["updated"] == before
    seen = json.dumps(program.get("sync", modifiedTime="0"))
    assert not [one for one in theirs.values() if f'"{one}"' in seen]
    # Whom another registry knows by the same phone is somebody else here.
    again = {"firstname": "Анна", "lastname": "Новая", "birthday": "1990-01-01"}
    new = program.post("CreateContact", **again, mobile="89990000051", inn="500100732259")
    assert f"12x{new}" == ours["Contacts"]
    assert other.get("retrieve", id=theirs["Contacts"])["lastname"] == "Тайный"
