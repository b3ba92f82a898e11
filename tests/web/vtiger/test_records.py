"""Records as programs of vtiger make, read, change and delete them."""

import json

import pytest

from registry_room import Program, new_program
from running_web import WebApp
from uzel.kit.card_numbers import find

DENIED = ("ACCESS_DENIED", "Permission to perform the operation is denied")
DENIED_ID = ("ACCESS_DENIED", "Permission to perform the operation is denied for id")
WRONG_ID = ("INVALID_ID_ATTRIBUTE", "Id specified is incorrect")


def element(program: Program, **fields: object) -> str:
    return json.dumps({"assigned_user_id": f"19x{program.user.id}", **fields})


def test_modules_and_their_fields(program: Program) -> None:
    found = program.get("listtypes")
    assert {"Accounts", "Contacts", "Documents", "Project", "Users"} <= set(found["types"])
    assert found["information"]["Accounts"] == {
        "isEntity": True,
        "label": "Organizations",
        "singular": "Organization",
    }
    dated = program.get("listtypes", fieldTypeList=json.dumps(["currency"]))
    assert "Project" in dated["types"]
    assert "Contacts" not in dated["types"]
    for name in found["types"]:
        module = program.get("describe", elementType=name)
        assert module["name"] == name
        assert isinstance(module["idPrefix"], str)
        assert {"name", "label", "mandatory", "type", "nullable", "editable", "default"} <= set(
            module["fields"][0]
        )
    contacts = program.get("describe", elementType="Contacts")
    kinds = {one["name"]: one["type"] for one in contacts["fields"]}
    assert kinds["account_id"] == {"name": "reference", "refersTo": ["Accounts"]}
    assert kinds["birthday"]["name"] == "date"
    mandatory = [one["name"] for one in contacts["fields"] if one["mandatory"]]
    assert mandatory == ["lastname", "assigned_user_id"]


def test_a_record_is_made_read_changed_and_deleted(program: Program) -> None:
    made = program.create("Contacts", lastname="Ким", mobile="8 (999) 000-00-01", donotcall=True)
    assert made["id"].startswith("12x")
    assert made["label"] == "Ким"
    assert (made["mobile"], made["donotcall"], made["email"]) == ("8 (999) 000-00-01", "1", "")
    assert made["assigned_user_id"] == f"19x{program.user.id}"
    assert made["contact_no"] == f"CON{made['id'][3:]}"
    assert program.get("retrieve", id=made["id"]) == made
    revised = program.post("revise", element=json.dumps({"id": made["id"], "firstname": "Ольга"}))
    assert (revised["firstname"], revised["mobile"]) == ("Ольга", "8 (999) 000-00-01")
    whole = element(program, id=made["id"], lastname="Цой")
    updated = program.post("update", element=whole)
    # What an update does not say is emptied.
    assert (updated["lastname"], updated["firstname"], updated["mobile"]) == ("Цой", "", "")
    assert program.post("delete", id=made["id"]) == {"status": "successful"}
    assert program.refusal("GET", "retrieve", id=made["id"]) == DENIED
    assert program.refusal("POST", "delete", id=made["id"]) == DENIED


def test_what_is_looked_at_and_in_which_order(program: Program) -> None:
    def refusal(module: str, element: str) -> tuple[str, str]:
        return program.refusal("POST", "create", elementType=module, element=element)

    owner = f'"assigned_user_id": "19x{program.user.id}"'
    missing = ("MANDATORY_FIELDS_MISSING", "lastname does not have a value")
    for broken in ("{", "[]", "", "null", '"x"', '{"lastname": "  "}'):
        assert refusal("Contacts", broken) == missing
    assert refusal("Contacts", '{"lastname": "Ким"}')[1] == "assigned_user_id does not have a value"
    assert refusal("Foo", "{}") == (DENIED[0], f"{DENIED[1]} for name : Foo")
    assert refusal("Users", "{}") == DENIED
    # A reference is looked at before what is mandatory.
    wrong = ("REFERENCE_INVALID", "Invalid reference specified for account_id")
    assert refusal("Contacts", '{"account_id": "11x999999999"}') == wrong
    person = program.create("Contacts", lastname="Ким")["id"]
    assert refusal("Contacts", f'{{"account_id": "{person}"}}') == wrong
    assert refusal("Contacts", f'{{"lastname": "Ким", {owner}, "account_id": "x"}}') == WRONG_ID
    assert refusal("Contacts", '{"lastname": "Ким", "assigned_user_id": "19x999999"}') == (
        "REFERENCE_INVALID",
        "Invalid reference specified for assigned_user_id",
    )
    for field, value in (("birthday", {}), ("donotcall", "perhaps")):
        told = refusal(
            "Contacts", f'{{"lastname": "Ким", {owner}, "{field}": {json.dumps(value)}}}'
        )
        assert told[1].startswith(f"{field}: ")


