"""Records and questions, at a registry of Uzel's; pages of a server that hides some."""

import json
from typing import Any

import pytest

from registry_room import Program
from uzel.connectors.vtiger import examples
from uzel.errors import ContractBroken, Rejected


def made(crm: Any, **fields: Any) -> str:
    answer = crm.run("create", module="Contacts", element=fields, after=0)
    assert answer.reference is not None
    found: str = answer.reference
    return found


def test_the_life_of_a_record(crm: Any) -> None:
    number = made(crm, lastname="Жизнев", firstname="Ж", mobile="+79990007301")
    record = crm.run("retrieve", id=number).data["record"]
    assert record["assigned_user_id"] == f"19x{examples.USER}"
    crm.run("revise", element={"id": number, "firstname": "Жан"})
    assert crm.run("retrieve", id=number).data["record"]["mobile"] == "+79990007301"
    whole = {"id": number, "lastname": "Жизнев", "assigned_user_id": record["assigned_user_id"]}
    assert crm.run("update", element=whole).data["record"]["mobile"] == ""
    assert crm.run("delete", id=number).data == {"was_there": True}
    assert crm.run("delete", id=number).data == {"was_there": False}
    with pytest.raises(Rejected) as caught:
        crm.run("retrieve", id=number)
    assert caught.value.code == "ACCESS_DENIED"


def test_what_may_not_be_deleted_but_is_seen_is_refused(client: Any, provider: Any) -> None:
    provider.refuses("ACCESS_DENIED")
    provider.gives({"id": "12x5"})
    with pytest.raises(Rejected):
        client.run("delete", id="12x5")


def test_all_records_are_found_page_by_page(crm: Any, program: Program) -> None:
    for nth in range(103):
        program.create("Contacts", lastname="Многих", firstname=f"№{nth}")
    answer = crm.run("query", query="select firstname from Contacts where lastname = 'Многих';")
    assert len({record["id"] for record in answer.data["records"]}) == 103
    assert answer.data["complete"]
    few = crm.run("query", query="SELECT id FROM Contacts WHERE lastname='Многих' LIMIT 5")
    assert len(few.data["records"]) == 5
    counted = crm.run("query", query="SELECT count(*) FROM Contacts WHERE lastname = 'Многих'")
    assert counted.data["records"] == [{"count": "103"}]


def test_a_page_that_is_not_full_is_not_the_last(client: Any, provider: Any) -> None:
    for page in ([{"id": "12x1"}], [{"id": "12x200"}, {"id": "12x201"}], []):
        provider.gives(page)
    answer = client.run("query", query="SELECT * FROM Contacts WHERE lastname = 'limit order by'")
    assert [it["id"] for it in answer.data["records"]] == ["12x1", "12x200", "12x201"]
    ends = [query["query"].rpartition(" ORDER")[2] for _, _, query, _ in provider.asked]
    assert ends == [f" BY id LIMIT {offset},100;" for offset in (0, 100, 200)]


def test_an_order_of_ones_own_stays(client: Any, provider: Any) -> None:
    provider.gives([])
    client.run("query", query="SELECT * FROM Contacts ORDER BY lastname DESC")
    assert provider.asked[0][2]["query"].endswith("ORDER BY lastname DESC LIMIT 0,100;")


@pytest.mark.parametrize("query", ["", " ; ", None, 5, "SELECT " + "x" * 6000])
def test_what_is_no_question_is_not_asked(client: Any, provider: Any, query: Any) -> None:
    with pytest.raises(Rejected):
        client.run("query", query=query)
    assert provider.asked == []


def test_what_changed(crm: Any) -> None:
    number = made(crm, lastname="Новая", firstname="Н")
    answer = crm.run("sync", module="Contacts", since=0)
    assert number in {record["id"] for record in answer.data["updated"]} or answer.data["more"]
    crm.run("delete", id=number)
    with pytest.raises(Rejected):
        crm.run("sync", module="Contacts", since=-1)


@pytest.mark.parametrize("result", [None, [], {}, {"updated": [], "deleted": None}])
def test_no_lists_of_changes(client: Any, provider: Any, result: Any) -> None:
    provider.gives(result)
    with pytest.raises(ContractBroken):
        client.run("sync", module="Contacts", since=0)


def test_values_as_vtiger_has_them(client: Any, provider: Any) -> None:
    provider.gives({"id": "12x9"})
    element = {"lastname": "О", "donotcall": True, "x": ["a", "b"], "n": 5, "empty": None}
    client.run("create", module="Contacts", element=element, after=0)
    sent = json.loads(provider.asked[0][3]["element"])
    assert sent == {
        "lastname": "О", "donotcall": "1", "x": "a |##| b", "n": "5", "empty": "",
        "assigned_user_id": "19x7001",
    }  # fmt: skip


@pytest.mark.parametrize("module", ["", None, "Contacts;", "a b", "1x", "x" * 65])
def test_what_is_no_module_is_not_asked_for(client: Any, provider: Any, module: Any) -> None:
    with pytest.raises(Rejected):
        client.run("describe", module=module)
    assert provider.asked == []


def test_a_module_is_described(crm: Any) -> None:
    data = crm.run("describe", module="Contacts").data
    assert data["idPrefix"] == "12"
    assert "lastname" in {field["name"] for field in data["fields"]}


def test_modules_that_are_missing_are_told(client: Any, provider: Any) -> None:
    provider.gives({"types": ["Contacts", "Leads"]})
    data = client.run("listtypes").data
    assert "Accounts, Project" in data["missing"]
