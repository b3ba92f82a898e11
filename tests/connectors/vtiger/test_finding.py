"""An answer that was lost: what was made is found again, at a registry of Uzel's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_room import Program
from uzel.connectors.vtiger import examples, finding
from uzel.errors import OutcomeUnknown

LOST = ("reset", "garbage")


def newest(program: Program, module: str) -> int:
    found = program.get("query", query=f"SELECT id FROM {module} ORDER BY id DESC LIMIT 1;")
    return int(found[0]["id"].partition("x")[2]) if found else 0


def lost(crm: Any, faults: Any, kind: str, operation: str, **arguments: Any) -> None:
    faults.add(operation, kind)
    with pytest.raises(OutcomeUnknown):
        crm.run(operation, **arguments)


@pytest.mark.parametrize("kind", LOST)
def test_a_project_is_found_by_whom_it_names(
    crm: Any, faults: Any, program: Program, kind: str
) -> None:
    subject = f"Курс {kind}"
    arguments = {**examples.PROJECT, "subject": subject, "after": newest(program, "Project")}
    lost(crm, faults, kind, "create_project", **arguments)
    found = crm.look_up("create_project", **{**arguments, "sms": 17})
    (kept,) = program.get("query", query=f"SELECT * FROM Project WHERE projectname = '{subject}';")
    assert found is not None
    assert kept["id"].endswith(f"x{found.reference}")


def test_a_project_that_was_not_made_is_not_found(crm: Any, faults: Any, program: Program) -> None:
    arguments = {**examples.PROJECT, "subject": "Нет", "after": newest(program, "Project")}
    lost(crm, faults, "500", "create_project", **arguments)
    assert crm.look_up("create_project", **arguments) is None


def test_of_several_the_one_that_fits_best(crm: Any, program: Program) -> None:
    after = newest(program, "Project")
    asked = {**examples.PROJECT, "after": after, "startdate": "2026-01-01"}
    crm.run("create_project", **asked, hotel="Гостиница А")
    mine = crm.run("create_project", **asked, hotel="Гостиница Б")
    found = crm.look_up("create_project", **asked, hotel="Гостиница Б")
    assert found is not None
    assert found.reference == mine.reference
    with pytest.raises(OutcomeUnknown, match="несколько"):
        crm.look_up("create_project", **asked, hotel="Гостиница В")
    assert crm.look_up("create_project", **{**asked, "startdate": "2026-01-02"}) is None


def test_older_projects_are_nobodys_answer(crm: Any, program: Program) -> None:
    asked = {**examples.PROJECT, "subject": "Старый"}
    crm.run("create_project", **asked, after=0)
    assert crm.look_up("create_project", **asked, after=newest(program, "Project")) is None


@pytest.mark.parametrize("kind", LOST)
def test_a_record_is_found_by_all_that_was_sent(
    crm: Any, faults: Any, program: Program, kind: str
) -> None:
    phone = f"+7 999 000 75 0{LOST.index(kind)}"
    element = {"lastname": "Потерянцев", "firstname": kind, "mobile": phone}
    arguments = {"module": "Contacts", "element": element, "after": newest(program, "Contacts")}
    lost(crm, faults, kind, "create", **arguments)
    found = crm.look_up("create", **arguments)
    assert found is not None
    assert program.get("retrieve", id=found.reference)["firstname"] == kind
    other = {**arguments, "element": {**element, "firstname": "Другой"}}
    assert crm.look_up("create", **other) is None


def test_two_that_are_alike_are_for_a_person(crm: Any, program: Program) -> None:
    element = {"lastname": "Двойников", "firstname": "Д"}
    arguments = {"module": "Contacts", "element": element, "after": newest(program, "Contacts")}
    for _ in range(2):
        crm.run("create", **arguments)
    with pytest.raises(OutcomeUnknown) as caught:
        crm.look_up("create", **arguments)
    assert caught.value.code == "several"


def test_a_form_is_found_by_files_or_by_phone(crm: Any, faults: Any, program: Program) -> None:
    fields = {"lastname": "Формин", "mobile": "+79990007601", "code": "7601"}
    fields["cf_contacts_inn"] = "7707083893"
    arguments = {"fields": fields, "after": newest(program, "Contacts")}
    lost(crm, faults, "reset", "capture", **arguments)
    assert crm.look_up("capture", **arguments, inn="7707083893", sms="7601") is not None
    by_phone = crm.look_up("capture", **arguments)
    assert by_phone is not None
    assert program.get("retrieve", id=by_phone.reference)["lastname"] == "Формин"
    never = {"fields": {**fields, "mobile": "+79990007602"}, "after": arguments["after"]}
    assert crm.look_up("capture", **never, inn="7707083893", sms="0000") is None


def test_where_too_much_is_newer_nobody_looks_for_ever(client: Any, provider: Any) -> None:
    provider.gives([{"id": f"12x{number}"} for number in range(1000, 1100)])
    arguments = {"module": "Contacts", "element": {"lastname": "О"}, "after": 5}
    with pytest.raises(OutcomeUnknown, match="слишком много"):
        client.look_up("create", **arguments)
    assert len(provider.asked) == finding.MOST_PAGES


TEXTS = st.text(max_size=12)


@given(st.dictionaries(TEXTS, TEXTS, max_size=6), st.dictionaries(TEXTS, TEXTS, max_size=6))
def test_who_does_not_name_the_person_is_another(
    record: dict[str, str], sent: dict[str, str]
) -> None:
    told = {**sent, "contactid": "83834", "offenderid": "84675"}
    bare = {name: text for name, text in record.items() if "83834" not in text}
    assert finding.fit(bare, told) == 0
