"""Partners and their tokens: nothing beyond what one may do, and no way round it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cabinet_visitor import CabinetVisitor
from partner_client import Client, add_client
from running_web import WebApp
from uzel.partners import own_tokens, partner_store
from uzel.partners.manage import ALL_SCOPES, READ, SCOPES, TOKENS, add_token

SECRET = re.compile(r'class="secret">([^<]+)<')


def rows_of(it: Client) -> list[Any]:
    return it.app.run(lambda: partner_store.tokens(it.app.deps.pool, it.id))


def owner(app: WebApp, **more: Any) -> tuple[Client, CabinetVisitor]:
    it = add_client(app, "10", scopes=ALL_SCOPES, **more)
    return it, CabinetVisitor(app.url).sign_in(it.token)


def secret_of(text: str) -> str:
    found = SECRET.search(text)
    assert found is not None
    return unescape(found[1])


def with_token(it: Client, token: str) -> Client:
    return Client(it.app, it.id, it.public_id, it.name, token, it.account)


def test_a_new_token_works_is_shown_once_and_noted(app: WebApp) -> None:
    it, visitor = owner(app)
    answer = visitor.post("/partner/tokens", name=" bot  one ", **{"scope:read": "on"})
    assert answer.status_code == 201
    made = secret_of(answer.text)
    assert with_token(it, made).act("get_balance").status_code == 200
    assert with_token(it, made).pay("1").status_code == 403
    page = visitor.page("/partner/tokens")
    assert made not in page
    assert "bot one" in page
    row = rows_of(it)[-1]
    assert (row["scopes"], row["created_by"]) == (
        [READ],
        f"{it.public_id}, token {rows_of(it)[0]['id']}",
    )
    noted = app.run(
        lambda: app.deps.pool.fetchval(
            "select count(*) from audit where subject = $1 and action = 'add_token'",
            f"partner:{it.id}",
        )
    )
    assert noted == 1


def test_programs_tokens_cannot_make_others(app: WebApp) -> None:
    it = add_client(app, scopes=SCOPES)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    page = visitor.page("/partner/tokens")
    assert "/revoke" not in page
    own = rows_of(it)[0]["id"]
    for path in (
        "/partner/tokens",
        f"/partner/tokens/{own}/rotate",
        f"/partner/tokens/{own}/revoke",
    ):
        answer = visitor.post(path, name="x", **{"scope:read": "on"})
        assert answer.status_code == 422, path
    assert len(rows_of(it)) == 1
    assert rows_of(it)[0]["revoked_at"] is None


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(
    st.sets(st.sampled_from(ALL_SCOPES)),
    st.sets(st.sampled_from(ALL_SCOPES)),
    st.booleans(),
    st.booleans(),
)
def test_nothing_beyond_the_own_token(
    app: WebApp, own: set[str], wanted: set[str], is_test: bool, of_test: bool
) -> None:
    it = add_client(app, scopes=tuple(own | {READ, TOKENS}), is_test=is_test)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    fields = {f"scope:{name}": "on" for name in wanted} | ({"test": "on"} if of_test else {})
    answer = visitor.post("/partner/tokens", name="x", **fields)
    good = bool(wanted) and wanted <= (own | {READ}) - {TOKENS} and (of_test or not is_test)
    assert answer.status_code == (201 if good else 422)
    made = rows_of(it)[1:]
    assert len(made) == good
    for row in made:
        assert set(row["scopes"]) == wanted
        assert row["is_test"] == of_test


def test_rotation_with_an_overlap(app: WebApp) -> None:
    it, visitor = owner(app)
    answer = visitor.post("/partner/tokens", name="bot", **{"scope:read": "on"})
    old, number = with_token(it, secret_of(answer.text)), rows_of(it)[-1]["id"]
    answer = visitor.post(f"/partner/tokens/{number}/rotate", overlap="1")
    new = with_token(it, secret_of(answer.text))
    assert [one.act("get_balance").status_code for one in (old, new)] == [200, 200]
    row = next(row for row in rows_of(it) if row["id"] == number)
    assert timedelta(0) < row["expires_at"] - datetime.now(UTC) <= timedelta(hours=1)
    newest = rows_of(it)[-1]
    assert (newest["scopes"], newest["name"], newest["expires_at"]) == ([READ], "bot", None)
    # What ends within the hour cannot be made to live longer.
    answer = visitor.post(f"/partner/tokens/{number}/rotate", overlap="168")
    again = next(one for one in rows_of(it) if one["id"] == number)
    assert again["expires_at"] <= row["expires_at"]
    assert rows_of(it)[-1]["expires_at"] == row["expires_at"]
    at_once = visitor.post(f"/partner/tokens/{newest['id']}/rotate", overlap="0")
    assert at_once.status_code == 201
    app.deps.partners.gate._access._known.clear()  # a second has passed
    assert new.act("get_balance").status_code == 401


def test_no_token_stronger_than_the_own_one_is_replaced(app: WebApp) -> None:
    it = add_client(app, scopes=(READ, TOKENS))

    async def stronger() -> int:
        async with app.deps.pool.acquire() as connection:
            return (await add_token(connection, it.id, "bot", scopes=SCOPES)).id

    number = app.run(stronger)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    assert visitor.post(f"/partner/tokens/{number}/rotate").status_code == 422
    assert len(rows_of(it)) == 2
    # But a lost one can always be ended.
    assert visitor.post(f"/partner/tokens/{number}/revoke").status_code == 303
    assert rows_of(it)[1]["revoked_at"] is not None


def test_who_ends_the_own_token_is_out(app: WebApp) -> None:
    it, visitor = owner(app)
    assert visitor.post(f"/partner/tokens/{rows_of(it)[0]['id']}/revoke").status_code == 303
    assert visitor.get("/partner/").status_code == 303


def test_a_test_session_sees_and_touches_test_tokens_only(app: WebApp) -> None:
    it = add_client(app, scopes=ALL_SCOPES, is_test=True)

    async def live() -> int:
        async with app.deps.pool.acquire() as connection:
            return (await add_token(connection, it.id, "the live one", scopes=[READ])).id

    number = app.run(live)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    assert "the live one" not in visitor.page("/partner/tokens")
    for act in ("revoke", "rotate"):
        assert visitor.post(f"/partner/tokens/{number}/{act}").status_code == 404
    assert rows_of(it)[1]["revoked_at"] is None


def test_there_is_an_end_to_the_number_of_tokens(app: WebApp) -> None:
    it, visitor = owner(app)
    fill = (
        "insert into partner_token (partner_id, name, hash, prefix, scopes, is_test) "
        "select $1::int, 'n', sha256(('x' || $1::int || '-' || n)::bytea), 'p', '{read}', false "
        "from generate_series(2, $2) n"
    )
    app.run(lambda: app.deps.pool.execute(fill, it.id, own_tokens.MOST_LIVING))
    answer = visitor.post("/partner/tokens", name="x", **{"scope:read": "on"})
    assert answer.status_code == 422
    assert len(rows_of(it)) == own_tokens.MOST_LIVING
