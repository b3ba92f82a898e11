"""Leads from their submission to the report, over HTTP."""

import concurrent.futures
import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from partner_client import API, Client, add_client, numbers
from robots import REPORTS, TASKS, add_robot
from running_web import WebApp
from uzel.ledger import chain
from uzel.partners.payment import State


def submit(partner: Client, *leads: Any, key: str | None = None) -> httpx2.Response:
    body = {"action": "submit_partner_lead", "api_token": partner.token, "lead_data": list(leads)}
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["idempotency-key"] = key
    return partner.app.client.post(API, content=json.dumps(body).encode(), headers=headers)


def lead(number: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "dealId": number or f"deal-{uuid4().hex[:12]}",
        "paymentUrl": "https://pay.test/1",
    } | more


def test_one_bad_lead_costs_no_other(app: WebApp) -> None:
    it = add_client(app)
    first, second = lead(custom="Детали"), lead()
    twice = {"dealId": second["dealId"]}
    bad = [
        {"paymentUrl": "https://x.test"},
        {"dealId": "0"},
        "text",
        lead(paymentUrl="javascript:1"),
    ]
    said = submit(it, first, *bad, second, twice).json()
    assert said["message"] == (
        "Processed 2 leads. Added to main list: 2, Updated in main list: 0. "
        "Some leads had issues or were duplicates."
    )
    assert [one["result"] for one in said["leads"]] == [
        "accepted", *["invalid"] * 4, "accepted", "duplicate",
    ]  # fmt: skip
    assert said["errors"][0] == "Lead at index 1 missing dealId."
    assert len(said["errors"]) == said["error_count"] == 5
    assert said["leads"][0]["dealId"] == first["dealId"]
    assert said["leads"][0]["lead_id"].startswith("lead_")
    (listed,) = (d for d in add_robot(app).tasks()["deals"] if d["dealId"] == first["dealId"])
    assert listed["custom"] == "Детали"
    assert (listed["partnerId"], listed["partner_name"]) == (it.public_id, it.name)


def test_partners_cannot_touch_each_others_leads(app: WebApp) -> None:
    one, other, robot = add_client(app), add_client(app), add_robot(app)
    number = f"deal-{uuid4().hex[:8]}"
    first = submit(one, lead(number)).json()["leads"][0]
    second = submit(other, lead(number, partnerId=one.public_id)).json()["leads"][0]
    assert first["result"] == second["result"] == "accepted"
    assert first["task_id"] == number
    assert second["task_id"].startswith("DID")
    assert robot.report(second["task_id"], "ОШИБКА!").json()["amo_status"] == "skipped"
    states = {d["lead_id"]: d["lead_state"] for d in robot.tasks()["deals"]}
    assert states[second["lead_id"]] == "failed"
    assert states[first["lead_id"]] == "new"
    # The other's number together with its partner's id names the other's.
    robot.report(number, partner_id=other.public_id)
    states = {d["lead_id"]: d["lead_state"] for d in robot.tasks()["deals"]}
    assert (states[first["lead_id"]], states[second["lead_id"]]) == ("new", "done")


def test_numbers_that_might_be_taken_for_a_crms_get_one_of_ours(app: WebApp) -> None:
    it = add_client(app)
    number = str(uuid4().int)[:10]
    told = submit(it, lead(number), {"dealId": int(number)}).json()["leads"]
    assert told[0]["task_id"].startswith("DID")
    assert told[1]["result"] == "duplicate"
    assert told[1]["lead_id"] == told[0]["lead_id"]
    robot = add_robot(app)
    # Without its partner such a number is a deal of the CRM, and there is none.
    assert robot.report(number).json()["amo_status"] == "failed"
    states = {d["lead_id"]: d["lead_state"] for d in robot.tasks()["deals"]}
    assert states[told[0]["lead_id"]] == "new"
    robot.report(number, partner_id=it.public_id)
    states = {d["lead_id"]: d["lead_state"] for d in robot.tasks()["deals"]}
    assert states[told[0]["lead_id"]] == "done"
    # Nor does another lead get in the way of what robots call this one.
    (late,) = submit(it, lead(told[0]["task_id"])).json()["leads"]
    assert late["task_id"] != told[0]["task_id"]
    robot.report(told[0]["task_id"], "ОШИБКА!", partner_id=it.public_id)
    states = {d["lead_id"]: d["lead_state"] for d in robot.tasks()["deals"]}
    assert (states[told[0]["lead_id"]], states[late["lead_id"]]) == ("failed", "new")


