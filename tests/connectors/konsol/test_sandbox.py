"""What the service in miniature does by itself."""

from typing import Any

import pytest

from connectors.konsol.arguments import CARD, to_card
from uzel.connectors.konsol.statuses import meaning
from uzel.errors import Rejected

ALL_MINOR = 1_000_000_000


@pytest.mark.parametrize(
    ("kopecks", "statuses"),
    [
        (0, ["created", "executed"]),
        (91, ["created", "manualpay"]),
        (92, ["created", "failed"]),
        (93, ["created", "nalog_unbound"]),
        (94, ["created", "manualpay", "executed"]),
        (95, ["created", "on_hold"]),
        (96, ["created", "executed", "failed"]),
    ],
)
def test_the_kopecks_decide_what_becomes_of_a_payment(
    client: Any, company: Any, kopecks: int, statuses: list[str]
) -> None:
    company.settings(moves_after_s=0.01)
    arguments = to_card(amount_minor=100_00 + kopecks)
    made = client.run(company.config, "create_payment", **arguments)
    book = company.until_status(arguments["reference"], statuses[-1])
    assert [status for _, status in book["history"]] == statuses
    told = client.run(company.config, "payment", id=made.reference).data
    assert told["meaning"] == meaning(statuses[-1]).value
    assert bool(told["error"]) == (statuses[-1] in ("failed", "nalog_unbound"))
    undone = statuses[-1] in ("failed", "nalog_unbound")
    assert company.balance_minor() == ALL_MINOR - (0 if undone else 100_00 + kopecks)


def test_nobody_pays_what_is_not_there(client: Any, company: Any) -> None:
    body = {"token": company.token, "balance_minor": 150_00}
    company.control.post("/konsol/_balance", json=body).raise_for_status()
    client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    with pytest.raises(Rejected, match="Недостаточно средств"):
        client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    assert company.balance_minor() == 49_01
    assert len(company.books()) == 1


def test_callbacks_tell_each_state(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url, moves_after_s=0.05)
    arguments = to_card(amount_minor=100_94)
    made = client.run(company.config, "create_payment", **arguments)
    told = [hook.next() for _ in range(3)]
    assert [it["action_name"] for it in told] == ["created", "manualpay", "executed"]
    payload = told[-1]["payload"]
    assert payload.keys() == {
        *("id", "contractor_id", "amount", "status", "error_message", "kind", "requisites"),
        *("services_list", "created_at", "paid_at"),
    }
    assert (payload["id"], payload["amount"], payload["status"]) == (
        made.reference,
        100.94,
        "executed",
    )
    assert payload["requisites"] == "220000••••••0004"
    assert payload["services_list"] == f"Выплата {arguments['reference']}"


def test_requisites_may_come_whole(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url, requisites="full")
    client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    assert hook.next()["payload"]["requisites"] == CARD


def test_callbacks_may_contradict_themselves(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url, moves_after_s=0.05, contradictory=True)
    client.run(company.config, "create_payment", **to_card())
    told = [hook.next() for _ in range(2)]
    assert [it["action_name"] for it in told] == ["created", "created"]
    assert [it["payload"]["status"] for it in told] == ["created", "executed"]


def test_callbacks_may_come_the_last_one_first(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url, moves_after_s=0, last_first=True)
    client.run(company.config, "create_payment", **to_card())
    assert [hook.next()["payload"]["status"] for _ in range(2)] == ["executed", "created"]


@pytest.mark.parametrize(("kind", "copies"), [("duplicate_webhook", 2), ("lost_webhook", 0)])
def test_callbacks_are_doubled_and_lost_on_request(
    client: Any, company: Any, hook: Any, kind: str, copies: int
) -> None:
    company.settings(hook=hook.url)
    company.fault(None, kind)
    made = client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    company.move(made.reference, "manualpay")
    told = [hook.next()["payload"]["status"] for _ in range(copies + 1)]
    assert sorted(told) == sorted(["created"] * copies + ["manualpay"])
    lost = [entry for entry in company.journal("webhook") if entry["fault"] == "lost_webhook"]
    assert len(lost) == (kind == "lost_webhook")


def test_a_callback_is_repeated_until_it_is_taken(client: Any, company: Any, hook: Any) -> None:
    hook.statuses[:] = [500, 503, 200]
    company.settings(hook=hook.url, callback_pause_s=0.01)
    client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    told = [hook.next() for _ in range(3)]
    assert told[0] == told[1] == told[2]


