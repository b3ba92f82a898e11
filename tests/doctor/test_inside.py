"""What the doctor learns from the database."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from sample_data import MASTER_KEY
from uzel.doctor.finding import Finding, State
from uzel.doctor.inside import STUCK, of_clock, of_database
from uzel.kit.settings import Settings
from uzel.views.overview import TARGETS

OTHER_KEY = "b3RoZXIga2V5IG90aGVyIGtleSBvdGhlciBrZXkgISE="


def examined(dsn: str, tmp_path: Path, *changes: str, key: str = MASTER_KEY) -> list[Finding]:
    """What is found once `changes` have been made to the database."""

    async def work() -> list[Finding]:
        connection = await asyncpg.connect(dsn)
        for change in changes:
            await connection.execute(change)
        await connection.close()
        settings = Settings(tmp_path, database_url=dsn, master_key=key)
        return [finding async for finding in of_database(settings, dsn)]

    return asyncio.run(work())


def only(findings: list[Finding], check: str) -> Finding:
    (found,) = [finding for finding in findings if finding.check == check]
    return found


def test_what_waits_in_the_sample_is_found(sample_dsn: str, tmp_path: Path) -> None:
    findings = examined(sample_dsn, tmp_path, "update worker set seen_at = now()")
    assert only(findings, "schema").state is State.GOOD
    assert only(findings, "durability").state is State.GOOD
    assert only(findings, "clock").state is State.GOOD
    assert only(findings, "workers").what == "1 alive"
    work = [finding.what for finding in findings if finding.check == "work"]
    assert any(what.startswith("1 requests could not be understood") for what in work)
    assert any(what.startswith("1 calls have an unknown outcome") for what in work)
    spare = only(findings, "connection smsru/spare")
    assert (spare.state, "ключ не принят" in spare.what) == (State.WRONG, True)
    main = only(findings, "connection smsru/main")
    assert main.state is State.GOOD and "the answer was lost" in main.what


def test_what_waits_for_a_second_person_is_found(dsn: str, tmp_path: Path) -> None:
    proposal = (
        "insert into partner_proposal (kind, amount_minor, weight_minor, reason, origin, state, "
        "proposed_by) values ('money_limit', 5, 5, 'x', 'money_limit:limit:1', 'waiting', 'anna')"
    )
    rates = (
        "insert into rate (base, quote, value, source, entered_by, doubt, source_date, valid_from) "
        "values ('USD', 'RUB', 90, 'cbr', 'cbr:1', null, now() - interval '9 days', "
        "now() - interval '9 days'), "
        "('USD', 'RUB', 99, 'admin', 'anna', 'move', null, null)"
    )
    old = (
        "insert into rate_decision (rate_id, pair, source, outcome, effective_at, decided_at) "
        "select id, pair, source, 'active', now(), now() from rate where source = 'cbr'"
    )
    findings = examined(dsn, tmp_path, proposal, rates, old)
    assert only(findings, "money").what == "1 moves of money wait for a second person"
    waits, too_old = [f.what for f in findings if f.check == "rates"]
    assert waits == "1 rates wait for a second person"
    assert too_old == "1 rates are too old: USD/RUB"


def test_an_empty_installation_is_fine_but_for_its_worker(dsn: str, tmp_path: Path) -> None:
    findings = examined(dsn, tmp_path)
    assert only(findings, "work").state is State.GOOD
    assert [f.check for f in findings if f.state is State.WRONG] == ["workers"]
    assert [f.what for f in findings if f.check == "set-up"] == [
        "there is no place",
        "there is no text for the request",
        "no connection sends text messages",
    ]


def test_what_was_skipped_for_want_of_something_can_be_processed_again(
    sample_dsn: str, tmp_path: Path
) -> None:
    skip = "update event set reason = 'place_unknown', created_at = now() where reason = 'no_phone'"
    never = "delete from raw_event where connection_id in (2, 3)"
    findings = examined(sample_dsn, tmp_path, skip, never, "update template set channel = 'fax'")
    place, template, main, spare = (f for f in findings if f.check == "set-up")
    assert place.what == "1 visits of the last 7 days were skipped (place_unknown)"
    assert place.advice == "uzel replay --reason place_unknown --days 7"
    assert template.what == "there is no text for the request"
    assert "smsru/main" in main.what and "uzel connection register 2" in main.advice
    assert "smsru/spare" in spare.what
    assert {f.state for f in (place, template, spare, main)} == {State.WARNING}


def test_a_connection_that_rests(sample_dsn: str, tmp_path: Path) -> None:
    rest = (
        "update call_breaker set failures = 7, open_until = now() + interval '1 minute', "
        "reason = 'HTTP 502' where connection_id = 2"
    )
    found = only(examined(sample_dsn, tmp_path, rest), "connection smsru/main")
    assert (found.state, "HTTP 502" in found.what) == (State.WARNING, True)


def test_secrets_sealed_with_another_key(sample_dsn: str, tmp_path: Path) -> None:
    findings = examined(sample_dsn, tmp_path, key=OTHER_KEY)
    found = only(findings, "connection smsru/main")
    assert found.state is State.WRONG
    assert "another master key" in found.what
    key = only(findings, "master key")
    assert (key.state, key.what) == (
        State.WRONG,
        "it does not open the settings of smsru/main, smsru/spare",
    )
    assert "UZEL_MASTER_KEY" in key.advice


def test_without_a_key_connections_are_left_alone(sample_dsn: str, tmp_path: Path) -> None:
    findings = examined(sample_dsn, tmp_path, key="")
    assert only(findings, "workers")
    assert not [finding for finding in findings if finding.check.startswith("connection")]


@pytest.mark.parametrize("revision", ["0000", None])
def test_a_schema_of_another_version(dsn: str, tmp_path: Path, revision: str | None) -> None:
    change = (
        f"update alembic_version set version_num = '{revision}'"
        if revision
        else "drop table alembic_version"
    )
    findings = examined(dsn, tmp_path, change)
    assert only(findings, "schema").state is State.WRONG
    assert not [finding for finding in findings if finding.check == "workers"]


def test_a_database_that_forgets(dsn: str, tmp_path: Path) -> None:
    change = (
        "do $$ begin execute format('alter database %I set synchronous_commit = off', "
        "current_database()); end $$"
    )
    found = only(examined(dsn, tmp_path, change), "durability")
    assert (found.state, "synchronous_commit is off" in found.what) == (State.WRONG, True)


def test_no_database_at_all(tmp_path: Path) -> None:
    dsn = "postgresql://uzel:canary-password@127.0.0.1:1/uzel"
    settings = Settings(tmp_path, database_url=dsn)

    async def work() -> list[Finding]:
        return [finding async for finding in of_database(settings, dsn)]

    (found,) = asyncio.run(work())
    assert found.state is State.WRONG
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("skew_s", "state"),
    [
        (0.1, State.GOOD),
        (-1.9, State.GOOD),
        (2.1, State.WARNING),
        (-5, State.WARNING),
        (31, State.WRONG),
        (-3600, State.WRONG),
    ],
)
def test_clocks(skew_s: float, state: State) -> None:
    found = of_clock(skew_s)
    assert found.state is state
    assert state is State.GOOD or ("ahead" in found.what) == (skew_s > 0)


def test_every_kind_of_stuck_is_explained() -> None:
    assert STUCK.keys() == TARGETS.keys()