@pytest.mark.parametrize("wire_id", ["", "12", "x", "axb", "12x", "x5", "99x1", "12x-1", "12x1x1"])
def test_ids_that_are_none(program: Program, wire_id: str) -> None:
    assert program.refusal("GET", "retrieve", id=wire_id) == DENIED_ID
    assert program.refusal("POST", "revise", element=json.dumps({"id": wire_id})) == DENIED_ID


def test_ids_of_others(app: WebApp, program: Program) -> None:
    other = new_program(app).log_in()
    made = other.create("Contacts", lastname="Ким")["id"]
    assert program.refusal("GET", "retrieve", id=made) == DENIED
    assert program.refusal("POST", "delete", id=made) == DENIED
    assert program.refusal("POST", "revise", element=json.dumps({"id": made})) == DENIED
    assert other.refusal("GET", "retrieve", id=made.replace("12x", "11x")) == WRONG_ID
    assert program.refusal("GET", "retrieve", id=f"19x{other.user.id}") == DENIED


def test_one_person_for_a_phone_and_one_company_for_an_inn(program: Program) -> None:
    made = program.create("Contacts", lastname="Ким", mobile="+7 999 000-00-01")["id"]
    owner = element(program, lastname="Цой", mobile="89990000001")
    code, message = program.refusal("POST", "create", elementType="Contacts", element=owner)
    assert code == "DUPLICATE_RECORDS_FOUND"
    assert message == f"mobile belongs to {made} already"
    program.create("Accounts", accountname="Бобры", inn="7707083893")
    again = element(program, accountname="Другие", inn="7707083893")
    assert program.refusal("POST", "create", elementType="Accounts", element=again)[1].startswith(
        "inn belongs to 11x"
    )
    # Who was deleted gives the phone back.
    program.post("delete", id=made)
    assert program.create("Contacts", lastname="Цой", mobile="89990000001")["lastname"] == "Цой"


def test_a_number_that_is_none_is_not_taken_for_nothing(program: Program) -> None:
    made = program.create("Accounts", accountname="Бобры", annual_revenue="10.00")["id"]
    huge = f'{{"id": "{made}", "annual_revenue": {"9" * 400}}}'
    for written in (huge, huge.replace("9" * 400, "1e400")):
        told = program.refusal("POST", "revise", element=written)
        assert told[1].startswith("annual_revenue: ")
    assert program.get("retrieve", id=made)["annual_revenue"] == "10.00"
    written = f'{{"id": "{made}", "annual_revenue": 12345.67, "employees": 7}}'
    assert program.post("revise", element=written)["annual_revenue"] == "12345.67"


def test_users_are_read_without_their_keys(program: Program) -> None:
    found = program.get("retrieve", id=f"19x{program.user.id}")
    assert found["user_name"] == program.user.login
    assert program.user.access_key not in json.dumps(found)


def test_cards_are_not_kept_in_any_field(program: Program) -> None:
    written = "на 4276 9900 0000 0000, жду"
    card = next(
        text for last in "0123456789" if find(text := written.replace("0000,", f"000{last},"))
    )
    made = program.create("Contacts", lastname="Ким", cf_contacts_requisites=card)
    assert made["cf_contacts_requisites"] == card.replace("9900 0000", "99•• ••••")


def test_a_date_that_cannot_be_read_takes_nothing_away(program: Program) -> None:
    made = program.create("Contacts", lastname="Ким", birthday="1980-01-02")
    for operation, more in (("revise", {}), ("update", {"lastname": "Ким"})):
        element = {"id": made["id"], "birthday": "99.99.9999", **more}
        if operation == "update":
            element["assigned_user_id"] = made["assigned_user_id"]
        found = program.post(operation, element=json.dumps(element))
        assert found["birthday"] == "1980-01-02", operation
    emptied = {"id": made["id"], "birthday": ""}
    assert program.post("revise", element=json.dumps(emptied))["birthday"] == ""
