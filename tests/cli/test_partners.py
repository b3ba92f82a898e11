"""`uzel partner` as it is typed."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from uzel.kit.secrets import fingerprint

Command = Callable[..., tuple[int, str, str]]


def told(run: tuple[int, str, str]) -> Any:
    """What a command with --json says."""
    status, out, err = run
    assert status == 0, err
    return json.loads(out)


def asked(dsn: str, question: str, *arguments: object) -> Any:
    async def work() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(question, *arguments)
        finally:
            await connection.close()

    return asyncio.run(work())


def test_a_partner_from_beginning_to_end(uzel: Command, dsn: str) -> None:
    added = told(uzel("partner", "add", "Ромашка", "--commission", "15", "--json"))
    assert added["token"].startswith("uzp_")
    kept = "select hash from partner_token where id = $1"
    assert asked(dsn, kept, added["token_id"]) == fingerprint(added["token"])
    top_up = ("partner", "top-up", "ромашка", "1000.50", "--reason", "invoice 17", "--key", "17")
    assert uzel(*top_up)[1] == "Ромашка: 1000.50 RUB available\n"
    assert uzel(*top_up)[1] == "done before; Ромашка: 1000.50 RUB available\n"
    corrected = ("partner", "correct", "Ромашка", "--reason", "a slip", "--json", "--", "-0.50")
    assert told(uzel(*corrected))["available"] == "1000.00"
    (listed,) = told(uzel("partner", "list", "--json"))
    assert (listed["name"], listed["available"], listed["held"]) == ("Ромашка", "1000.00", "0.00")
    assert added["token"] not in json.dumps(listed)
    token = str(listed["tokens"][0]["id"])
    assert uzel("partner", "revoke-token", "Ромашка", token)[0] == 0
    assert uzel("partner", "revoke-token", "Ромашка", token)[0] == 1
    assert "is closed" in uzel("partner", "close", added["partner"], "--reason", "left")[1]
    assert "\toff\t" in uzel("partner", "list")[1]
    acts = "select array_agg(action order by id) from audit"
    assert asked(dsn, acts) == ["add", "top_up", "correction", "revoke_token", "close"]


def test_settings_change_one_by_one(uzel: Command) -> None:
    uzel("partner", "add", "Ромашка", "--debit", "at_once")
    done = told(
        uzel(
            *("partner", "set", "Ромашка", "--json", "--lead-price", "25", "--token-in-url", "no"),
            *("--addresses", "192.0.2.7, 2001:db8::/32", "--per-minute", "600"),
        )
    )
    expected = {
        "debit": "at_once",
        "lead_price_minor": 2500,
        "token_in_url": False,
        "addresses": ["192.0.2.7/32", "2001:db8::/32"],
        "per_minute": 600,
    }
    assert {name: done["settings"][name] for name in expected} == expected
    again = told(uzel("partner", "set", "Ромашка", "--addresses", "any", "--json"))
    assert again["settings"]["addresses"] == []
    assert again["settings"]["per_minute"] == 600


def test_a_token_of_the_old_system_is_taken_over(
    uzel: Command, monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    uzel("partner", "add", "Ромашка")
    old = "0123456789abcdef0123456789abcdef"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{old}\n"))
    done = told(uzel("partner", "token", "Ромашка", "--import", "--json"))
    assert done["token"] is None
    assert asked(dsn, "select prefix from partner_token where id = $1", done["id"]) == "0123"
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "at least 16 characters" in uzel("partner", "token", "Ромашка", "--import")[2]
    test = told(uzel("partner", "token", "Ромашка", "--test", "--scope", "read", "--json"))
    assert test["token"].startswith("uzt_")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("top-up", "Ромашка", "0", "--reason", "x"), "above zero"),
        (("top-up", "Ромашка", "1.005", "--reason", "x"), "decimal places"),
        (("top-up", "Ромашка", "1,5", "--reason", "x"), "write it like"),
        (("top-up", "Ромашка", "1", "--reason", " "), "say why"),
        (("close", "Ромашка", "--reason", " "), "say why"),
        (("reopen", "Ромашка", "--reason", "x"), "is open"),
        (("set", "Ромашка", "--commission", "2.5.1"), "write it like 2.5"),
        (("set", "Ромашка", "--commission", "1", "--by", "eve"), "nobody is called eve"),
        (("hook", "Ромашка"), "see: uzel partner set Ромашка --hook-url URL"),
        (("hook", "Ромашка", "--rotate"), "see: uzel partner set Ромашка --hook-url URL"),
        (("top-up", "Никто", "1", "--reason", "x"), "there is no partner Никто"),
        (("correct", "Ромашка", "--reason", "x", "--", "-1"), "less than that"),
        (("set", "Ромашка", "--commission", "101"), "commission_percent"),
        (("set", "Ромашка", "--addresses", "here"), "addresses"),
        (("add", "ромашка"), "already"),
        (("add", "Other", "--currency", "ZZZ"), "not a currency"),
    ],
)
def test_what_is_wrong_is_said(uzel: Command, words: tuple[str, ...], said: str) -> None:
    uzel("partner", "add", "Ромашка")
    status, _, err = uzel("partner", *words)
    assert (status, said in err) == (1, True), err


PAYMENT = """
with held as (
    insert into ledger_hold (account_id, amount_minor, kind, origin, created_at)
    select account_id, 1500, 'payment', 'payment:' || $1, now() from partner limit 1
    returning id, account_id
), moved as (
    update ledger_balance b set held_minor = held_minor + 1500 from held
     where b.account_id = held.account_id
)
insert into payment (public_id, partner_id, book, kind, amount, currency, cost_minor,
                     balance_currency, commission_minor, rate, legs, state, before_minor,
                     after_minor, hold_id)