def test_a_lead_that_is_too_deep_stops_nobody(app: WebApp) -> None:
    it, robot = add_client(app), add_robot(app)
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    key = uuid4().hex
    said = submit(it, lead(d=deep), lead(), key=key).json()
    assert [one["result"] for one in said["leads"]] == ["invalid", "accepted"]
    assert robot.tasks(claim=100, source="partner")["deals"]
    assert it.get("get_transactions").status_code == 200
    body = json.dumps({"leads": [{"external_id": "deep", "data": {"d": deep}}]}).encode()
    headers = {"content-type": "application/json"}
    (told,) = it.v1("POST", "/leads", content=body, headers=headers).json()["leads"]
    assert (told["result"], told["error"]) == ("invalid", "data: deeper than 16 levels")


def test_a_lead_costs_its_price_and_a_failed_one_gives_it_back_once(app: WebApp) -> None:
    it, robot = add_client(app, "100", lead_price_minor=2500), add_robot(app)
    said = numbers(submit(it, lead("a-" + it.public_id), lead("b-" + it.public_id)))
    assert (said["total_cost_charged"], said["remaining_balance"]) == (50, 50)
    a, b = (one["task_id"] for one in said["leads"])
    assert robot.report_by_get(a, "ОШИБКА!", amount="20").status_code == 200
    assert robot.report(a, "ОШИБКА!").status_code == 200
    assert robot.report(b, "Выполнено", amount="19,17").status_code == 200
    stands = it.stands()
    assert (stands.available_minor, stands.posted_minor, stands.held_minor) == (7500, 7500, 0)
    listed = numbers(it.get("get_transactions"))
    by_lead = {one["partner_deal_id"]: one for one in listed["transactions"]}
    failed = by_lead["a-" + it.public_id]
    assert (failed["status"], failed["charge_amount_usd"]) == ("failed", 25)
    assert failed["completion_status"] == "ОШИБКА!"
    assert by_lead["b-" + it.public_id]["status"] == "completed"
    assert by_lead["b-" + it.public_id]["completion_details"]["amount"] == "19,17"
    # Done after all: the price that was given back is taken again, once; and what a person gives
    # back stays so, whatever is repeated.
    robot.report(a)
    robot.report(a)
    assert it.stands().posted_minor == 5000
    again = it.v1("GET", f"/leads?external_id=a-{it.public_id}").json()["items"][0]["payment_id"]
    it.settle(again, State.FAILED)
    robot.report(a)
    assert it.stands().posted_minor == 7500


def test_what_was_done_and_then_failed_is_given_back(app: WebApp) -> None:
    for debit in ("hold", "at_once"):
        it, robot = add_client(app, "100", lead_price_minor=2500, debit=debit), add_robot(app)
        (one,) = submit(it, lead()).json()["leads"]
        robot.report(one["task_id"])
        assert it.stands().posted_minor == 7500
        robot.report(one["task_id"], "ОШИБКА!")
        assert (it.stands().posted_minor, it.stands().held_minor) == (10_000, 0)


def test_a_batch_that_is_too_dear_is_not_taken_at_all(app: WebApp) -> None:
    it = add_client(app, "75", lead_price_minor=2500)
    leads = [lead() for _ in range(4)]
    key = uuid4().hex
    refused = submit(it, *leads, {"paymentUrl": "https://no.test"}, key=key)
    assert refused.status_code == 402
    said = numbers(refused)
    assert said["status"] == "insufficient_funds"
    assert said["message"] == "Insufficient funds. Required: 100 RUB, Current balance: 75 RUB"
    assert (said["required_balance"], said["current_balance"]) == (100, 75)
    assert (said["cost_per_lead"], said["leads_count"]) == (25, 4)
    assert not [d for d in add_robot(app).tasks()["deals"] if d.get("partnerId") == it.public_id]
    assert it.stands().available_minor == 7500
    # The same again under its key is the same refusal; three of them can be paid for.
    assert submit(it, *leads, {"paymentUrl": "https://no.test"}, key=key).content == refused.content
    assert submit(it, *leads[:3]).json()["processed_count"] == 3


