"""`uzel claim` as it is typed, from the first word to the payout."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from sample_data import MASTER_KEY
from uzel.connections import manage
from uzel.kit.database import open_pool
from uzel.kit.secrets import KeyRing, decode_key
from uzel.people.store import save_person

Command = Callable[..., tuple[int, str, str]]
CARD = "2200770212727079"
PHONE = ("--phone", "+7 999 000-00-01", "--bank", "сбер")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def told(run: tuple[int, str, str]) -> Any:
    """What a command with --json says."""
    status, out, err = run
    assert status == 0, err
    return json.loads(out)


def refusal(run: tuple[int, str, str]) -> str:
    """What a command says that does nothing."""
    status, out, err = run
    assert (status, out) == (1, ""), out
    return err


@pytest.fixture(scope="module")
def with_people(shared_dsn: str) -> str:
    """A database with a connection to pay through, and people who may approve, or not."""

    async def work() -> None:
        pool = await open_pool(shared_dsn, size=1, name="test")
        ring = KeyRing([decode_key(MASTER_KEY)])
        async with pool.acquire() as connection, connection.transaction():
            await manage.add(connection, ring, "konsol", "main", {"token": "t"}, rate_per_s=1)
            for login, role in (("vera", "approver"), ("boris", "admin"), ("oleg", "operator")):
                await save_person(connection, login, "x", role)
        await pool.close()

    asyncio.run(work())
    return shared_dsn


@pytest.fixture
def claim(
    with_people: str, installation: Callable[[str], None], command: Command
) -> Iterator[Command]:
    """`claim(*words)`, where nobody has set limits."""
    installation(with_people)
    yield lambda *words: command("claim", *words)
    asyncio.run(_execute(with_people, "delete from payout_rules"))


@pytest.fixture
def payout(claim: Command, command: Command) -> Command:
    """`payout(*words)`."""
    return lambda *words: command("payout", *words)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


def add(claim: Command, *words: str, amount: str = "1000.50", target: Any = PHONE) -> Any:
    named = ("--name", "Иванова Анна", "--purpose", "Приз", "--by", "oleg", "--json")
    return told(claim("add", amount, *named, *target, *words))


def test_a_claim_from_the_first_word_to_the_payout(
    claim: Command, payout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CARD}\n"))
    made = add(claim, target=("--card",))
    assert (made["state"], made["to"], made["made_by"]) == (
        "draft",
        "220077••••••7079",
        "command:oleg",
    )
    number = str(made["claim"])
    assert told(claim("edit", number, "--amount", "900", "--by", "oleg", "--json"))["version"] == 3
    told(claim("submit", number, "--by", "oleg", "--json"))
    told(payout("limits", "--person-day", "1000", "--json"))
    seen = told(claim("approve", number, "--dry-run", "--by", "vera", "--json"))
    assert (seen["would_be"], seen["state"], seen["approvals"]) == ("paying", "submitted", "1 of 1")
    assert seen["left_today"] == {"person": "100.00"}
    assert "left_today\tperson 100.00" in claim("approve", number, "--dry-run", "--by", "vera")[1]
    assert "say with --version" in refusal(claim("approve", number, "--by", "vera"))
    assert "changed" in refusal(claim("approve", number, "--version", "1", "--by", "vera"))
    words = ("approve", number, "--version", str(seen["version"]))
    done = told(claim(*words, "--by", "vera", "--json"))
    assert (done["state"], done["payout"][:3]) == ("paying", "po_")
    assert "state" in refusal(claim(*words, "--by", "boris"))
    shown = told(claim("show", number, "--json"))
    assert [step["act"] for step in shown["steps"]] == [
        *("made", "edited", "submitted", "approved", "paying")
    ]
    assert shown["approvals"] == ["vera"]
    for printed in (claim("show", number), claim("list"), payout("list")):
        assert CARD not in printed[1]


def test_who_may_not_is_told_why(claim: Command) -> None:
    number = str(add(claim, "--submit")["claim"])
    words = (number, "--version", "2")
    assert "no_approver" in refusal(claim("approve", *words, "--by", "oleg"))
    assert "no_approver" in refusal(claim("approve", *words))
    assert "uzel user add nobody --role operator" in refusal(
        claim("approve", *words, "--by", "nobody")
    )
    told(claim("edit", number, "--purpose", "Приз 2", "--by", "boris", "--json"))
    assert "same_person" in refusal(claim("reject", number, "why", "--by", "boris"))
    done = told(claim("reject", number, "чек не тот", "--by", "vera", "--json"))
    assert (done["state"], done["reason"]) == ("rejected", "чек не тот")
    assert "claim 99" in refusal(claim("submit", "99"))
    assert "there is no claim 99" in refusal(claim("show", "99"))


def test_the_same_number_is_the_same_claim(claim: Command) -> None:
    first = add(claim, "--external-id", "order-1", "--submit")
    again = add(claim, "--external-id", "order-1", "--submit")
    assert first == again
    words = ("add", "999", "--external-id", "order-1", "--name", "Иванова Анна", *PHONE)
    assert "external_id_reused" in refusal(claim(*words, "--purpose", "Приз"))


def test_two_people_above_an_amount(claim: Command) -> None:
    assert told(claim("rules", "--json")) == {"two_above": None, "currency": "RUB"}
    told(claim("rules", "--two-above", "1000", "--json"))
    assert claim("rules")[1].startswith("two_above\t1000.00")
    number = str(add(claim, "--submit")["claim"])
    words = ("approve", number, "--version", "2", "--json")
    assert told(claim(*words, "--by", "vera"))["state"] == "submitted"
    assert "voted" in refusal(claim(*words, "--by", "vera"))
    assert told(claim(*words, "--by", "boris"))["state"] == "paying"


def test_what_a_limit_holds_back_is_paid_later(claim: Command, payout: Command) -> None:
    told(payout("limits", "--payout", "500", "--json"))
    number = str(add(claim, "--submit")["claim"])
    words = ("approve", number, "--version", "2", "--by", "vera", "--json")
    assert told(claim(*words, "--dry-run"))["held_code"] == "limit_payout"
    assert told(claim(*words))["state"] == "approved"
    told(payout("limits", "--payout", "none", "--json"))
    assert told(claim("pay", number, "--by", "oleg", "--json"))["state"] == "paying"


def test_what_is_said_and_kept_with_it(claim: Command, tmp_path: Path) -> None:
    picture = tmp_path / "чек.png"
    picture.write_bytes(PNG)
    number = str(add(claim)["claim"])
    told(claim("say", number, f"карта {CARD}?", "--by", "vera", "--json"))
    told(claim("attach", number, str(picture), "--json"))
    shown = told(claim("show", number, "--json"))
    assert shown["messages"][0]["text"] == "карта 220077******7079?"
    assert shown["files"][0]["name"] == "чек.png"
    assert "files:\nid\tat\t" in claim("show", number)[1]
    picture.write_bytes(b"<html>")
    assert "file_type" in refusal(claim("attach", number, str(picture)))
    assert "No such file" in refusal(claim("attach", number, str(tmp_path / "none")))


def test_taken_back_and_listed(claim: Command) -> None:
    number = str(add(claim)["claim"])
    assert told(claim("cancel", number, "--json"))["state"] == "cancelled"
    add(claim, "--submit")
    head, *rows = claim("list")[1].splitlines()
    assert head.split("\t")[:3] == ["claim", "state", "amount"]
    assert [row.split("\t")[1] for row in rows[:2]] == ["submitted", "cancelled"]
    (found,) = told(claim("list", "--state", "cancelled", "--json"))
    assert str(found["claim"]) == number
    assert claim("list", "--claimant", "telegram:1") == (0, "no claims\n", "")


def test_what_is_wrong_is_named(claim: Command) -> None:
    named = ("--name", "Иванова Анна")
    for words, said in (
        (
            ("1", *named, *PHONE, "--purpose", f"на {CARD}"),
            "purpose: card_number: a card's number may",
        ),
        (("x", *named, *PHONE, "--purpose", "Приз"), "amount: amount_unreadable"),
        (("1", *named, "--phone", "1", "--purpose", "Приз"), "phone: "),
        (
            ("1", "--name", "Анна", "--purpose", "Приз"),
            "name: missing: last and first name are needed",
        ),
    ):
        err = refusal(claim("add", *words))
        assert said in err and CARD not in err
    err = refusal(claim("submit", str(told(claim("add", "1", "--json"))["claim"])))
    assert "incomplete" in err and "[" not in err
