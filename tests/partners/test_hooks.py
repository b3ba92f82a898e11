"""What partners hear of their payments: signed, at least once, and nothing that did not happen."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from partner_receiver import Hearing, hearing, signature
from parts import RING, Sandbox, go, module_dsn, sandbox, sandbox_server
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.connections import config as sealed
from uzel.connectors.partner_hook import PATIENCE
from uzel.errors import ConfigError
from uzel.kit import logs
from uzel.ledger.accounts import LIVE, TEST
from uzel.partners import hook_address, hooks, payment_store, shown
from uzel.partners.hooks import GONE_REASON, NotResent
from uzel.partners.lead import NewLead
from uzel.partners.leads import submit
from uzel.partners.payment import Answer, State
from uzel.partners.reports import Report, take

__all__ = ["module_dsn", "sandbox", "sandbox_server"]


def test_every_state_of_a_payment_is_told_once_and_signed(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            paid, lost = await it.pay("15"), await it.pay("20")
            await it.settle(paid, State.COMPLETED)
            await it.settle(lost, State.FAILED, "card refused")
            await it.settle(lost, State.FAILED, "card refused")
            await it.call()
            told = {(e["event"]["data"]["id"], e["event"]["type"]): e for e in it.heard()}
            assert set(told) == {
                (paid, "payment.pending"),
                (lost, "payment.pending"),
                (paid, "payment.completed"),
                (lost, "payment.failed"),
            }
            assert len(it.heard(well=None)) == len({e["id"] for e in it.heard()}) == 4
            failed = told[lost, "payment.failed"]["event"]
            assert (failed["is_test"], failed["data"]["error"]) == (False, "card refused")
            row = await payment_store.find(it.pool, it.partner.id, LIVE, lost)
            assert as_json(shown.of_row(row)) == failed["data"]
            pending = told[lost, "payment.pending"]["event"]
            assert pending["data"]["updated_at"] < failed["data"]["updated_at"]
            assert datetime.fromisoformat(failed["timestamp"]).tzinfo is not None

    go(work)


def test_what_became_of_a_lead_is_told(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            number = f"lead-{uuid4().hex[:8]}"
            new = NewLead(number, "https://pay.test/1", {})
            await submit(it.pool, it.partner, [new], lambda outcome: Answer(200, b""))
            for good in (False, False, True, True):
                report = Report(
                    number, it.partner.public_id, good, "Успешно", None, None, None, None, {}
                )
                async with it.pool.acquire() as connection, connection.transaction():
                    await take(connection, LIVE, report, robot_id=None, made_by="anna")
            await it.call()
            told = [e["event"] for e in it.heard()]
            assert sorted(e["type"] for e in told) == ["lead.completed", "lead.failed"]
            assert {e["data"]["external_id"] for e in told} == {number}

    go(work)


def as_json(value: Any) -> Any:
    import orjson

    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def test_a_group_of_payments_is_told_by_one_wake(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            jobs = "select count(*) from pgqueuer where entrypoint = 'calls'"
            before = await it.pool.fetchval(jobs)
            paid = await asyncio.gather(*(it.pay() for _ in range(60)))
            made = await it.pool.fetchval(jobs) - before
            assert made <= 4  # the first goes alone, the others together
            await it.call()
            assert {e["event"]["data"]["id"] for e in it.heard()} == set(paid)

    go(work)


def test_nothing_is_told_of_what_was_rolled_back(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            paid = await it.pay()
            await it.call()
            with pytest.raises(ZeroDivisionError):
                await failing(it, paid)
            await it.call()
            assert [e["event"]["type"] for e in it.heard()] == ["payment.pending"]
            assert len(await it.deliveries()) == 1

    async def failing(it: Hearing, paid: str) -> None:
        from uzel.partners.settle import settle

        async with it.pool.acquire() as connection, connection.transaction():
            await settle(connection, paid, State.COMPLETED, made_by="robot", reason="report")
            raise ZeroDivisionError

    go(work)


def test_a_partner_without_an_address_costs_nothing(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            await it.set_url("")
            paid = await it.pay()
            await it.settle(paid, State.COMPLETED)
            assert await it.deliveries() == []
            async with it.pool.acquire() as connection:
                await hooks.tell(connection, it.partner.id, TEST, "x.done", {}, "x")
                await hooks.tell_all(connection, [])

    go(work)


def test_told_twice_is_one_event(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            for _ in range(2):
                async with it.pool.acquire() as connection, connection.transaction():
                    data = {"id": "lead_1", "at": datetime(2026, 11, 21, tzinfo=UTC)}
                    args = (it.partner.id, LIVE, "lead.completed", data, "lead:1:completed")
                    await hooks.tell(connection, *args)
            await it.call()
            (heard,) = it.heard()
            assert heard["event"]["data"] == {"id": "lead_1", "at": "2026-11-21T00:00:00Z"}
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.subject, delivery.http_status) == (
                "delivered", "lead_1", 204,
            )  # fmt: skip

    go(work)


def test_a_worker_that_dies_in_between_delivers_again_under_the_same_id(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """It was taken, and nobody wrote that down: the receiver knows the event by its id."""

    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            await it.pay()
            dead = it.new_runner()
            await calls_store.beat(it.pool, dead.worker, "dead")
            sandbox.arm_at("partner_hook", "deliver", "timeout_after_accept")
            begun = asyncio.create_task(it.call(dead))
            while not it.heard():
                await asyncio.sleep(0.01)
            begun.cancel()
            await it.pool.execute(
                "update worker set seen_at = now() - interval '1 minute' where id = $1",
                dead.worker,
            )
            await it.pool.execute(
                "update call set started_at = started_at - interval '1 minute' "
                "where connection_id = $1",
                it.connection_id,
            )
            await recover.recover_abandoned(it.pool, it.registry, it.runner)
            await it.call()
            first, second = it.heard()
            assert first["id"] == second["id"] and first["body"] == second["body"]
            assert (first["again"], second["again"]) == (False, True)
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.attempts) == ("delivered", 2)

    go(work)


def test_a_receiver_that_fails_is_tried_for_three_days_and_no_longer(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            it.behave(status=500, says="no database  today")
            await it.pay()
            for attempt, pause_s in enumerate(PATIENCE.pauses_s, 1):
                await it.call()
                (delivery,) = await it.deliveries()
                assert (delivery.state, delivery.attempts) == ("pending", attempt)
                assert (delivery.http_status, delivery.said) == (500, "HTTP 500: no database today")
                assert delivery.next_at is not None
                waits_s = (delivery.next_at - datetime.now(UTC)).total_seconds()
                assert pause_s - 60 < waits_s <= pause_s * 1.25
                await it.hurry()
            await it.age(60)
            await it.call()
            (delivery,) = await it.deliveries()
            assert delivery.next_at is not None  # the last attempt, when the three days are over
            assert delivery.next_at - delivery.created_at <= timedelta(hours=73)
            await it.age(13)
            await it.hurry()
            await it.call()
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.attempts) == ("failed", 10)
            assert len({e["id"] for e in it.heard()}) == 1
            it.behave()
            async with it.pool.acquire() as connection, connection.transaction():
                args = (connection, it.partner.id, LIVE)
                again = await hooks.resend(*args, delivery.id)
                with pytest.raises(NotResent, match="still"):
                    await hooks.resend(*args, delivery.id)
                with pytest.raises(NotResent, match="no delivery"):
                    await hooks.resend(*args, "dlv_1")
            await it.call()
            newest, old = await it.deliveries()
            assert (newest.id, newest.state, old.state) == (again, "delivered", "failed")
            heard = it.heard()
            assert len({(e["id"], e["body"]) for e in heard}) == 1
            assert heard[-1]["timestamp"] >= heard[0]["timestamp"]

    go(work)


def test_what_waits_behind_a_dead_receiver_is_given_up_as_well(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            await it.pay()
            await it.age(72.4)
            await recover.give_up_old(it.pool, it.registry, it.runner)
            assert [d.state for d in await it.deliveries()] == ["pending"]
            await it.age(0.2)
            await recover.give_up_old(it.pool, it.registry, it.runner)
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.attempts) == ("failed", 0)
            assert delivery.said == recover.TOO_OLD

    go(work)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 429, 500, 503])
def test_every_other_answer_is_tried_again(module_dsn: str, sandbox: Sandbox, status: int) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            elsewhere = f"{sandbox.url}/partner_hook/elsewhere-{uuid4().hex}"
            it.behave(status=status, location=elsewhere)
            await it.pay()
            await it.call()
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.http_status) == ("pending", status)
            hook = await hook_address.hook_of(it.pool, it.partner.id, LIVE)
            assert hook is not None and hook.state == "active"
            assert len(it.heard()) == 1  # a redirect is not followed

    go(work)


@pytest.mark.parametrize("status", [429, 503])
def test_a_time_that_the_receiver_names_is_kept(
    module_dsn: str, sandbox: Sandbox, status: int
) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            it.behave(status=status, retry_after="600")
            await it.pay()
            await it.call()
            (delivery,) = await it.deliveries()
            assert delivery.next_at is not None
            assert 590 < (delivery.next_at - datetime.now(UTC)).total_seconds() <= 600
            it.behave()
            await it.pay()
            await it.call()
            assert len(it.heard()) == 1  # the second waits, too

    go(work)


def test_410_switches_off_and_a_person_hears_of_it(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            it.behave(status=410)
            await it.pay()
            await it.call()
            hook = await hook_address.hook_of(it.pool, it.partner.id, LIVE)
            assert hook is not None
            assert (hook.state, hook.reason) == ("off", GONE_REASON)
            (delivery,) = await it.deliveries()
            assert (delivery.state, delivery.http_status) == ("failed", 410)
            await it.pay()
            assert len(await it.deliveries()) == 1
            noted = await it.pool.fetchval(
                "select action from audit where subject = $1 order by id desc limit 1",
                f"partner:{it.partner.id}",
            )
            assert noted == "hook_gone"
            from uzel.views.overview_store import troubled_connections

            async with it.pool.acquire() as connection:
                rows = await troubled_connections(connection)
                with pytest.raises(NotResent, match="switched off"):
                    await hooks.resend(connection, it.partner.id, LIVE, delivery.id)
            assert [r["gone"] for r in rows if r["id"] == it.connection_id] == [True]
            await it.set_url(f"{sandbox.url}/partner_hook/{it.name}")
            it.behave()
            await it.pay()
            await it.call()
            assert [d.state for d in await it.deliveries()] == ["delivered", "failed"]

    go(work)


def test_one_that_hangs_holds_up_no_other(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with (
            hearing(module_dsn, sandbox) as slow,
            hearing(module_dsn, sandbox) as quick,
        ):
            await slow.pay()
            await quick.pay()
            await slow.registry.refresh()
            sandbox.arm_at("partner_hook", "deliver", "timeout_before")
            await slow.runner.pump(slow.connection_id)
            (hanging,) = slow.runner._running()
            await slow.runner.pump(quick.connection_id)
            async with asyncio.timeout(10):
                while not quick.heard():
                    await asyncio.sleep(0.01)
            assert not hanging.done()
            assert slow.heard() == []

    go(work)


def test_during_a_rotation_both_secrets_sign(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            old = it.secret
            new = await it.rotate()
            assert new != old
            hook = await hook_address.hook_of(it.pool, it.partner.id, LIVE)
            assert hook is not None and hook.old_until is not None
            assert timedelta(hours=23) < hook.old_until - datetime.now(UTC) <= timedelta(hours=24)
            for known in ([old], [new]):
                it.behave(secrets=known)
                await it.pay()
                await it.call()
            assert [e["signatures"] for e in it.heard()] == [2, 2]
            await it.pool.execute(
                "update connection set settings = jsonb_set(settings, '{old_until}', "
                "'\"2026-01-01T00:00:00Z\"') where id = $1",
                it.connection_id,
            )
            await it.pay()
            await it.call()
            assert it.heard()[-1]["signatures"] == 1
            it.behave(secrets=[old])
            await it.pay()
            await it.call()
            assert it.heard(well=False)[-1]["signatures"] == 1

    go(work)


def test_the_test_book_has_a_secret_of_its_own(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            url = f"{sandbox.url}/partner_hook/{it.name}"
            other = await it.set_url(url, TEST)
            assert other.secret not in (None, it.secret)
            assert other.connection_id != it.connection_id
            async with it.pool.acquire() as connection, connection.transaction():
                await hooks.tell_test(connection, it.partner.id, TEST)
            assert other.connection_id is not None
            await it.runner.pump(other.connection_id)
            while running := it.runner._running():
                await asyncio.wait(running)
            assert it.heard() == []
            (entry,) = it.heard(well=False)
            assert entry["event"] | {"timestamp": ""} == {
                "type": "test", "timestamp": "", "is_test": True, "data": {},
            }  # fmt: skip

    go(work)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://10.1.2.3/hook", "UZEL_ALLOW_PRIVATE_ADDRESSES"),
        ("https://192.168.0.7/hook", "private address"),
        ("https://169.254.169.254/latest", "private address"),
        ("https://[::ffff:10.0.0.1]/", "private address"),
        ("http://93.184.216.34/hook", "begins with https://"),
        ("ftp://shop.example/", "an address is like"),
        ("https://", "name of the server"),
        ("https://user:word@shop.example/hook", "no user and password"),
        ("https://shop.example/hook#part", "an address is like"),
        ("https://shop.example/крючок", "in ASCII"),
        ("shop.example/hook", "an address is like"),
        ("https://shop.example:99999/hook", "a port is"),
    ],
)
def test_addresses_that_are_refused(module_dsn: str, sandbox: Sandbox, url: str, said: str) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            with pytest.raises(ConfigError, match=said):
                await it.set_url(url)
            hook = await hook_address.hook_of(it.pool, it.partner.id, LIVE)
            assert hook is not None and hook.url.startswith(sandbox.url)

    go(work)


def test_an_address_is_asked_for_as_it_was_given(module_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            url = f"{sandbox.url}/partner_hook/{it.name}/sub/?from=uzel&key=a%20b"
            done = await it.set_url(url)
            assert (done.url, done.secret) == (url, None)
            it.name = f"{it.name}/sub/"
            it.behave()
            await it.pay()
            await it.call()
            assert [e["query"] for e in it.heard()] == ["from=uzel&key=a%20b"]

    go(work)


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
    yield stream
    root.handlers[:], root.level = before


def test_the_secret_is_sealed_and_in_no_table_nor_log(
    module_dsn: str, sandbox: Sandbox, written: io.StringIO
) -> None:
    async def work() -> None:
        async with hearing(module_dsn, sandbox) as it:
            await it.pay()
            await it.call()
            new = await it.rotate()
            await it.pay()
            it.behave(status=500, secrets=[it.secret], says=f"not {it.secret} nor secret={new}")
            await it.call()
            assert "500" in written.getvalue()
            tables = await it.pool.fetch(
                "select quote_ident(table_name) as name from information_schema.tables "
                "where table_schema = 'public'"
            )
            for table in tables:
                rows = await it.pool.fetch(f"select t::text as row from {table['name']} t")
                text = "\n".join(row["row"] for row in rows)
                for secret in (it.secret, new):
                    assert secret not in text + written.getvalue()
                    assert secret.removeprefix("whsec_") not in text
            row = await it.pool.fetchval(
                "select secrets from connection where id = $1", it.connection_id
            )
            kept = sealed.unseal(RING, it.connection_id, row)
            assert kept == {"secret": new, "old_secret": it.secret}

    go(work)


def test_signatures_are_what_the_specification_says() -> None:
    """The example of Standard Webhooks, and its signature as published there."""
    from uzel.connectors.partner_hook.signing import sign

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    made = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body.encode())
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made == signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert json.loads(body)
