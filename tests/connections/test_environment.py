"""Connections out of the documented variables, whatever part of them is set."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import RING, go
from uzel.connections import manage
from uzel.connections.environment import needed, values_of, wrong_with
from uzel.connectors import connectors
from uzel.kit import database

CANARY = "canary-5a4db0c5"


@pytest.mark.parametrize(
    ("name", "variables", "wrong"),
    [
        ("smsru", {"SMSRU_API_KEY": CANARY}, None),
        ("smsru", {"SMSRU_SENDER": "Kafe"}, "SMSRU_API_KEY is not set"),
        (
            "smsru",
            {"SMSRU_API_KEY": CANARY, "SMSRU_SENDER": "far too long a name"},
            "SMSRU_SENDER (String should have at most 11 characters)",
        ),
        (
            "meta",
            {"META_WHATSAPP_ACCESS_TOKEN": CANARY, "META_WHATSAPP_PHONE_NUMBER_ID": "123456789"},
            None,
        ),
        (
            "meta",
            {"META_WHATSAPP_ACCESS_TOKEN": CANARY},
            "META_WHATSAPP_PHONE_NUMBER_ID is not set",
        ),
        ("resend", {"RESEND_API_KEY": CANARY}, "RESEND_FROM is not set"),
        ("resend", {"RESEND_API_KEY": CANARY, "RESEND_FROM": "noreply@kafe.example"}, None),
        (
            "exolve",
            {"EXOLVE_WHATSAPP_API_KEY": CANARY, "EXOLVE_WHATSAPP_SENDER_ID": "kafe"},
            None,
        ),
        (
            "exolve",
            {"EXOLVE_API_KEY": CANARY},
            "EXOLVE_SENDER (Для SMS нужен отправитель.)",
        ),
    ],
)
def test_what_is_wrong_is_said_by_the_variables(
    name: str, variables: dict[str, str], wrong: str | None
) -> None:
    connector = connectors()[name]
    found = wrong_with(connector, values_of(connector, variables))
    assert found == wrong
    assert CANARY not in str(found)


def test_an_empty_variable_is_not_set() -> None:
    smsru = connectors()["smsru"]
    assert values_of(smsru, {"SMSRU_API_KEY": " ", "SMSRU_SENDER": ""}) == {}
    assert needed(smsru) == ["SMSRU_API_KEY"]


def test_whatsapp_variables_alone_make_a_connection_without_channels(dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(dsn, name="test")
        variables = {"EXOLVE_WHATSAPP_API_KEY": CANARY, "EXOLVE_WHATSAPP_SENDER_ID": "kafe"}
        assert await manage.adopt_environment(connection, RING, variables) == ["exolve"]
        stored = await connection.fetchval("select settings from connection")
        assert (stored["sms"], stored["whatsapp_unverified"]) == (False, False)
        await connection.close()

    go(run)


VARIABLES = sorted(
    variable for connector in connectors().values() for variable in connector.environment
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(["x", "", "7", "http://["]))
)
def test_no_mixture_of_variables_stops_the_start(
    shared_dsn: str, caplog: pytest.LogCaptureFixture, chosen: dict[str, str]
) -> None:
    """Each provider gets its connection, or a line that says why not."""

    async def run() -> None:
        caplog.clear()
        connection = await database.connect(shared_dsn, name="test")
        undone = connection.transaction()
        await undone.start()
        adopted = await manage.adopt_environment(connection, RING, chosen)
        asked = {
            connector.name: connector.title
            for connector in connectors().values()
            if values_of(connector, chosen)
        }
        there = await connection.fetch("select connector from connection")
        assert sorted(row["connector"] for row in there) == sorted(adopted)
        for name in asked.keys() - set(adopted):
            assert f"no connection to {asked[name]} was made" in caplog.text
        assert set(adopted) <= asked.keys()
        await undone.rollback()
        await connection.close()

    go(run)
