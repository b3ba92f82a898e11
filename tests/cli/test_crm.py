"""`uzel crm` as it is typed."""

import io
import json
import shlex
from collections.abc import Callable

import pytest

from markdown_pages import blocks, read
from parts import Sandbox
from registry_room import Program
from uzel.connectors.vtiger import examples

Command = Callable[..., tuple[int, str, str]]
WORDS = [f"{name}={value}" for name, value in examples.CONTACT.items()]


@pytest.fixture
def crm(uzel: Command, sandbox: Sandbox, program: Program) -> Command:
    """A command on an installation with a CRM."""
    given = {"login": examples.LOGIN, "access_key": examples.ACCESS_KEY}
    words = [f"--set={name}={value}" for name, value in given.items()]
    status, _, err = uzel(
        "connection", "add", "vtiger", f"--set=base_url={sandbox.url}/vtiger", *words
    )
    assert status == 0, err
    return uzel


def test_what_the_account_sees(crm: Command) -> None:
    status, out, _ = crm("crm", "test")
    assert (status, out.startswith("sandbox-vtiger sees: ")) == (0, True)
    told = json.loads(crm("crm", "test", "--json")[1])
    assert {"Contacts", "Accounts", "Project"} <= set(told["modules"])


def test_a_module(crm: Command) -> None:
    out = crm("crm", "describe", "Contacts")[1].splitlines()
    assert out[:2] == ["Contacts, ids begin with 12x", "field\tlabel\tkind\tmandatory"]
    assert any(line.startswith("lastname\t") and line.endswith("\tyes") for line in out)
    status, _, err = crm("crm", "describe", "Nonsense")
    assert status == 1
    assert "ACCESS_DENIED" in err


def test_a_person_and_a_project(crm: Command) -> None:
    status, out, _ = crm("crm", "contact", *WORDS)
    assert status == 0
    assert f"record {examples.PERSON}" in out
    who = [f"contactid={examples.PERSON}", f"offenderid={examples.COMPANY}", "subject=Команда"]
    first = json.loads(crm("crm", "project", *who, "--key", "p-1", "--json")[1])
    status, out, _ = crm("crm", "project", *who, "--key", "p-1")
    assert f"record {first['number']}; the outcome of the first time" in out
    assert crm("crm", "query", "SELECT id FROM Project WHERE projectname = 'Команда'")[1].count(
        f"x{first['number']}"
    ) == 1  # fmt: skip


def test_a_doubt_is_pointed_out(crm: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    company = {**examples.ACCOUNT, "inn": "1234567899"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(company)))
    status, out, _ = crm("crm", "account", "-")
    assert status == 0
    assert "mind: inn does not hold (inn_checksum)" in out


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_object(crm: Command, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    status, out, err = crm("crm", "account", "-")
    assert (status, out) == (1, "")
    assert "JSON" in err


@pytest.mark.parametrize("words", [("lastname",), ("=x",), ("surname=О",)])
def test_what_is_no_field(crm: Command, words: tuple[str, ...]) -> None:
    status, out, err = crm("crm", "contact", *words)
    assert (status, out) == (1, "")
    assert words[0].partition("=")[0] in err


def test_what_is_missing_is_refused(crm: Command) -> None:
    status, out, _ = crm("crm", "contact", "lastname=О")
    assert status == 1
    assert out.startswith("rejected: ")


def test_what_nobody_knows(crm: Command, sandbox: Sandbox) -> None:
    sandbox.arm_at("vtiger", "create_project", "500")
    who = (f"contactid={examples.PERSON}", f"offenderid={examples.COMPANY}")
    status, out, _ = crm("crm", "project", *who, "--wait", "0")
    assert status == 3
    assert out.startswith("unknown: ")


def test_files(crm: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{examples.CODE}\n"))
    assert crm("crm", "files", examples.INN, "-") == (0, "", "")
    status, out, _ = crm("crm", "files", examples.INN, "0000", "--json")
    assert (status, json.loads(out)["found"]) == (1, False)


def test_the_key_is_shown_nowhere(crm: Command, sandbox: Sandbox) -> None:
    said = [text for words in (("test",), ("contact", *WORDS)) for text in crm("crm", *words)[1:]]
    journal = sandbox.http.get("/_journal", params={"connector": "vtiger"}).text
    assert not any(examples.ACCESS_KEY in text for text in (*said, journal))


def test_the_commands_of_the_page_are_understood(
    crm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1234\n"))
    (_, block, _) = blocks(read("docs/how-to/vtiger-client.md"), "sh")
    lines = block.replace("\\\n", " ").splitlines()
    assert len(lines) == 6
    # Numbers of records are those of another CRM.
    refused = {"project": "rejected", "files": "не найден"}
    for line in lines:
        words = shlex.split(line)[1:]
        status, out, err = crm(*words)
        assert (status != 0) == (words[1] in refused), (line, out, err)
        assert refused.get(words[1], "") in out
