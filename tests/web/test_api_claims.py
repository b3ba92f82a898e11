"""Claims by the API, over HTTP."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from claim_client import PATH, PHONE, Room, open_room, token_of
from running_web import WebApp
from sample_data import READ_TOKEN
from uzel.kit.secrets import fingerprint
from uzel.payouts import payout_store
from uzel.payouts.payout import State
from uzel.payouts.steps import move
from uzel.people.scopes import CLAIMS_READ, CLAIMS_WRITE
from uzel.people.store import add_token
from uzel.web.api.claim_codes import CLAIM_CODES

CARD = "2200770212727079"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(scope="module")
def room(shared_web: WebApp) -> Iterator[Room]:
    yield open_room(shared_web)


def refused(answer: httpx2.Response, code: str) -> Any:
    """The problem, which says nothing of cards."""
    found = answer.json()
    assert (found["code"], answer.status_code) == (code, found["status"]), answer.text
    if code in CLAIM_CODES:
        assert CLAIM_CODES[code].status == answer.status_code
    assert CARD not in answer.text
    return found


def settle(room: Room, public_id: str, state: State) -> None:
    """The provider says so."""

    async def work() -> None:
        pool = room.app.deps.pool
        found = await payout_store.find(pool, public_id)
        async with pool.acquire() as connection, connection.transaction():
            row = await payout_store.lock(connection, found["id"])
            await move(connection, row, state, made_by="provider")

    room.app.run(work)


def test_a_claim_from_the_first_request_to_the_money(room: Room) -> None:
    answer = room.ask(
        "POST",
        json={"amount": "1000.50", "external_id": "life-1", "claimant": {"id": "1", "name": "А"}},
    )
    assert answer.status_code == 201
    made = answer.json()
    at = f"/{made['id']}"
    assert answer.headers["location"] == f"{PATH}{at}"
    assert (made["state"], made["claimant"], made["made_by"]) == (
        "draft",
        "api:shop:1",
        "token:shop",
    )
    found = refused(room.ask("POST", f"{at}/submit"), "claim_incomplete")
    assert found["missing"] == ["purpose", "name", "requisites"]
    fields = {"name": "Иванова Анна", "purpose": "Приз", "card": f"{CARD[:4]} {CARD[4:]}"}
    changed = room.ask("PATCH", at, json={**fields, "version": made["version"]}).json()
    assert (changed["card"], changed["kind"]) == ("220077••••••7079", "card")
    refused(room.ask("PATCH", at, json={"purpose": "Б", "version": 1}), "claim_changed")
    claim = room.ask("POST", f"{at}/submit").json()
    assert room.decide(claim).json()["state"] == "paying"
    paid = room.ask("GET", at).json()
    settle(room, paid["payout"], State.PAID)
    paid = room.ask("GET", at).json()
    assert [step["act"] for step in paid["steps"]] == [
        *("made", "edited", "submitted", "approved", "paying", "paid")
    ]
    assert (paid["state"], paid["approvals"], paid["payouts"][0]["state"]) == (
        "paid",
        ["vera"],
        "paid",
    )
    assert refused(room.ask("POST", f"{at}/cancel"), "claim_state")["state"] == "paid"
    assert room.ask("GET", "?claimant=api:shop:1").json()["items"][0]["id"] == made["id"]


def test_the_same_number_is_the_same_claim(room: Room) -> None:
    made = room.add(external_id="same-1")
    asked = {"amount": "1000.50", "name": "Иванова Анна", "purpose": "Приз", **PHONE}
    again = room.ask("POST", json={**asked, "external_id": "same-1", "submit": True})
    assert (again.status_code, again.json()) == (200, made)
    other = {**asked, "external_id": "same-1", "amount": "1"}
    refused(room.ask("POST", json=other), "external_id_reused")
    with ThreadPoolExecutor(8) as threads:
        said = list(
            threads.map(
                lambda _: room.ask("POST", json={**asked, "external_id": "same-2"}), range(8)
            )
        )
    assert {answer.status_code for answer in said} <= {200, 201}
    assert len({answer.json()["id"] for answer in said}) == 1


def test_twenty_approvals_at_once_pay_once(room: Room) -> None:
    claim = room.add()
    with ThreadPoolExecutor(20) as threads:
        said = list(threads.map(lambda n: room.decide(claim, ("vera", "boris")[n % 2]), range(20)))
    codes = sorted(answer.status_code for answer in said)
    assert codes == [200, *[409] * 19]
    assert len(room.ask("GET", f"/{claim['id']}").json()["payouts"]) == 1


def test_who_may_not_is_told_why(room: Room) -> None:
    claim = room.add()
    at = f"/{claim['id']}"
    refused(room.decide(claim, "shop"), "token_without_person")
    refused(room.decide(claim, "oleg"), "no_approver")
    refused(room.decide({**claim, "version": 1}), "claim_changed")
    rejection = {"reason": "нет"}
    refused(room.ask("POST", f"{at}/reject", by="shop", json=rejection), "token_without_person")
    refused(room.ask("POST", f"{at}/reject", by="vera", json={"reason": " "}), "reason_needed")
    own = room.add(by="vera")
    assert own["made_by"] == "vera"
    refused(room.decide(own), "same_person")
    # Whoever changed it once does not approve it, whatever others changed since.
    edited = room.ask("PATCH", at, by="vera", json={"amount": "9"}).json()
    edited = room.ask("PATCH", at, by="boris", json={"purpose": "Премия"}).json()
    refused(room.decide(edited), "same_person")
    done = room.ask("POST", f"/{own['id']}/reject", by="boris", json=rejection).json()
    assert (done["state"], done["reason"]) == ("rejected", "нет")
    plain = room.app.client.get(PATH, headers={"authorization": f"Bearer {READ_TOKEN}"})
    assert (plain.status_code, "claims:read" in plain.headers["www-authenticate"]) == (403, True)


def test_a_person_who_may_not_sign_in_decides_nothing(room: Room) -> None:
    claim = room.add()
    pool = room.app.deps.pool
    for change, code in (("now()", "no_approver"), ("null", "")):
        sql = f"update person set disabled_at = {change} where login = 'vera'"
        room.app.run(lambda: pool.execute(sql))  # noqa: B023 - run at once
        if code:
            refused(room.decide(claim), code)
    assert room.decide(claim).status_code == 200


def test_what_is_wrong_is_named_by_field(room: Room) -> None:
    right = {"amount": "1", "name": "Иванова Анна", "purpose": "Приз", "external_id": "wrong-1"}
    for fields, field, reason in (
        ({"amount": "0.50"}, "amount", "amount_too_small"),
        ({"card": CARD[:-1] + "8"}, "card", "card_checksum"),
        ({"card": CARD, **PHONE}, "card", "both_ways"),
        ({"phone": "+7 999 000-00-01", "bank": "банк"}, "bank", None),
        ({"phone": CARD, "bank": "Сбербанк"}, "phone", None),
        ({"name": "Анна", **PHONE}, "name", "missing"),
        ({"purpose": f"на {CARD}", **PHONE}, "purpose", "card_number"),
        ({"details": {"a": CARD}, **PHONE}, "details", "card_number"),
        ({"external_id": f"n {CARD}", **PHONE}, "external_id", "card_number"),
        ({"claimant": {"id": CARD}, **PHONE}, "claimant.id", "card_number"),
    ):
        found = refused(room.ask("POST", json={**right, **fields}), "claim_invalid")
        assert (found["field"], found["reason"]) == (field, reason or found["reason"])
        assert found["errors"][0]["location"] == f"body.{field}"
    asked = {**right, "phone": "+7 999 000-00-01", "bank": "банк"}
    some = room.ask("POST", json={**asked, "bank": "ак барс"})
    assert some.status_code == 201 or some.json()["field"] == "bank"
    for damaged in (
        {**right, "card": int(CARD)},
        {**right, "card": [CARD]},
        {**right, CARD: 1},
        {**right, "amount": CARD},
        {**right, "card": CARD * 20},
        {"external_id": {"card": CARD}},
        [CARD],
        CARD,
    ):
        refused(room.ask("POST", json=damaged), "invalid_request")
    refused(room.ask("POST", content=f'{{"card": "{CARD}"'.encode()), "invalid_request")
    refused(room.ask("GET", f"?{CARD}=1"), "invalid_request")
    refused(room.ask("GET", "/999999"), "not_found")


def test_what_is_said_and_kept_with_it(room: Room) -> None:
    at = f"/{room.add()['id']}"
    said = room.ask(
        "POST", f"{at}/messages", json={"text": f"вот {CARD}", "from_claimant": True}
    ).json()
    assert (said["text"], said["from_claimant"]) == ("вот 220077******7079", True)
    assert room.ask("GET", f"{at}/messages").json()["items"] == [said]
    refused(room.ask("POST", f"{at}/messages", json={"text": " "}), "reason_needed")
    more: Any = {"content": PNG, "headers": {"content-type": "text/html"}}
    kept = room.ask("POST", f"{at}/files?name=чек%20{CARD}.png", **more).json()
    assert (kept["content_type"], kept["name"]) == ("image/png", "чек 220077******7079.png")
    assert room.ask("GET", f"{at}/files").json()["items"] == [kept]
    answer = room.ask("GET", f"{at}/files/{kept['id']}")
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D1")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused(room.ask("POST", f"{at}/files?name=a", content=b"<script>"), "file_type")
    large = PNG + b"0" * (10 * 1024 * 1024)
    refused(room.ask("POST", f"{at}/files?name=a", content=large), "file_too_large")
    other = f"/{room.add()['id']}/files/{kept['id']}"
    refused(room.ask("GET", other), "not_found")


def test_lists_come_in_pages(room: Room) -> None:
    made = [room.add(by="other", claimant={"id": "pages"})["id"] for _ in range(3)]
    seen: list[int] = []
    path = "?claimant=api:other:pages&limit=2"
    answer = room.ask("GET", path)
    assert 'rel="next"' in answer.headers["link"]
    while True:
        page = answer.json()
        seen += [it["id"] for it in page["items"]]
        if page["next_cursor"] is None:
            break
        answer = room.ask("GET", f"{path}&cursor={page['next_cursor']}")
    assert seen == made[::-1]
    found = room.ask("GET", "?state=submitted&external_id=same-1").json()["items"]
    assert [it["external_id"] for it in found] in ([], ["same-1"])
    assert room.ask("GET", "?state=none").status_code == 422


def test_every_code_explains_itself(room: Room) -> None:
    for code, known in CLAIM_CODES.items():
        page = room.app.client.get(f"/problems/{code.replace('_', '-')}")
        assert (page.status_code, known.title in page.text) == (200, True)
    assert token_of("shop") not in str(room.app.deps)


def test_a_token_of_one_connection_knows_no_claims_of_others(room: Room) -> None:
    number = room.add()["id"]

    async def bind() -> None:
        async with room.app.deps.pool.acquire() as connection:
            other = await connection.fetchval(
                "select min(id) from connection where connector <> 'konsol'"
            )
            mark = fingerprint(token_of("bound"))
            scopes = [CLAIMS_READ, CLAIMS_WRITE]
            await add_token(connection, "bound", mark, scopes, other)

    room.app.run(bind)
    for method, path, body in (
        ("GET", f"/{number}", None),
        ("PATCH", f"/{number}", {"purpose": "Б"}),
        ("POST", f"/{number}/submit", None),
        ("POST", f"/{number}/cancel", {"reason": "x"}),
        ("GET", f"/{number}/messages", None),
        ("POST", f"/{number}/messages", {"text": "x"}),
        ("GET", f"/{number}/files", None),
    ):
        refused(room.ask(method, path, by="bound", json=body), "not_found")
    assert room.ask("GET", "", by="bound").json()["items"] == []
    made = room.ask("POST", "", by="bound", json={"amount": "5", "external_id": "bound-1"})
    refused(made, "payouts_off")
