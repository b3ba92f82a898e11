"""Whether the answers of /healthz and /readyz are true."""

import pytest

from running_web import WebApp
from sample_data import IIKO_KEY, delivery

HOOK = f"/api/webhook/iiko?key={IIKO_KEY}"
# What PostgreSQL says of a disk without room: SQLSTATE 53100.
FULL_DISK = """
create function no_room() returns trigger language plpgsql as $$
begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end
$$;
create trigger no_room before insert on raw_event execute function no_room()
"""


def execute(web_app: WebApp, statement: str) -> None:
    web_app.run(lambda: web_app.deps.pool.execute(statement))


def rows(web_app: WebApp) -> int:
    count: int = web_app.run(lambda: web_app.deps.pool.fetchval("select count(*) from raw_event"))
    return count


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_answers_as_get_without_a_body(shared_web: WebApp, path: str) -> None:
    got, headed = shared_web.client.get(path), shared_web.client.head(path)
    assert (got.status_code, got.json()) == (200, {"status": "ok"})
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert shared_web.client.post(path).status_code == 405


def test_a_full_disk_is_no_readiness(web_app: WebApp) -> None:
    client = web_app.client
    execute(web_app, FULL_DISK)
    assert client.post(HOOK, json=delivery(81, "Closed", None)).status_code == 503
    before = rows(web_app)
    for _ in range(3):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert "disk of the database is full" in answer.json()["detail"]
        assert client.head("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    execute(web_app, "drop trigger no_room on raw_event")
    assert client.post(HOOK, json=delivery(81, "Closed", None)).status_code == 200
    assert client.get("/readyz").json() == {"status": "ok"}
    assert rows(web_app) == before + 1


def test_readiness_comes_back_without_a_webhook(web_app: WebApp) -> None:
    """A proxy that sends nothing to who is not ready would otherwise keep it so."""
    execute(web_app, FULL_DISK)
    assert web_app.client.post(HOOK, json=delivery(82, "Closed", None)).status_code == 503
    execute(web_app, "drop trigger no_room on raw_event")
    before = rows(web_app)
    assert web_app.client.get("/readyz").json() == {"status": "ok"}
    assert rows(web_app) == before, "what was stored by way of trial is undone"


def test_the_end_of_a_connection_is_no_trouble(web_app: WebApp) -> None:
    """The last failed request belonged to one that has been deleted since."""
    execute(web_app, FULL_DISK)
    assert web_app.client.post(HOOK, json=delivery(83, "Closed", None)).status_code == 503
    execute(web_app, "drop trigger no_room on raw_event")
    trouble = web_app.deps.receiver._trouble
    assert trouble is not None
    trouble.connection_id = 1_000_000
    assert web_app.client.get("/readyz").status_code == 200


def test_a_database_that_takes_no_changes_is_no_readiness(web_app: WebApp) -> None:
    async def read_only() -> None:
        name = await web_app.deps.pool.fetchval("select current_database()")
        await web_app.deps.pool.execute(
            f'alter database "{name}" set default_transaction_read_only = on'
        )
        await web_app.deps.pool.expire_connections()

    web_app.run(read_only)
    answer = web_app.client.get("/readyz")
    assert answer.status_code == 503
    assert "read-only" in answer.json()["detail"]
