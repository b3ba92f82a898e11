"""Reports in their deals, at amoCRM in miniature, by real calls."""

import asyncio
import time
from typing import Any

import pytest

from paid_deals import FIELDS, URL, Crm, enums, open_crm
from parts import Sandbox, go
from uzel.calls.recover import recover_abandoned
from uzel.connectors.amocrm.miniature.beginnings import PIPELINE_ID, WON_STAGE_ID
from uzel.errors import ConfigError
from uzel.flows.lead_deals import begin
from uzel.flows.lead_deals.settings import STATUS

UPDATED = "AmoCRM deal updated successfully."


def test_a_report_is_written_as_it_always_was(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            crm.forget()
            report = await crm.report(
                deal, amount="19,17", currency="usd", email="a@example.org", card="1234"
            )
            before = int(time.time())
            await crm.work()
            assert await crm.became(report) == ("success", UPDATED)
            values, stage = crm.shown(deal)
            assert before - 60 <= values.pop("Дата списания") <= time.time()
            assert values == {
                "Ссылка на оплату": URL,
                "Сумма выдана": "19.17",
                "Валюта": "USD",
                "Почта": "a@example.org",
                "Карта": "1234",
                STATUS: "Выполнено",
                "Счет списания": "Mastercard Prepaid",
                "Администратор": "Бот Zeno",
                "Оплаченный сервис": "a service",
                "Срок оплаты": "1",
            }
            assert stage == WON_STAGE_ID
            assert len(crm.written()) == 1
            names = {number: name for name, number in crm.fields.items()}
            sent = [names[it["field_id"]] for it in await fields_of(crm)]
            assert sent == [name for name in FIELDS if name != "Ссылка на оплату"]

    go(main)


async def fields_of(crm: Crm) -> list[dict[str, Any]]:
    """What the last write asked for."""
    arguments = await crm.hub.pool.fetchval(
        "select arguments from call where operation = 'fill_deal' and connection_id = $1 "
        "order by id desc limit 1",
        crm.id,
    )
    found: list[dict[str, Any]] = arguments["fields"]
    return found


def test_an_error_leaves_the_stage(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            stage = crm.shown(deal)[1]
            report = await crm.report(deal, "ОШИБКА!")
            await crm.work()
            assert await crm.became(report) == ("success", UPDATED)
            values, after = crm.shown(deal)
            assert (values[STATUS], after) == ("ОШИБКА!", stage)

    go(main)


@pytest.mark.parametrize("closed", [142, 143])
def test_a_closed_deal_is_filled_and_stays_closed(
    module_dsn: str, sandbox: Sandbox, closed: int
) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            crm.fill(deal, {}, status_id=closed, pipeline_id=PIPELINE_ID)
            report = await crm.report(deal)
            await crm.work()
            assert await crm.became(report) == ("success", UPDATED)
            values, after = crm.shown(deal)
            assert (values[STATUS], after) == ("Выполнено", closed)

    go(main)


def test_a_stage_of_the_settings_is_kept(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        settings = {"final": "Заказы/Новый заказ", "keep": ["воронка/переговоры"]}
        async with open_crm(module_dsn, sandbox, settings) as crm:
            deal, other = crm.deal(status_id=61000002), crm.deal()
            await crm.tell(crm.hook(deal, URL), crm.hook(other, URL + "2"))
            await crm.report(deal)
            await crm.report(other)
            await crm.work()
            assert (crm.shown(deal)[1], crm.shown(other)[1]) == (61000002, 61000011)

    go(main)


def test_a_deal_that_has_its_status_is_left_alone(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            crm.fill(deal, {STATUS: "Выполнено"})
            crm.forget()
            report = await crm.report(deal)
            await crm.work()
            state, message = await crm.became(report)
            said = f"AmoCRM status field '{STATUS}' is already set to 'Выполнено'."
            assert (state, message) == ("skipped", f"{said} No update performed.")
            assert crm.written() == []

    go(main)


def test_a_deal_that_is_gone(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            await crm.tell(crm.hook(404, URL))
            report = await crm.report(404)
            await crm.work()
            assert await crm.became(report) == (
                "failed",
                "Failed to search deal 404 in AmoCRM. HTTP: 404.",
            )

    go(main)


def test_of_two_reports_at_once_one_is_written(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            crm.forget()
            reports = await asyncio.gather(*(crm.report(deal, amount=f"{n}") for n in range(1, 5)))
            await crm.work()
            ends = [await crm.became(report) for report in reports]
            assert ends.count(("success", UPDATED)) == 1
            assert ends.count(("skipped", begin.ALREADY)) == 3
            assert len(crm.written()) == 1

    go(main)


def test_another_link_is_another_task(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal, now = crm.deal(), time.time()
            await crm.tell(crm.hook(deal, URL, at=now - 60))
            first = await crm.report(deal, "ОШИБКА!")
            await crm.work()
            crm.fill(deal, {STATUS: None})
            await crm.tell(crm.hook(deal, URL + "2", at=now))
            second = await crm.report(deal)
            await crm.work()
            assert (await crm.became(first))[0] == "success"
            assert await crm.became(second) == ("success", UPDATED)
            assert crm.shown(deal)[0][STATUS] == "Выполнено"

    go(main)


@pytest.mark.parametrize("kind", ["500", "timeout_before", "429", "garbage"])
def test_an_outage_leaves_it_waiting_and_it_is_done_later(
    module_dsn: str, sandbox: Sandbox, kind: str
) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            crm.hub.runner.client(crm.hub.active(crm.id)).timeout = 0.5
            crm.forget()
            sandbox.arm_at("amocrm", "fill_deal", kind)
            report = await crm.report(deal)
            await crm.work()
            assert (await crm.became(report))[0] == "waiting"
            await crm.later()
            assert await crm.became(report) == ("success", UPDATED)
            assert len(crm.written()) == 1

    go(main)


def test_an_account_that_cannot_be_asked_for_its_fields(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            sandbox.arm_at("amocrm", "pipelines", "500")
            report = await crm.report(deal)
            await crm.work()
            assert (await crm.became(report))[0] == "waiting"
            await crm.later()
            assert await crm.became(report) == ("success", UPDATED)

    go(main)


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_a_lost_answer_is_looked_for_in_the_deal(
    module_dsn: str, sandbox: Sandbox, kind: str
) -> None:
    """The first request of a write reads the deal, so the fault is meant for the second."""

    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            warm = await crm.report(deal, "ОШИБКА!")
            await crm.work()
            assert (await crm.became(warm))[0] == "success"
            crm.fill(deal, {STATUS: None})
            await crm.tell(crm.hook(deal, URL + "2", at=time.time() + 1))
            crm.forget()
            sandbox.arm_at("amocrm", "fill_deal", "slow")
            report = await crm.report(deal)
            work = asyncio.create_task(crm.work())
            await asyncio.sleep(0.5)
            sandbox.arm_at("amocrm", "fill_deal", kind)
            await work
            state, _ = await crm.became(report)
            assert state == "waiting"
            await crm.later()
            assert await crm.became(report) == ("success", UPDATED)
            assert len(crm.written()) == 1

    go(main)


def test_what_was_refused_is_said_and_can_be_repeated(module_dsn: str, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal, other = crm.deal(), crm.deal()
            await crm.tell(crm.hook(deal, URL), crm.hook(other, URL + "2"))
            await crm.report(deal)
            await crm.work()
            report = await crm.report(other, card="4321")
            # Asked for right before, so asking again would tell nothing new.
            await crm.hub.pool.execute("update lead_crm set known_at = clock_timestamp()")
            crm.ask("DELETE", f"/leads/custom_fields/{crm.fields['Карта']}")
            await crm.work()
            state, message = await crm.became(report)
            assert state == "failed"
            assert message is not None
            assert str(crm.fields["Карта"]) in message
            made = crm.ask("POST", "/leads/custom_fields", [{"name": "Карта", "type": "text"}])
            async with crm.hub.pool.acquire() as connection, connection.transaction():
                assert await begin.retry(connection, str(report)) == report
            await crm.work()
            assert await crm.became(report) == ("success", UPDATED)
            assert crm.shown(other)[0]["Карта"] == "4321"
            assert made
            async with crm.hub.pool.acquire() as connection:
                with pytest.raises(ConfigError, match="only what failed"):
                    await begin.retry(connection, str(report))
                with pytest.raises(ConfigError, match="no report"):
                    await begin.retry(connection, "zenorep_0")

    go(main)


def test_a_field_that_was_made_anew_is_asked_for(module_dsn: str, sandbox: Sandbox) -> None:
    """What we know of it is refused: its number has gone."""

    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal, other = crm.deal(), crm.deal()
            await crm.tell(crm.hook(deal, URL), crm.hook(other, URL + "2"))
            await crm.report(deal)
            await crm.work()
            crm.ask("DELETE", f"/leads/custom_fields/{crm.fields['Карта']}")
            made = crm.ask("POST", "/leads/custom_fields", [{"name": "Карта", "type": "text"}])
            report = await crm.report(other, card="4321")
            await crm.work()
            assert await crm.became(report) == ("success", UPDATED)
            assert crm.shown(other)[0]["Карта"] == "4321"
            assert made["_embedded"]["custom_fields"][0]["id"] != crm.fields["Карта"]

    go(main)


def test_a_value_that_no_list_offers_is_told_and_left_out(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def main() -> None:
        fields = {**FIELDS, "Валюта": enums("Доллар", "Евро")}
        async with open_crm(module_dsn, sandbox, fields=fields) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            report = await crm.report(deal, currency="usd", amount="20.00")
            await crm.work()
            state, message = await crm.became(report)
            said = "Left out: 'Валюта': 'usd' is none of its values (Доллар, Евро)."
            assert (state, message) == ("success", f"{UPDATED} {said}")
            values = crm.shown(deal)[0]
            assert "Валюта" not in values
            assert values["Сумма выдана"] == "20"

    go(main)


def test_kill_between_a_write_and_its_end(module_dsn: str, sandbox: Sandbox) -> None:
    """A worker that ends after amoCRM has taken the report, before that was written down."""

    async def main() -> None:
        async with open_crm(module_dsn, sandbox) as crm:
            deal = crm.deal()
            await crm.tell(crm.hook(deal, URL))
            report = await crm.report(deal)
            await crm.work()
            crm.forget()
            # As it was before the end was written down.
            await crm.hub.pool.execute(
                "update call set state = 'sending', worker = gen_random_uuid(), "
                "started_at = now() - interval '5 minutes' "
                "where operation = 'fill_deal' and connection_id = $1",
                crm.id,
            )
            await crm.hub.pool.execute(
                "update lead_report set crm_state = 'waiting', crm_step = 'write' where id = $1",
                report,
            )
            await recover_abandoned(crm.hub.pool, crm.hub.registry, crm.hub.runner)
            await crm.later()
            assert await crm.became(report) == ("success", UPDATED)
            assert crm.written() == []

    go(main)
