"""People, companies, projects and files, at a registry of Uzel's; and answers of others."""

from typing import Any

import pytest

from registry_room import Program
from uzel.connectors.vtiger import examples
from uzel.connectors.vtiger.own import is_safe
from uzel.errors import ContractBroken, Rejected


def test_whoever_is_known_is_the_same_again(crm: Any, program: Program) -> None:
    person = {**examples.CONTACT, "mobile": "8 999 000-72-01", "email": "a@example.com"}
    first = crm.run("create_contact", **person)
    other = {"email": "b@example.com", "mobile": "+79990007201"}
    again = crm.run("create_contact", **{**person, **other})
    assert first.reference == again.reference
    kept = program.get("retrieve", id=f"12x{first.reference}")
    assert (kept["email"], kept["mobile"]) == ("b@example.com", "+79990007201")
    company = crm.run("create_account", **examples.ACCOUNT)
    assert company.reference == str(examples.COMPANY)


def test_a_project_names_both(crm: Any, program: Program) -> None:
    made = crm.run("create_project", **examples.PROJECT, after=0)
    kept = program.get("retrieve", id=f"{project_prefix(program)}x{made.reference}")
    assert kept["linktoaccountscontacts"] == f"12x{examples.PERSON}"
    assert kept["cf_project_offender"] == f"11x{examples.COMPANY}"
    assert (kept["startdate"], kept["targetenddate"]) == ("2026-07-20", "2026-08-31")


def project_prefix(program: Program) -> str:
    found: str = program.get("describe", elementType="Project")["idPrefix"]
    return found


def test_whom_there_is_not_is_refused(crm: Any) -> None:
    with pytest.raises(Rejected) as caught:
        crm.run("create_project", contactid=examples.COMPANY, offenderid=examples.COMPANY, after=0)
    assert caught.value.code == "REFERENCE_INVALID"


def test_files_of_nobody(crm: Any) -> None:
    answer = crm.run("get_files_list", inn=examples.INN, sms="0000")
    assert answer.data["status"] == "failed"
    assert answer.data["files"] == []
    assert crm.run("get_files_list", inn=examples.INN, sms=examples.CODE).data["status"] == "ok"


def test_words_with_spaces_around(client: Any, provider: Any) -> None:
    provider.gives({"status": " failed", "message": " Клиент не найден"})
    provider.gives({"status": "OK ", "files": [{"title": " договор ", "path": PATHS[0]}]})
    failed = client.run("get_files_list", inn="643922466250", sms="795372")
    assert failed.data == {"status": "failed", "message": "Клиент не найден", "files": []}
    found = client.run("get_files_list", inn="643922466250", sms="795372")
    files = [{"title": "договор", "path": PATHS[0]}]
    assert found.data == {"status": "ok", "files": files, "unsafe": 0}


PATHS = ("storage/2023/December/week4/9e84c3f86209302799f46d0136e93ab6.pdf", "storage/a.PDF")
UNSAFE = (
    *("/etc/passwd.pdf", "storage/../config.inc.pdf", "storage/a.php", "storagex/a.pdf", ""),
    *("storage/a/../../b.pdf", "storage//a.pdf", "storage/./a.pdf", "storage/a\\..\\b.pdf"),
    *(
        "storage/a\n.pdf",
        "storage/a.pdf\0",
        "http://storage/a.pdf",
        "storage/" + "a" * 500 + ".pdf",
    ),
)


def test_paths_that_lead_elsewhere_are_left_out(client: Any, provider: Any) -> None:
    given = [*PATHS, *UNSAFE, None, 5]
    provider.gives({"status": "ok", "files": [*({"title": "т", "path": it} for it in given), "x"]})
    answer = client.run("get_files_list", inn="643922466250", sms="795372")
    assert [file["path"] for file in answer.data["files"]] == list(PATHS)
    assert answer.data["unsafe"] == len(UNSAFE) + 3
    assert not any(map(is_safe, UNSAFE))


@pytest.mark.parametrize("result", [None, [], "ok", {"status": "ok"}, {"status": "?", "files": []}])
def test_neither_files_nor_a_refusal(client: Any, provider: Any, result: Any) -> None:
    provider.gives(result)
    with pytest.raises(ContractBroken):
        client.run("get_files_list", inn="643922466250", sms="795372")
