"""Who gets in, for how long, and what is known of it afterwards."""

import contextlib
import io
import json
import logging
from pathlib import Path
from uuid import uuid4

import pytest

from cabinet_visitor import PAGES, CabinetVisitor
from partner_client import Client, add_client, partner_web
from running_web import WebApp
from uzel.kit import logs
from uzel.kit.secrets import fingerprint
from uzel.partners import partner_store
from uzel.partners.manage import ALL_SCOPES
from uzel.web.partner.wrong_tokens import WrongTokens

IN, OUT = 200, 303


def open_to(visitor: CabinetVisitor) -> int:
    return visitor.get("/partner/tokens").status_code


def sql(app: WebApp, statement: str, *values: object) -> None:
    app.run(lambda: app.deps.pool.execute(statement, *values))


def test_nobody_sees_anything_without_a_session(app: WebApp) -> None:
    visitor = CabinetVisitor(app.url)
    for path in (*PAGES, "/partner/transactions/txn_0", "/partner/tokens?x=1"):
        answer = visitor.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/partner/sign-in"), path
    answer = visitor.get("/partner/statement?period=last")
    page = visitor.page(answer.headers["location"])
    assert 'value="/partner/statement?period=last"' in page


def test_in_and_out(app: WebApp) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    assert open_to(visitor) == IN
    kept = visitor.client.cookies["uzel_partner"]
    answer = visitor.post("/partner/sign-out")
    assert answer.status_code == 303
    assert open_to(visitor) == OUT
    again = CabinetVisitor(app.url)
    again.client.cookies.set("uzel_partner", kept)
    assert open_to(again) == OUT


def test_the_cookie_proves_it_and_the_database_has_its_hash(app: WebApp) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url)
    visitor.page("/partner/sign-in")
    answer = visitor.post("/partner/sign-in", token=it.token)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "uzel_partner=" in c)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    value = cookie.partition("=")[2].partition(";")[0]
    rows = app.run(lambda: app.deps.pool.fetch("select s::text, token_hash from partner_session s"))
    assert value not in str(rows)
    assert fingerprint(value) in [row["token_hash"] for row in rows]


def test_over_https_the_cookie_stays_there(dsn: str, tmp_path: Path) -> None:
    with partner_web(dsn, tmp_path, public_url="https://uzel.example.ru") as secure:
        it = add_client(secure)
        visitor = CabinetVisitor(secure.url)
        page = visitor.get("/partner/sign-in")
        token = page.cookies["__Host-uzel_partner_form"]
        answer = secure.client.post(
            "/partner/sign-in",
            data={"csrf": visitor.csrf, "token": it.token},
            headers={"cookie": f"__Host-uzel_partner_form={token}"},
        )
        assert answer.status_code == 303
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "uzel_partner=" in c)
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie


@pytest.mark.parametrize("token", ["", " ", "nope", "x" * 600, "\0", "uzp_" + "a" * 52])
def test_a_wrong_token(app: WebApp, token: str) -> None:
    visitor = CabinetVisitor(app.url)
    visitor.page("/partner/sign-in")
    answer = visitor.post("/partner/sign-in", token=token)
    assert answer.status_code == 401
    assert "Такого действующего токена нет" in answer.text
    assert "uzel_partner" not in visitor.client.cookies
    if len(token) > 3:
        assert token not in answer.text


def test_a_token_that_may_not_read(app: WebApp) -> None:
    it = add_client(app, scopes=("payments:write",))
    visitor = CabinetVisitor(app.url)
    visitor.page("/partner/sign-in")
    assert visitor.post("/partner/sign-in", token=it.token).status_code == 403


@pytest.mark.parametrize(
    "end",
    [
        "update partner_token set revoked_at = now() where partner_id = $1",
        "update partner_token set expires_at = now() where partner_id = $1",
        "update partner_token set scopes = '{payments:write}' where partner_id = $1",
        "update partner set state = 'off' where id = $1",
        "update partner_session set seen_at = now() - interval '12 hours 1 minute' "
        "where partner_token_id in (select id from partner_token where partner_id = $1)",
        "update partner_session set created_at = now() - interval '8 days' "
        "where partner_token_id in (select id from partner_token where partner_id = $1)",
    ],
)
def test_what_ends_a_session(app: WebApp, end: str) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    assert open_to(visitor) == IN
    sql(app, end, it.id)
    assert open_to(visitor) == OUT


def test_a_session_in_use_lives_on(app: WebApp) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    older = (
        "update partner_session set seen_at = now() - interval '11 hours' where partner_token_id "
        "in (select id from partner_token where partner_id = $1)"
    )
    for _ in range(2):
        sql(app, older, it.id)
        assert open_to(visitor) == IN