def test_contractors_are_told_of_too(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url)
    who = {"first_name": "Анна", "last_name": "Примерова", "taxpayer_id": "500100732259"}
    made = client.run(company.config, "create_contractor", kind="self_employed", **who)
    told = hook.next()
    assert told["payload"]["id"] == made.reference
    assert told["payload"]["taxpayer_id"] == 500100732259


def test_somebody_tells_lies(client: Any, company: Any, hook: Any) -> None:
    company.settings(hook=hook.url)
    made = client.run(company.config, "create_payment", **to_card(amount_minor=100_99))
    assert hook.next()["payload"]["status"] == "created"
    asked = {"token": company.token, "payment": made.reference, "status": "executed"}
    company.control.post("/konsol/_callbacks", json=asked).raise_for_status()
    assert hook.next()["payload"]["status"] == "executed"
    assert client.run(company.config, "payment", id=made.reference).data["status"] == "created"


def test_an_answer_is_said_as_it_was_prepared(client: Any, company: Any) -> None:
    arguments = to_card()
    company.prepare(status=422, body={"errors": ["нет"]}, times=2)
    for _ in range(2):
        with pytest.raises(Rejected, match="нет"):
            client.run(company.config, "create_payment", **arguments)
    assert company.books() == []
    assert [entry["effect"] for entry in company.journal("create_payment")] == [False, False]
    client.run(company.config, "create_payment", **arguments)
    assert len(company.books(arguments["reference"])) == 1


def test_a_company_can_be_emptied(client: Any, company: Any) -> None:
    client.run(company.config, "create_payment", **to_card())
    company.control.delete("/konsol/_payments", params={"token": company.token})
    assert company.books() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "100"},
        {"amount": 100.0},
        {"amount": "0.00"},
        {"bank_details_kind": "cash"},
        {"bank_details": {"card_number": CARD, "cvv": "1"}},
        {"services_list": [{"title": "x", "amount": "1.00"}]},
        {"services_list": "x"},
        {"purpose": None},
        {"contractor_id": "nobody", "contractor": None},
        {"contractor": {"first_name": "Иван"}},
    ],
)
def test_a_request_that_others_would_not_send_is_refused(
    company: Any, changes: dict[str, Any]
) -> None:
    body = {
        "contractor": {"first_name": "Иван", "last_name": "Образцов"},
        "services_list": [{"title": "x", "amount": "100.00"}],
        "bank_details_kind": "card",
        "bank_details": {"card_number": CARD},
        "purpose": "x",
        "amount": "100.00",
    }
    headers = {"authorization": f"Bearer {company.token}"}
    post = company.control.post
    refused = post("/konsol/api/v1/payments", json={**body, **changes}, headers=headers)
    assert refused.status_code in (404, 422), refused.text
    assert refused.json()["success"] is False
    made = post("/konsol/api/v1/payments", json=body, headers=headers)
    assert made.status_code == 201


def test_doors_refuse_what_they_do_not_know(company: Any) -> None:
    post = company.control.post
    assert post("/konsol/_settings", json={"strange": 1}).status_code == 400
    assert post("/konsol/_settings", json={"hook": "nowhere"}).status_code == 400
    assert post("/konsol/_answers", json={"operation": "x"}).status_code == 400
    assert post("/konsol/_payments/x", json={}).status_code == 400
    assert post("/konsol/_payments/x", json={"status": "failed"}).status_code == 404


@pytest.mark.parametrize("said", ["Bearer", "Bearer bad-token", "Basic token", ""])
def test_a_wrong_token_gets_nothing(company: Any, said: str) -> None:
    headers = {"authorization": said}
    answer = company.control.get("/konsol/api/v1/company_accounts", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "Access denied"})


def test_the_journal_names_nobody(client: Any, company: Any) -> None:
    arguments = to_card()
    client.run(company.config, "create_payment", **arguments)
    (entry,) = company.journal("create_payment")
    shown = str(entry)
    assert entry["request"]["reference"] == arguments["reference"]
    assert (entry["request"]["amount_minor"], entry["request"]["masked"]) == (
        100_00,
        "220000••••••0004",
    )
    assert CARD not in shown
    assert "Образцов" not in shown
