"""Deals that amoCRM told of become leads, by the real door and real calls."""

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import pytest

from paid_deals import URL, open_crm
from parts import Sandbox, go
from uzel.connectors.amocrm.miniature.beginnings import FIRST_STAGE_ID, PIPELINE_ID
from uzel.connectors.amocrm.miniature.hooks import form_of
from uzel.events.replay import replay
from uzel.flows.lead_deals.settings import LINK, STATUS

OTHER = "https://pay.example.com/c/pay/cs_live_2#x"


def test_a_link_becomes_a_lead_and_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal, now = crm.deal(), time.time()
            await crm.tell(*(crm.hook(deal, URL, at=now + n) for n in range(3)))
            (lead,) = await crm.leads()
            assert (lead["deal_id"], lead["book"], lead["state"]) == (str(deal), "live", "new")
            assert (lead["payment_url"], lead["version"]) == (URL, 1)
            assert [step["what"] for step in await crm.steps(deal)] == ["received"]
            assert await crm.decisions() == [
                ("noted", "lead_new"),
                ("skip", "lead_link_same"),
                ("skip", "lead_link_same"),
            ]

    go(main)


def test_all_deals_of_a_body(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            told = [crm.told(1000 + n, f"{URL}{n}") for n in range(4)]
            body = {"leads": {"add": told[:1], "update": told[1:3], "status": told[3:]}}
            await crm.tell(form_of(body))
            assert [it["external_id"] for it in await crm.leads()] == [
                *("1000", "1001", "1002", "1003")
            ]

    go(main)


@pytest.mark.parametrize(
    "lead",
    [
        {"custom_fields_values": [{"field_id": 0, "field_name": LINK, "values": [{"value": URL}]}]},
        {"custom_fields": [{"id": "0", "name": LINK, "values": [URL]}]},
        {"custom_fields": {"0": {"id": "0", "name": LINK, "values": {"0": {"value": URL}}}}},
        {"custom_fields": {"id": "0", "name": LINK.upper(), "values": URL}},
    ],
)
@pytest.mark.parametrize("form", ["leads", "list", "lead"])
def test_json_in_every_spelling(
    module_dsn: str, sandbox: Sandbox, lead: dict[str, Any], form: str
) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            given = {"id": 71, "name": "Оплата", **lead}
            bodies: dict[str, Any] = {
                "leads": {"leads": {"add": {"0": given}}},
                "list": {"leads": {"update": [given]}},
                "lead": {"lead": given},
            }
            await crm.tell(json.dumps(bodies[form]).encode())
            (found,) = await crm.leads()
            assert (found["external_id"], found["payment_url"]) == ("71", URL)

    go(main)


@pytest.mark.parametrize("in_order", [True, False])
def test_the_newest_link_counts_in_any_order(
    module_dsn: str, sandbox: Sandbox, in_order: bool
) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            now = time.time()
            bodies = [crm.hook(7, URL, at=now - 100), crm.hook(7, OTHER, at=now)]
            for body in bodies if in_order else reversed(bodies):
                await crm.tell(body)
            (lead,) = await crm.leads()
            assert (lead["payment_url"], lead["version"]) == (OTHER, 2 if in_order else 1)
            last = ("noted", "lead_link") if in_order else ("skip", "lead_link_outdated")
            assert (await crm.decisions())[-1] == last
            if in_order:
                step = (await crm.steps(7))[-1]
                assert (step["what"], step["details"]["old"]) == ("link", URL)
                assert step["details"]["new"] == OTHER

    go(main)


def test_a_link_that_was_told_again_later_is_the_newest(module_dsn: str, sandbox: Sandbox) -> None:
    """A at 1, A at 3, and only then B at 2."""

    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            now = time.time()
            for link, at in ((URL, 1), (URL, 3), (OTHER, 2)):
                await crm.tell(crm.hook(7, link, at=now + at))
            (lead,) = await crm.leads()
            assert (lead["payment_url"], lead["version"]) == (URL, 1)

    go(main)


@pytest.mark.parametrize(("state", "after"), [("failed", "new"), ("done", "done")])
def test_another_link_of_a_lead_that_ended(
    module_dsn: str, sandbox: Sandbox, state: str, after: str
) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            now = time.time()
            await crm.tell(crm.hook(7, URL, at=now))
            await crm.hub.pool.execute("update lead set state = $1", state)
            await crm.tell(crm.hook(7, OTHER, at=now + 1))
            (lead,) = await crm.leads()
            assert (lead["state"], lead["payment_url"], lead["version"]) == (after, OTHER, 2)
            assert (await crm.steps(7))[-1]["details"]["state"] == after
            reason = "lead_link_late" if state == "done" else "lead_link"
            assert (await crm.decisions())[-1] == ("noted", reason)

    go(main)


def test_two_processes_at_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            now = time.time()
            for n in range(12):
                deals = [crm.told(20 + n % 3, f"{URL}{n}", at=now + n), crm.told(30, URL, at=now)]
                body = form_of({"leads": {"update": deals if n % 2 else deals[::-1]}})
                await crm.hub.post(body, "amocrm")
            ids = await crm.hub.pool.fetch("select id from raw_event where state = 'received'")
            await asyncio.gather(*(crm.hub.processor.process([row["id"]]) for row in ids))
            await crm.work()
            leads = {it["external_id"]: it["payment_url"] for it in await crm.leads()}
            assert leads == {"20": f"{URL}9", "21": f"{URL}10", "22": f"{URL}11", "30": URL}

    go(main)


def test_a_number_that_a_partner_took(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm, open_crm(module_dsn, sandbox) as other:
            await crm.tell(crm.hook(777, URL))
            await other.tell(other.hook(777, OTHER))
            (mine,), (theirs,) = await crm.leads(), await other.leads()
            assert (mine["deal_id"], theirs["external_id"]) == ("777", "777")
            assert theirs["deal_id"].startswith("DID")

    go(main)


REFUSED = {
    "link_missing": {"link": None},
    "link_invalid": {"link": "спросить у Ивана"},
    "link_refused": {"link": "https://elsewhere.example/c/pay/1"},
    "deal_elsewhere": {"link": URL, "pipeline_id": 7310002},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_lead_says_why(module_dsn: str, sandbox: Sandbox, reason: str) -> None:
    async def main() -> None:
        settings = {"link_hosts": ["example.com"], "pipelines": ["7310001"]}
        async with open_crm(module_dsn, sandbox, settings) as crm:
            await crm.tell(crm.hook(7, **REFUSED[reason]))  # type: ignore[arg-type]
            assert await crm.leads() == []
            assert await crm.decisions() == [("skip", reason)]

    go(main)


def test_a_deal_that_is_paid_already_is_no_task(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            told = crm.told(7, URL)
            paid = {"id": crm.fields[STATUS], "name": STATUS, "values": [{"value": "Выполнено"}]}
            told["custom_fields"].append(paid)
            await crm.tell(form_of({"leads": {"update": [told]}}))
            assert await crm.leads() == []
            assert await crm.decisions() == [("skip", "deal_paid")]

    go(main)


def test_a_replay_takes_what_a_setting_kept_out(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox, {"link_contains": ["cs_live_9"]}) as crm:
            await crm.tell(crm.hook(7, URL))
            assert await crm.decisions() == [("skip", "link_refused")]
            await crm.hub.pool.execute(
                "update lead_crm set settings = '{}' where connection_id = $1", crm.id
            )
            for _ in range(2):
                async with crm.hub.pool.acquire() as connection, connection.transaction():
                    number = await connection.fetchval(
                        "select id from raw_event where connection_id = $1", crm.id
                    )
                    assert await replay(connection, number)
                await crm.work()
            assert len(await crm.leads()) == 1
            assert await crm.decisions() == [("noted", "lead_new")]

    go(main)


def minimal(deal: int, **more: Any) -> bytes:
    """As the Digital Pipeline posts it."""
    lead = {"id": deal, "status_id": FIRST_STAGE_ID, "pipeline_id": PIPELINE_ID, **more}
    return form_of({"leads": {"status": [lead]}})


def test_a_deal_without_fields_is_read(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal, empty = crm.deal(), crm.deal(None)
            sandbox.arm_at("amocrm", "read_deal", "500")
            await crm.tell(minimal(deal), minimal(empty), minimal(404))
            await crm.later()
            (lead,) = await crm.leads()
            assert (lead["external_id"], lead["payment_url"]) == (str(deal), URL)
            assert sorted(await crm.decisions()) == [
                ("noted", "lead_new"),
                ("skip", "deal_gone"),
                ("skip", "link_missing"),
            ]

    go(main)


def test_a_connection_without_settings(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            await crm.hub.pool.execute("delete from lead_crm where connection_id = $1", crm.id)
            await crm.tell(crm.hook(7, URL), minimal(8))
            assert await crm.decisions() == [("skip", "no_lead_crm")] * 2

    go(main)


def test_hooks_of_others_stay_as_they_were(module_dsn: str, sandbox: Sandbox) -> None:
    """Nobody else's events grow."""

    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            await crm.hub.pool.execute(
                "update connection set settings = settings - 'payment_links', "
                "updated_at = clock_timestamp() where id = $1",
                crm.id,
            )
            await crm.hub.registry.refresh()
            await crm.tell(crm.hook(int(uuid4().int % 10**9), URL))
            assert await crm.decisions() == []
            assert await crm.leads() == []

    go(main)