def test_only_from_its_networks(app: WebApp) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    sql(
        app,
        """update partner set settings = '{"addresses": ["192.0.2.0/24"]}' where id = $1""",
        it.id,
    )
    assert open_to(visitor) == 403
    app.deps.partners.gate._access._known.clear()  # a second has passed
    late = CabinetVisitor(app.url)
    late.page("/partner/sign-in")
    assert late.post("/partner/sign-in", token=it.token).status_code == 403


def test_a_form_needs_its_token(app: WebApp) -> None:
    it = add_client(app, scopes=ALL_SCOPES)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    other = CabinetVisitor(app.url).sign_in(it.token)
    forms: dict[str, dict[str, str]] = {
        "/partner/sign-out": {},
        "/partner/preferences": {"language": "en"},
        "/partner/tokens": {"name": "x", "scope:read": "on"},
        "/partner/tokens/1/revoke": {},
        "/partner/tokens/1/rotate": {},
        "/partner/webhooks/address": {"url": "https://elsewhere.example"},
        "/partner/webhooks/secret": {},
        "/partner/webhooks/test": {},
        f"/partner/webhooks/dlv_{'0' * 32}/resend": {},
        "/partner/api/try": {"name": "get_balance"},
        "/partner/sign-in": {"token": it.token},
    }
    for path, fields in forms.items():
        for csrf in ("", "x", other.csrf):
            answer = visitor.client.post(path, data={"csrf": csrf, **fields})
            assert answer.status_code == 403, path
    assert open_to(visitor) == IN
    rows = app.run(lambda: partner_store.tokens(app.deps.pool, it.id))
    assert len(rows) == 1


@pytest.mark.parametrize(
    "wanted",
    ["https://elsewhere.example", "//elsewhere", "/\\elsewhere", "/", "/events", "/partners/"],
)
def test_signing_in_leads_to_the_cabinet_only(app: WebApp, wanted: str) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url)
    visitor.page("/partner/sign-in")
    answer = visitor.post("/partner/sign-in", token=it.token, next=wanted)
    assert answer.headers["location"] == "/partner/"


def test_guesses_are_counted_together_with_those_at_the_api(
    dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with partner_web(dsn, tmp_path_factory.mktemp("guesses")) as app:
        it = add_client(app)
        app.deps.partners.gate.wrong = WrongTokens(4, 100)
        wrong = Client(app, 0, "", "", "no-such-token", 0)
        assert [wrong.act("get_balance").status_code for _ in range(2)] == [401, 401]
        visitor = CabinetVisitor(app.url)
        visitor.page("/partner/sign-in")
        said = [visitor.post("/partner/sign-in", token=f"t{n}") for n in range(3)]
        assert [answer.status_code for answer in said] == [401, 401, 429]
        assert int(said[2].headers["retry-after"]) >= 1
        assert visitor.post("/partner/sign-in", token=it.token).status_code == 429
        assert wrong.act("get_balance").status_code == 429


def test_no_token_or_session_gets_into_a_log_or_a_page(app: WebApp) -> None:
    canary = f"canary{uuid4().hex}"
    it = add_client(app, "10", token=canary, scopes=ALL_SCOPES)
    it.pay("1", key="one")
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: root.setLevel(before[1]))
        stack.callback(lambda: root.handlers.__setitem__(slice(None), before[0]))
        logs.set_up_logs("json", "debug")
        handler = root.handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream)
        logging.getLogger("asyncio").setLevel("WARNING")
        visitor = CabinetVisitor(app.url)
        visitor.page("/partner/sign-in")
        visitor.post("/partner/sign-in", token=canary + "x")
        visitor.sign_in(canary)
        session = visitor.client.cookies["uzel_partner"]
        answers = [visitor.get(path) for path in PAGES]
        answers.append(visitor.post("/partner/api/try", name="get_balance"))
        sql(app, "alter table payment_step rename column reason to was")
        stack.callback(lambda: sql(app, "alter table payment_step rename column was to reason"))
        number = it.v1("GET", "/payments").json()["items"][0]["id"]
        broken = visitor.get(f"/partner/transactions/{number}")
        assert broken.status_code == 500
        answers.append(broken)
    logged = stream.getvalue()
    assert "a page of the cabinet failed" in logged
    for line in logged.splitlines():
        json.loads(line)
    for secret in (canary, session, visitor.csrf):
        assert secret not in logged
    for answer in answers:
        assert canary not in answer.text
        assert session not in answer.text
        assert "lent_" not in answer.text
