"""The demo's business fits the sandbox it runs on, and outlives a second start."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from parts import RING
from uzel.connections import manage, store
from uzel.connectors import connectors
from uzel.connectors.amocrm import control
from uzel.connectors.iiko import miniature as iiko
from uzel.connectors.meta import doors
from uzel.connectors.rkeeper import miniature as rkeeper
from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.connectors.yclients import lives as yclients
from uzel.demo import business, life
from uzel.demo.visits import PRINTED_FROM
from uzel.kit import database
from uzel.messages.template import check
from uzel.model.rules import read_rules
from uzel.setup import FIRST_TEXTS, add_first_texts


def test_there_is_a_connection_for_every_connector() -> None:
    # Nothing in the demo asks for rates yet, it has no partners, and a registry of its own.
    others = {"cbr", "nbk", "partner_hook", "vtiger"}
    assert set(business.CONNECTIONS) == set(connectors()) - others


def test_each_source_of_the_sandbox_has_a_place() -> None:
    references = [reference for _, reference, _ in business.PLACES]
    assert references == [
        None,
        f"iiko:{iiko.ORGANIZATION_ID}",
        f"rkeeper:{rkeeper.RESTAURANT_ID}",
        f"yclients:{yclients.COMPANY_ID}",
    ]


def test_the_dummies_are_those_of_the_sandbox() -> None:
    assert business.AMOCRM_TOKEN == control.TOKEN
    assert business.META["phone_number_id"] == doors.NUMBER_ID


def test_the_template_is_one_that_the_sandbox_has_approved() -> None:
    (template,) = [t for t in doors.TEMPLATES if t.name == business.APPROVED["name"]]
    assert template.language == business.APPROVED["language"]
    assert template.status == "APPROVED" and template.url_button
    assert template.parameters == len(business.APPROVED["parameters"])


def test_the_word_of_the_one_restaurant_means_nothing_yet() -> None:
    config = RkeeperConfig()
    known = {*config.completed_statuses, *config.cancelled_statuses, *config.ignored_statuses}
    assert life.OWN_WORD not in known


def test_guests_of_different_runs_are_different_people() -> None:
    for _ in range(50):
        asked = [asked for _, asked in life.runs(lambda connector: connector)]
        firsts = sorted(int(one["first_phone"][1:]) for one in asked)
        assert all(after - before >= life.COUNT for before, after in pairwise(firsts))
        printed = 79_990_000_000 + PRINTED_FROM
        assert firsts[0] + life.COUNT < 77_020_000_000 and firsts[-1] + life.COUNT < printed


@pytest.mark.parametrize("text", FIRST_TEXTS)
def test_what_a_business_begins_with_can_be_used(text: tuple[str, str, str | None, str]) -> None:
    _, channel, subject, body = text
    check(body)
    assert (subject is not None) == (channel == "email")


async def fill(dsn: str, sandbox: str) -> tuple[dict[str, str], list[Any]]:
    """A start of the demo; gives the keys, and all that a person may have changed."""
    connection = await database.connect(dsn, name="test")
    try:
        async with connection.transaction():
            number = await store.default_business(connection)
            await add_first_texts(connection, number)
            keys = await business.fill(connection, RING, sandbox)
        tables = ("business", "place", "template")
        rows = [await connection.fetch(f"select * from {name} order by id") for name in tables]
        rows.append(await connection.fetch("select id, name, settings from connection order by id"))
        return keys, rows
    finally:
        await connection.close()


def test_a_second_start_changes_keys_and_addresses_only(dsn: str) -> None:
    keys, before = asyncio.run(fill(dsn, "http://127.0.0.1:9"))
    again, after = asyncio.run(fill(dsn, "http://127.0.0.1:10"))
    assert keys.keys() == again.keys() == business.CONNECTIONS.keys() - {"kaspi"}
    assert not set(keys.values()) & set(again.values())
    assert after[:3] == before[:3]
    addresses = [row["settings"].get("base_url", "127.0.0.1:10") for row in after[3]]
    assert len(addresses) == 11 and all("127.0.0.1:10" in address for address in addresses)


def test_what_somebody_changed_stays(dsn: str) -> None:
    asyncio.run(fill(dsn, "http://127.0.0.1:9"))
    asyncio.run(change(dsn))
    _, (businesses, places, texts, connections) = asyncio.run(fill(dsn, "http://127.0.0.1:10"))
    assert businesses[0]["name"] == "Моё" and businesses[0]["rules"]["low_rating"] == 2
    assert [place["name"] for place in places] == ["Другое"]
    assert [text["weight"] for text in texts if text["variant"] == "B"] == [1, 0]
    (own,) = [row["settings"] for row in connections if "completed_statuses" in row["settings"]]
    assert own["completed_statuses"] == [life.OWN_WORD]


async def change(dsn: str) -> None:
    """What a person may do in the console."""
    connection = await database.connect(dsn, name="test")
    try:
        rules = read_rules({"low_rating": 2}).model_dump(mode="json")
        await connection.execute("update business set name = 'Моё', rules = $1", rules)
        await connection.execute("delete from place where source_ref is not null")
        await connection.execute("update place set name = 'Другое'")
        await connection.execute(
            "insert into template (business_id, purpose, channel, body, variant, weight) select "
            "business_id, purpose, channel, body, variant, 0 from template where variant = 'B'"
        )
        async with connection.transaction():
            found = await store.find(connection, "rkeeper", business.NAME)
            assert found is not None
            words = {"completed_statuses": [life.OWN_WORD]}
            await manage.change(connection, RING, found, words, rate_per_s=None)
    finally:
        await connection.close()


def test_the_rules_wait_for_nothing_and_try_every_way(dsn: str) -> None:
    _, ((row,), *_) = asyncio.run(fill(dsn, "http://127.0.0.1:9"))
    rules = read_rules(row["rules"])
    assert rules.delay("iiko").total_seconds() == 0 and rules.expires_after_s is None
    assert [hop.channel for hop in rules.route] == ["sms", "whatsapp", "sms", "email"]
    assert None not in [hop.connection_id for hop in rules.route]
    assert rules.rate("whatsapp", "KZ") == business.RATES["whatsapp:KZ"]
