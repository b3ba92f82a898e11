"""Nothing of another partner is ever shown: whatever stands in whatever place of an address."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cabinet_visitor import PAGES, CabinetVisitor
from partner_client import Client, add_client
from partner_shop import hook
from robots import add_robot
from running_web import WebApp
from uzel.partners import partner_store
from uzel.partners.manage import ALL_SCOPES
from uzel.partners.payment import State

HOST = "their-receiver.example"
NOBODYS = ("txn_0123456789abcdef", "no-such-number", "999999999", "0", "-1", "x", "%00", "1 or 1=1")
PARAMETERS = ("before", "number", "state", "from", "to", "period", "partner", "partner_id", "book")
PLACES = (
    "transactions",
    "transactions.csv",
    "leads",
    "leads.csv",
    "webhooks",
    "statement",
    "statement.csv",
    "tokens",
    "rates",
    "",
    "api",
)


@dataclass
class Two:
    """Two partners with all there can be; `secrets`: what only the other one may see."""

    visitor: CabinetVisitor
    other: Client
    ids: list[str]
    leads: list[str]
    deliveries: list[str]
    token_ids: list[str]
    secrets: list[str]


@pytest.fixture(scope="module")
def two(app: WebApp) -> Two:
    own, other = (add_client(app, "1000", scopes=ALL_SCOPES) for _ in range(2))
    busy(own, "own", "https://own.example/hooks")
    leads = busy(other, "secret", f"https://{HOST}/hooks")
    for n in range(3):
        own.pay("2", key=f"o{n}", external_id=f"own-{n}")
    ids = []
    for n in range(4):
        answer = other.pay(
            f"77.7{n}", key=f"s{n}", external_id=f"secret-{n}", service_details="ТАЙНА"
        )
        ids.append(answer.json()["transaction_id"])
    other.settle(ids[0], State.FAILED, "their reason")
    rows = app.run(lambda: partner_store.tokens(app.deps.pool, other.id))
    told = other.v1("GET", "/webhook-deliveries").json()["items"]
    deliveries = [it["id"] for it in told]
    assert {it["type"] for it in told} >= {"payment.pending", "payment.failed", "lead.completed"}
    secrets = [*ids, *leads, *deliveries, HOST, "ТАЙНА", "their reason", "77,7"]
    secrets += [other.public_id, other.name, other.token]
    visitor = CabinetVisitor(app.url).sign_in(own.token)
    token_ids = [str(row["id"]) for row in rows]
    return Two(visitor, other, ids, leads, deliveries, token_ids, secrets)


def busy(it: Client, word: str, url: str) -> list[str]:
    """Leads with a report, and an address that hears of it. Returns our numbers of the leads."""
    hook(it.app, it, url)
    batch = [{"external_id": f"{word}-lead-{n}", "data": {"said": it.public_id}} for n in range(3)]
    told = it.v1("POST", "/leads", json={"leads": batch}).json()["leads"]
    numbers = [str(lead["lead_id"]) for lead in told]
    add_robot(it.app).report(numbers[0], email=f"{it.public_id}@shop.example")
    return numbers


def check(two: Two, text: str, *, given: str = "") -> None:
    for secret in two.secrets:
        if secret not in given:
            assert secret not in text


def test_no_page_shows_anything_of_the_other(two: Two) -> None:
    for path in PAGES:
        answer = two.visitor.get(path)
        text = answer.text if "zip" not in str(answer.headers) else ""
        check(two, text)


def test_what_is_the_others_is_not_found_in_the_words_of_what_is_not_there(two: Two) -> None:
    nothing = two.visitor.get("/partner/transactions/txn_0000000000000000")
    assert nothing.status_code == 404
    paths = [
        *(f"transactions{sign}{it}" for it in (*two.ids, "secret-1") for sign in ("/", "?before=")),
        *(f"leads{sign}{it}" for it in (*two.leads, "secret-lead-1") for sign in ("/", "?before=")),
        *(f"webhooks?before={it}" for it in two.deliveries),
    ]
    for path in paths:
        answer = two.visitor.get(f"/partner/{path}")
        assert (answer.status_code, answer.text) == (404, nothing.text), path
    for number in two.deliveries:
        answer = two.visitor.post(f"/partner/webhooks/{number}/resend")
        assert (answer.status_code, answer.text) == (404, nothing.text)
    assert len(two.other.v1("GET", "/webhook-deliveries").json()["items"]) == len(two.deliveries)
    for act in ("rotate", "revoke"):
        gone = two.visitor.post(f"/partner/tokens/{10**8}/{act}")
        for number in two.token_ids:
            answer = two.visitor.post(f"/partner/tokens/{number}/{act}")
            assert (answer.status_code, answer.text) == (404, gone.text)
    rows = two.other.app.run(lambda: partner_store.tokens(two.other.app.deps.pool, two.other.id))
    assert [row["revoked_at"] for row in rows] == [None]
    for room, theirs in (("transactions", "secret-1"), ("leads", "secret-lead-1")):
        same = [two.visitor.page(f"/partner/{room}?number={n}") for n in (theirs, "nothing1")]
        assert same[0].replace(theirs, "") == same[1].replace("nothing1", "")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(st.data())
def test_whatever_stands_wherever(two: Two, data: st.DataObject) -> None:
    theirs = [*two.ids, *two.leads, *two.deliveries, *two.token_ids, two.other.public_id]
    values = st.sampled_from([*theirs, "secret-2", "secret-lead-2", *NOBODYS])
    place = data.draw(st.sampled_from(PLACES))
    query = data.draw(st.dictionaries(st.sampled_from(PARAMETERS), values, max_size=4))
    answer = two.visitor.client.get(f"/partner/{place}", params=query)
    assert answer.status_code in (200, 404)
    # What was typed into the filter stands in it again.
    given = " ".join(query.values())
    check(two, answer.text, given=given)
    for number in two.ids:
        assert f"/transactions/{number}" not in answer.text
    for number in two.leads:
        assert f"/leads/{number}" not in answer.text
