"""The same leads at `/api/v1/partner/leads`."""

from uuid import uuid4

from partner_client import add_client
from robots import add_robot
from running_web import WebApp


def test_leads_are_submitted_once_and_read_back(app: WebApp) -> None:
    it, robot = add_client(app, "100", lead_price_minor=1000), add_robot(app)
    numbers = sorted(f"v1-{uuid4().hex[:10]}" for _ in range(3))
    batch = {
        "leads": [
            {"external_id": number, "payment_url": "https://pay.test/1", "data": {"note": "да"}}
            for number in (*numbers, numbers[0])
        ]
    }
    made = it.v1("POST", "/leads", key="k1", json=batch)
    assert made.status_code == 200, made.text
    said = made.json()
    assert [one["result"] for one in said["leads"]] == ["accepted"] * 3 + ["duplicate"]
    assert (said["cost_minor"], said["available_minor"]) == (3000, 7000)
    again = it.v1("POST", "/leads", key="k1", json=batch)
    assert (again.content, again.headers["idempotent-replayed"]) == (made.content, "true")
    assert it.v1("POST", "/leads", key="k1", json={"leads": batch["leads"][:1]}).status_code == 422
    assert it.v1("POST", "/leads", json=batch).json()["cost_minor"] == 0
    robot.report(numbers[1])
    first = it.v1("GET", "/leads?limit=2").json()
    rest = it.v1("GET", f"/leads?limit=2&cursor={first['next_cursor']}").json()
    listed = first["items"] + rest["items"]
    assert [one["external_id"] for one in listed] == numbers[::-1]
    assert rest["next_cursor"] is None
    assert [one["state"] for one in listed] == ["new", "done", "new"]
    assert (listed[1]["report_status"], listed[1]["data"]) == ("Успешно", {"note": "да"})
    payment = it.v1("GET", f"/payments/{listed[1]['payment_id']}").json()
    assert (payment["kind"], payment["state"], payment["cost_minor"]) == ("lead", "completed", 1000)
    assert {one["kind"] for one in it.v1("GET", "/payments").json()["items"]} == {"lead"}
    only = it.v1("GET", f"/leads?state=new&external_id={numbers[0]}").json()["items"]
    assert [one["external_id"] for one in only] == numbers[:1]


def test_too_little_money_takes_no_lead_at_all(app: WebApp) -> None:
    it = add_client(app, "15", lead_price_minor=1000)
    leads = {"leads": [{"external_id": f"p-{it.public_id}-{turn}"} for turn in range(2)]}
    refused = it.v1("POST", "/leads", json=leads)
    assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_funds")
    assert it.v1("GET", "/leads").json()["items"] == []
    assert it.stands().available_minor == 1500


def test_anothers_leads_are_not_there(app: WebApp) -> None:
    it, other = add_client(app), add_client(app)
    number = f"x-{it.public_id}"
    made = it.v1("POST", "/leads", json={"leads": [{"external_id": number}]}).json()
    assert other.v1("GET", "/leads").json()["items"] == []
    cursor = made["leads"][0]["lead_id"]
    assert other.v1("GET", f"/leads?cursor={cursor}").status_code == 404
    reader = add_client(app, scopes=("read",))
    assert reader.v1("POST", "/leads", json={"leads": [{"external_id": "1"}]}).status_code == 403
    wrong = [{"external_id": ""}, {"external_id": "a", "payment_url": "javascript:alert(1)"}, {}]
    for one in wrong:
        (said,) = it.v1("POST", "/leads", json={"leads": [one]}).json()["leads"]
        assert said["result"] == "invalid"
    big = {"external_id": "big", "data": {"text": "x" * 20_000}}
    (said,) = it.v1("POST", "/leads", json={"leads": [big]}).json()["leads"]
    assert said["result"] == "invalid"


def test_what_is_wrong_with_one_lead_costs_no_other(app: WebApp) -> None:
    it = add_client(app, "100", lead_price_minor=1000)
    deep: object = 1
    for _ in range(30):
        deep = [deep]
    wrong = [
        ({"external_id": "b", "payment_url": "ftp://pay.test/1"}, "payment_url: needed is a link"),
        ({"payment_url": "https://pay.test/1"}, "external_id: it is needed"),
        ({"external_id": "d", "dealId": "d"}, "dealId: there is no such parameter"),
        ("e", "a JSON object is needed"),
        ({"external_id": 6}, "external_id:"),
        ({"external_id": "f", "data": {"x": deep}}, "data: deeper than 16 levels"),
        ({"external_id": "g", "data": {"x": "y" * 20_000}}, "data: larger than 16 KiB"),
    ]
    good = [{"external_id": "a", "payment_url": "https://pay.test/1"}, {"external_id": "z"}]
    batch = {"leads": [good[0], *(lead for lead, _ in wrong), good[1], good[0]]}
    made = it.v1("POST", "/leads", key="k", json=batch)
    assert made.status_code == 200, made.text
    said = made.json()["leads"]
    assert [one["result"] for one in said] == [
        "accepted", *["invalid"] * len(wrong), "accepted", "duplicate",
    ]  # fmt: skip
    for one, (_, why) in zip(said[1:-2], wrong, strict=True):
        assert one["error"].startswith(why), one
        assert one["lead_id"] is None
    assert [one["external_id"] for one in said[1:-2]] == ["b", None, "d", None, None, "f", "g"]
    assert said[0]["error"] is None
    assert made.json()["cost_minor"] == 2000
    again = it.v1("POST", "/leads", key="k", json=batch)
    assert (again.content, again.headers["idempotent-replayed"]) == (made.content, "true")
    mended = {"leads": [good[0], {"external_id": "b"}]}
    assert it.v1("POST", "/leads", key="k", json=mended).status_code == 422
    # Nothing to take is no error either; what is no batch at all is one.
    none = it.v1("POST", "/leads", json={"leads": [wrong[0][0]]})
    assert (none.status_code, none.json()["leads"][0]["result"]) == (200, "invalid")
    bodies: list[object] = [{"leads": []}, {"leads": {}}, {}, {"leads": good, "more": 1}]
    for body in bodies:
        assert it.v1("POST", "/leads", json=body).status_code == 422


def test_the_price_of_a_lead_names_the_lead(app: WebApp) -> None:
    it = add_client(app, "100", lead_price_minor=1000)
    it.v1("POST", "/leads", json={"leads": [{"external_id": "mine-1"}]})
    (listed,) = it.v1("GET", "/payments").json()["items"]
    assert (listed["external_id"], listed["lead_external_id"]) == (None, "mine-1")
    one = it.get("get_transaction_status", transaction_id=listed["id"]).json()["transaction"]
    assert one["lead_external_id"] == "mine-1"
    (row,) = it.get("get_transactions").json()["transactions"]
    assert (row["status"], row["lead_external_id"]) == ("charged", "mine-1")