def test_under_a_key_the_same_again_is_answered_byte_for_byte(app: WebApp) -> None:
    it = add_client(app, "100", lead_price_minor=1000)
    key, one = uuid4().hex, lead()
    first, second = submit(it, one, key=key), submit(it, one, key=key)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert submit(it, lead(), key=key).status_code == 422
    assert it.stands().available_minor == 9000


def test_a_storm_of_batches_keeps_every_lead_once(app: WebApp) -> None:
    """Of the same hundred leads, in sixteen requests at once, each with a hundred."""
    it = add_client(app, "1000", lead_price_minor=100)
    names = [f"storm-{it.public_id}-{number}" for number in range(100)]

    def send(turn: int) -> Any:
        order = names[turn * 7 % 100 :] + names[: turn * 7 % 100]
        return submit(it, *(lead(name) for name in order))

    with concurrent.futures.ThreadPoolExecutor(16) as several:
        answers = list(several.map(send, range(16)))
    assert {answer.status_code for answer in answers} == {200}
    accepted = [
        one["dealId"]
        for answer in answers
        for one in answer.json()["leads"]
        if one["result"] == "accepted"
    ]
    assert sorted(accepted) == sorted(names)
    assert it.stands().available_minor == 100_000 - 100 * 100
    listed = add_robot(app).tasks()["deals"]
    assert len([d for d in listed if d.get("partnerId") == it.public_id]) == 100


def test_two_robots_never_take_the_same_lead(app: WebApp) -> None:
    it = add_client(app)
    submit(it, *(lead() for _ in range(60)))
    robots = [add_robot(app) for _ in range(6)]

    def claim(turn: int) -> list[str]:
        found = robots[turn % 6].tasks(claim=3, lease=60, source="partner")
        return [one["lead_id"] for one in found["deals"]]

    with concurrent.futures.ThreadPoolExecutor(6) as several:
        taken = [one for some in several.map(claim, range(18)) for one in some]
    assert len(taken) == len(set(taken)) == 54
    mine = robots[0].tasks(mine=1)["deals"]
    assert {one["leased_by_you"] for one in mine} == {True}
    free = {one["lead_id"] for one in robots[1].tasks(unprocessed=1)["deals"]}
    assert not free & set(taken)
    given_back = mine[0]
    assert robots[1].tasks(release=given_back["dealId"]) == {"status": "success", "released": False}
    assert robots[0].tasks(release=given_back["dealId"])["released"]
    assert given_back["lead_id"] in {
        one["lead_id"] for one in robots[1].tasks(unprocessed=1)["deals"]
    }
    # What is reported on is no task any longer, whoever held it.
    robots[2].report(given_back["dealId"])
    assert given_back["lead_id"] not in {
        one["lead_id"] for one in robots[1].tasks(unprocessed=1)["deals"]
    }


