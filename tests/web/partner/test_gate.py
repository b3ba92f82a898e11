"""Who is let in: a living token, from its networks, at its pace; and what becomes known of it."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest

from partner_client import API, Client, add_client
from running_web import WebApp
from uzel.kit import logs
from uzel.partners.access import FRESH_S
from uzel.web.partner.gate import within
from uzel.web.partner.limits import Limits

WRONG = {"status": "error", "message": "Unauthorized: Invalid API token."}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"api_token": ""},
        {"api_token": "nope"},
        {"api_token[]": "TOKEN"},
        {"api_token[a][b]": "TOKEN"},
        {"api_token": "TOKEN\0"},
        {"api_token": " TOKEN"},
        {"api_token": "x" * 100_000},
    ],
)
def test_what_is_no_token(partner: Client, given: dict[str, str]) -> None:
    fields = {name: value.replace("TOKEN", partner.token) for name, value in given.items()}
    for action in ("get_balance", "zzz", "process_payment"):
        answer = partner.app.client.post(API, data={"action": action, **fields})
        assert answer.status_code == 401
        assert WRONG.items() <= answer.json().items()


@pytest.mark.parametrize("token", [["TOKEN"], {"a": "TOKEN"}, 5, None, True, [["TOKEN"]]])
def test_what_is_no_token_in_json(partner: Client, token: object) -> None:
    text = json.dumps({"action": "get_balance", "api_token": token})
    body = text.replace("TOKEN", partner.token)
    headers = {"content-type": "application/json"}
    answer = partner.app.client.post(API, content=body, headers=headers)
    assert answer.status_code == 401


def test_a_revoked_token_is_none(partner: Client) -> None:
    assert partner.act("get_balance").status_code == 200
    revoke = "update partner_token set revoked_at = now() where partner_id = $1"
    partner.app.run(lambda: partner.app.deps.pool.execute(revoke, partner.id))
    known = partner.app.deps.partners.gate._access._known
    assert all(
        until - FRESH_S <= max(at for at, _ in known.values()) for until, _ in known.values()
    )
    known.clear()  # a second has passed
    assert partner.act("get_balance").status_code == 401


def test_a_token_in_the_address_only_where_agreed(app: WebApp) -> None:
    it = add_client(app, token_in_url=False)
    answer = it.get("get_balance")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "token_in_url")
    assert it.act("get_balance").status_code == 200
    headers = {"authorization": f"Bearer {it.token}"}
    query = {"action": "get_balance"}
    assert app.client.get(API, params=query, headers=headers).status_code == 200


def test_only_from_its_networks(app: WebApp) -> None:
    it = add_client(app, addresses=("192.0.2.0/24",))
    answer = it.act("get_balance")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "address_not_allowed")
    refused = it.v1("GET", "/balance")
    assert (refused.status_code, refused.json()["code"]) == (403, "address_not_allowed")
    near = add_client(app, addresses=("192.0.2.0/24", "127.0.0.0/8"))
    assert near.act("get_balance").status_code == 200


def test_networks_of_both_kinds() -> None:
    networks = ("192.0.2.0/24", "2001:db8::/32")
    assert within("192.0.2.7", networks)
    assert within("::ffff:192.0.2.7", networks)
    assert within("2001:db8::1", networks)
    assert not within("198.51.100.1", networks)
    assert not within("2001:db9::1", networks)
    assert not within("", networks)
    assert not within("unix:", networks)


def test_too_fast(app: WebApp) -> None:
    it, other = add_client(app, per_minute=3), add_client(app)
    assert [it.act("get_balance").status_code for _ in range(3)] == [200] * 3
    answer = it.act("get_balance")
    assert (answer.status_code, answer.json()["error_code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    modern = it.v1("GET", "/balance")
    assert (modern.status_code, modern.json()["code"]) == (429, "rate_limited")
    assert "retry-after" in modern.headers
    assert other.act("get_balance").status_code == 200


def test_a_bucket_fills_steadily() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    assert [limits.take(1, 60) for _ in range(61)] == [0] * 60 + [1]
    now[0] = 2.5
    assert [limits.take(1, 60) for _ in range(3)] == [0, 0, 1]
    assert limits.take(2, 60) == 0
    now[0] = 10_000.0
    assert [limits.take(1, 60) for _ in range(61)] == [0] * 60 + [1]


def test_a_token_without_the_scope(app: WebApp) -> None:
    it = add_client(app, "10", scopes=("read",))
    assert it.act("get_balance").status_code == 200
    answer = it.pay("1")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "scope_missing")
    assert it.payments() == 0


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs, as its log has it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.set_up_logs("json", "debug")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    logging.getLogger("asyncio").setLevel("WARNING")
    yield stream
    root.handlers[:], root.level = before


def test_no_token_gets_into_a_log_an_answer_or_the_database(
    app: WebApp, written: io.StringIO
) -> None:
    canary = f"canary{uuid4().hex}"
    it = add_client(app, "10", token=canary)
    answers = [
        it.get("get_balance"),
        it.act("zzz"),
        it.pay("1"),
        it.get("get_transaction_status", transaction_id="none"),
        it.app.client.get(API, params={"api_token": canary + "x", "action": "get_balance"}),
        it.v1("GET", "/balance"),
        it.v1("GET", f"/payments/{canary}"),
        it.app.client.get(f"{API}/{canary}", params={"api_token": canary}),
    ]
    # An error of ours on the way.
    rename = "alter table payment rename column {0} to {1}"
    app.run(lambda: app.deps.pool.execute(rename.format("external_id", "was")))
    with contextlib.ExitStack() as stack:
        undo = rename.format("was", "external_id")
        stack.callback(lambda: app.run(lambda: app.deps.pool.execute(undo)))
        broken = it.get("get_transaction_status", transaction_id="none")
        assert (broken.status_code, broken.json()["error_code"]) == (500, "internal_error")
        answers.append(broken)
    logged = written.getvalue()
    assert "a request to an old address failed" in logged
    assert canary not in logged
    for answer in answers[:-3] + answers[-1:]:
        assert canary not in answer.text + str(answer.headers)
    rows = app.run(lambda: app.deps.pool.fetch("select t::text from partner_token t"))
    assert canary not in str(rows)