select $1, p.id, 'live', 'payment', 15, 'RUB', 1500, 'RUB', 0, 1,
       jsonb_build_object('legs', jsonb_build_array(
           jsonb_build_array(p.account_id, -1500), jsonb_build_array(h.id, 1500))),
       'pending', 0, 0, held.id
  from partner p, held, ledger_account h where h.name = 'top-ups' and h.book = 'live' limit 1
returning id
"""


def test_a_person_ends_payments(uzel: Command, dsn: str) -> None:
    uzel("partner", "add", "Ромашка")
    uzel("partner", "top-up", "Ромашка", "100", "--reason", "invoice 1")
    for payment in ("txn_paid", "txn_lost"):
        assert asked(dsn, PAYMENT, payment)
    listed = told(uzel("partner", "payments", "--state", "pending", "--json"))
    assert [it["payment"] for it in listed] == ["txn_lost", "txn_paid"]
    assert uzel("partner", "complete", "txn_paid", "receipt 9")[1] == "txn_paid is completed\n"
    again = uzel("partner", "complete", "txn_paid", "receipt 9")
    assert again[1] == "txn_paid is completed already\n"
    assert told(uzel("partner", "fail", "txn_lost", "card refused", "--json"))["changed"]
    (partner,) = told(uzel("partner", "list", "--json"))
    assert (partner["available"], partner["held"]) == ("85.00", "0.00")
    # A payment that was taken can still be given back; one that was given back is over.
    assert uzel("partner", "fail", "txn_paid", "money came back")[0] == 0
    assert told(uzel("partner", "list", "--json"))[0]["available"] == "100.00"
    assert "make another payment" in uzel("partner", "complete", "txn_lost", "late")[2]
    assert "there is no payment txn_none" in uzel("partner", "fail", "txn_none", "x")[2]
    assert uzel("ledger", "verify")[0] == 0
    acts = "select count(*) from audit where detail->>'payment' like 'txn_%' and subject = $1"
    assert asked(dsn, acts, f"partner:{partner['id']}") == 3
    uzel("user", "add", "anna", "--password", "anna-password-1")
    assert asked(dsn, PAYMENT, "txn_more")
    assert uzel("partner", "complete", "txn_more", "receipt 10", "--by", "anna")[0] == 0
    assert asked(dsn, "select actor from audit order by id desc limit 1") == "command:anna"
    assert "nobody is called eve" in uzel("partner", "fail", "txn_more", "x", "--by", "eve")[2]


def test_above_the_limit_two_people_are_needed(uzel: Command, dsn: str) -> None:
    uzel("user", "add", "anna", "--password", "anna-password-1")
    uzel("user", "add", "boris", "--password", "boris-password-1")
    uzel("partner", "add", "Ромашка")
    words = ("partner", "top-up", "Ромашка", "100000.01", "--reason", "invoice 18", "--by", "anna")
    status, out, err = uzel(*words, "--key", "18")
    assert (status, "proposal 1 waits" in out) == (3, True), err
    assert uzel(*words, "--key", "18")[0] == 3
    (waiting,) = told(uzel("partner", "proposals", "--json"))
    said = (waiting["proposal"], waiting["amount"], waiting["proposed_by"])
    assert said == (1, "100000.01", "command:anna")
    assert "by anna\t" in uzel("partner", "proposals")[1]
    refused = uzel("partner", "approve", "1", "--by", "anna")[2]
    assert "uzel: anna has made it; somebody else has to decide" in refused
    refused = uzel("partner", "withdraw", "1", "--by", "boris")[2]
    assert "anna has made it" in refused and "an administrator" in refused
    assert "nobody is called eve" in uzel("partner", "approve", "1", "--by", "eve")[2]
    doubled = uzel(*words[:-1], "command:anna", "--key", "19")
    assert "nobody is called command:anna" in doubled[2]
    assert uzel("partner", "approve", "1", "--by", "boris")[1] == "proposal 1 is approved\n"
    assert "approved by boris already" in uzel("partner", "approve", "1", "--by", "boris")[2]
    assert told(uzel("partner", "list", "--json"))[0]["available"] == "100000.01"
    entry = asked(dsn, "select max(entry_id) from partner_proposal")
    assert "it is of proposal 1" in uzel("ledger", "reverse", str(entry), "alone")[2]
    assert told(uzel("partner", "list", "--json"))[0]["available"] == "100000.01"
    assert "nothing waits" in uzel("partner", "proposals")[1]


def test_the_limit_is_shown_lowered_and_raised(uzel: Command) -> None:
    assert "at most 100000 units" in uzel("partner", "limit")[1]
    assert "say why" in uzel("partner", "limit", "10")[2]
    with pytest.raises(SystemExit):
        uzel("partner", "correct", "Ромашка", "1")
    assert "at most 10 units" in uzel("partner", "limit", "10", "--reason", "new here")[1]
    assert uzel("partner", "limit", "11", "--reason", "too small")[0] == 3
    assert told(uzel("partner", "limit", "--json"))["limit"] == 10
    uzel("partner", "add", "Ромашка")
    credit = uzel("partner", "credit", "Ромашка", "10.01", "--reason", "trusted")
    assert (credit[0], "proposal 3 waits" in credit[1]) == (3, True)
    assert uzel("partner", "withdraw", "3")[1] == "proposal 3 is withdrawn\n"
    assert uzel("partner", "credit", "Ромашка", "9", "--reason", "trusted")[0] == 0
    assert uzel("partner", "correct", "Ромашка", "--reason", "a slip", "--", "-1")[0] == 0
    assert told(uzel("partner", "list", "--json"))[0]["available"] == "-1.00"


def test_a_statement_as_a_file(uzel: Command, tmp_path: Path) -> None:
    uzel("partner", "add", "Ромашка", "--time-zone", "Asia/Almaty")
    uzel("partner", "top-up", "Ромашка", "1000.50", "--reason", "invoice 17", "--key", "17")
    for kind, begin in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        path = tmp_path / f"made.{kind}"
        done = told(
            uzel("partner", "statement", "Ромашка", "--format", kind, "-o", str(path), "--json")
        )
        assert path.read_bytes().startswith(begin)
        assert done["bytes"] == path.stat().st_size
    text = (tmp_path / "made.csv").read_text("utf-8-sig")
    assert '"1000,50"' in text
    assert "invoice 17" in text
    assert "период не окончен" in text
    assert "23:59:59" not in text
    nowhere = str(tmp_path / "no" / "folder.csv")
    assert uzel("partner", "statement", "Ромашка", "-o", nowhere)[0] == 1
    assert uzel("partner", "statement", "Ромашка", "--from", "soon")[0] == 1
    assert uzel("partner", "statement", "Nobody")[0] == 1
    assert uzel("partner", "set", "Ромашка", "--time-zone", "Mars/Olympus")[0] == 1


def test_a_closed_partner_gets_no_token_and_money_with_a_warning(uzel: Command, dsn: str) -> None:
    uzel("partner", "add", "Ромашка")
    uzel("partner", "close", "Ромашка", "--reason", "left")
    status, _, err = uzel("partner", "token", "Ромашка", "--name", "site")
    assert (status, "is closed" in err) == (1, True)
    assert asked(dsn, "select count(*) from partner_token") == 1
    assert told(uzel("partner", "list", "--json"))[0]["tokens"][0]["works"] is False
    status, out, err = uzel("partner", "top-up", "Ромашка", "5", "--reason", "returned")
    assert (status, out) == (0, "Ромашка: 5.00 RUB available\n")
    assert "Ромашка is closed" in err
    reopened = uzel("partner", "reopen", "Ромашка", "--reason", "back again")[1]
    assert reopened == "Ромашка is open; tokens that work: 1\n"
    assert "closed" not in uzel("partner", "top-up", "Ромашка", "5", "--reason", "more")[2]
    assert asked(dsn, "select detail from audit where action = 'reopen'") is not None


def test_people_read_words_and_not_python(uzel: Command) -> None:
    uzel("partner", "add", "Ромашка", "--commission", "2,5")
    uzel("partner", "token", "Ромашка", "--name", "сайт", "--test")
    said = uzel("partner", "set", "Ромашка", "--per-minute", "60")[1]
    for line in ("commission_percent\t2.5", "token_in_url\tyes", "addresses\tnone"):
        assert line in said
    listed = uzel("partner", "list")[1]
    assert "1 main uzp_" in listed and "2 сайт (test) uzt_" in listed
    uzel("robot", "add", "Zeno")
    assert "\tno\tyes\tnone" in uzel("robot", "list")[1]
    for text in (said, listed, uzel("robot", "list")[1]):
        assert not {"True", "False", "None", "[]", "()"} & set(text.split())


def test_what_was_done_at_once_is_no_proposal(uzel: Command) -> None:
    uzel("user", "add", "anna", "--password", "anna-password-1")
    uzel("partner", "add", "Ромашка")
    uzel("partner", "top-up", "Ромашка", "5", "--reason", "invoice 1")
    assert "№ 1 is no proposal" in uzel("partner", "approve", "1", "--by", "anna")[2]