def test_the_list_is_read_in_pages(app: WebApp) -> None:
    it, robot = add_client(app), add_robot(app)
    names = [lead()["dealId"] for _ in range(7)]
    for name in names:
        submit(it, lead(name))
    robot.report(names[0])
    found: list[str] = []
    before: dict[str, Any] = {}
    while True:
        page = robot.tasks(limit=3, partner_id=it.public_id, **before)
        found = [one["dealId"] for one in page["deals"]] + found
        if page["next_before"] is None:
            break
        before = {"before": page["next_before"]}
    assert found == names
    only = robot.tasks(state="done", partner_id=it.public_id)["deals"]
    assert [one["dealId"] for one in only] == names[:1]
    since = only[0]["last_updated"]
    assert names[0] in [d["dealId"] for d in robot.tasks(since=since, source="partner")["deals"]]
    assert not robot.tasks(source="amocrm", partner_id=it.public_id)["deals"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (TASKS, {"state": "zzz"}), (TASKS, {"source": "x"}), (TASKS, {"since": "yesterday"}),
        (TASKS, {"limit": "-1"}), (TASKS, {"claim": "all"}), (TASKS, {"deleteall": "1"}),
        (TASKS, {"delete": "all"}), (TASKS, {"release": "\0"}), (TASKS, {"partner_id": "\0"}),
        (TASKS, {"since": "9999-12-31T23:59:59-23:59"}), (REPORTS, {}), (REPORTS, {"id": "1"}),
        (REPORTS, {"id": "1", "status": "Done"}), (REPORTS, {"id": "1" * 300, "status": "Успешно"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(app: WebApp, path: str, query: dict[str, str]) -> None:
    robot = add_robot(app)
    answer = app.client.get(path, params={"token": robot.token, **query})
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"


def test_without_the_token_of_a_robot_nothing_is_shown_or_done(app: WebApp) -> None:
    it, robot = add_client(app, "100", lead_price_minor=100), add_robot(app)
    (one,) = submit(it, lead()).json()["leads"]
    for token in ({}, {"token": "x"}, {"token": it.token}, {"token[]": robot.token}):
        assert app.client.get(TASKS, params=token).status_code == 401
        query = {"id": one["task_id"], "status": "ОШИБКА!", **token}
        assert app.client.get(REPORTS, params=query).status_code == 401
        assert app.client.post(REPORTS, params=query).status_code == 401
    assert it.stands().held_minor == 100
    assert app.client.request("DELETE", TASKS, params={"token": robot.token}).status_code == 405
    # A robot in tests sees nothing of what is real.
    test_robot = add_robot(app, is_test=True)
    assert not [d for d in test_robot.tasks()["deals"] if d.get("partnerId") == it.public_id]
    test_robot.report(one["task_id"], "ОШИБКА!")
    assert it.stands().held_minor == 100


def test_amounts_are_read_and_whole_card_numbers_are_not_kept(app: WebApp) -> None:
    it, robot = add_client(app), add_robot(app)
    (one,) = submit(it, lead()).json()["leads"]
    said = robot.report(one["task_id"], amount="1 234,50 ₽", card="4111 1111 1111 1111").json()
    (warned,) = said["warnings"]
    assert warned.startswith("card: only '411111******1111' is kept")
    assert "warnings" not in robot.report(one["task_id"], card="1234").json()
    row = app.run(
        lambda: app.deps.pool.fetchrow(
            "select * from lead_report where public_id = $1", said["report_id"]
        )
    )
    assert row is not None
    assert (row["amount"], row["currency"]) == (Decimal("1234.50"), "RUB")
    assert row["card"] == "411111******1111"
    assert "4111 1111" not in str(dict(row))
    assert robot.token not in str(dict(row))
    by_json = {
        "id": one["task_id"],
        "status": "Успешно",
        "card": 4111111111111111,
        "email": "4111.1111.1111.1111",
        "n": {"card": ["4111111111111111"]},
    }
    posted = app.client.post(REPORTS, params={"token": robot.token}, json=by_json)
    assert posted.status_code == 200
    rows = "select jsonb_agg(to_jsonb(r))::text from lead_report r where lead_id is not null"
    kept = app.run(lambda: app.deps.pool.fetchval(rows))
    assert "411111******1111" in kept
    assert "4111111111111111" not in kept
    assert "4111.1111" not in kept
    doubtful = robot.report(one["task_id"], amount="1,234").json()
    assert doubtful["status"] == "success"
    assert "could be two" in doubtful["warnings"][0]


def test_a_report_on_no_lead_can_be_told(app: WebApp) -> None:
    it, robot = add_client(app), add_robot(app)
    (one,) = submit(it, lead()).json()["leads"]
    known = robot.report(one["task_id"]).json()
    assert (known["lead_known"], "warnings" in known) == (True, False)
    for query in ({}, {"partner_id": it.public_id}):
        answer = robot.report(f"no-{uuid4().hex[:8]}", **query)
        said = answer.json()
        assert (answer.status_code, said["status"], said["lead_known"]) == (200, "success", False)
        assert said["warnings"][0].startswith("id: this is the dealId of no lead")


def test_a_claim_answers_how_long_it_really_is(app: WebApp) -> None:
    robot = add_robot(app, is_test=True)
    for asked, given in ((5, 30), (60, 60), (999_999, 3600)):
        assert robot.tasks(claim=1, lease=asked)["lease"] == given
    assert robot.tasks(claim=1)["lease"] == 600
    assert "lease" not in robot.tasks()


def test_the_books_are_right_in_the_end(app: WebApp) -> None:
    assert not app.run(lambda: chain.verify(app.deps.pool)).faults
