"""Deals of amoCRM in miniature with links that are to be paid, over HTTP, and reports of them as
those who take reports write them down.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from parts import RING, Hub, Sandbox, open_hub
from uzel.connections.config import unseal
from uzel.connectors.amocrm.miniature.beginnings import FIRST_STAGE_ID, PIPELINE_ID
from uzel.connectors.amocrm.miniature.hooks import form_of
from uzel.flows.lead_deals import begin, crm_store
from uzel.flows.lead_deals.settings import LINK, STATUS

FINAL = "Воронка/Выдано"
LIST = {"type": "select"}


def enums(*values: str) -> dict[str, Any]:
    """A field that offers these."""
    return {**LIST, "enums": [{"value": value, "sort": n} for n, value in enumerate(values)]}


# The fields of an account that pays links: name → type.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    LINK: {"type": "text"},
    "Сумма выдана": {"type": "numeric"},
    "Валюта": enums("USD", "EUR", "KZT"),
    "Почта": {"type": "text"},
    "Карта": {"type": "text"},
    STATUS: enums("Выполнено", "ОШИБКА!"),
    "Счет списания": enums("Mastercard Prepaid", "Visa"),
    "Дата списания": {"type": "date"},
    "Администратор": enums("Бот Zeno", "Анна"),
    "Оплаченный сервис": {"type": "text"},
    "Срок оплаты": {"type": "numeric"},
}
SETTINGS: dict[str, Any] = {
    "fields": {
        "amount": "Сумма выдана",
        "currency": "Валюта",
        "email": "Почта",
        "card": "Карта",
    },
    "static": [
        ("Счет списания", "Mastercard Prepaid"),
        ("Дата списания", "now"),
        ("Администратор", "бот zeno"),
        ("Оплаченный сервис", "a service"),
        ("Срок оплаты", "1"),
    ],
    "final": FINAL,
}
URL = "https://pay.example.com/c/pay/cs_live_1#a%2Fb"


@dataclass
class Crm:
    """An account at amoCRM and our side of it. `fields`: name → id."""

    hub: Hub
    sandbox: Sandbox
    id: int
    token: str
    fields: dict[str, int]

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        """What somebody else does in the account."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = self.sandbox.http.request(
            method, f"/amocrm/api/v4{path}", json=json, headers=headers
        )
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def values(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"field_id": self.fields[name], "values": [{"value": value}] if value else []}
            for name, value in values.items()
        ]

    def deal(self, link: str | None = URL, **more: Any) -> int:
        """A new deal with this link."""
        filled = self.values({LINK: link}) if link else None
        item = {"name": "Оплата", "custom_fields_values": filled, **more}
        made: int = self.ask("POST", "/leads", [item])["_embedded"]["leads"][0]["id"]
        return made

    def fill(self, deal: int, values: Mapping[str, Any], **more: Any) -> None:
        """Somebody edits it."""
        self.ask("PATCH", f"/leads/{deal}", {"custom_fields_values": self.values(values), **more})

    def shown(self, deal: int) -> tuple[dict[str, Any], int]:
        """Its filled fields by name, and its stage."""
        lead = self.ask("GET", f"/leads/{deal}?with=contacts")
        values = lead["custom_fields_values"] or []
        return (
            {it["field_name"]: it["values"][0]["value"] for it in values},
            lead["status_id"],
        )

    def hook(self, deal: int, link: str | None, *, at: float | None = None, **more: Any) -> bytes:
        """A body as amoCRM posts it."""
        return form_of({"leads": {"update": [self.told(deal, link, at=at, **more)]}})

    def told(
        self, deal: int, link: str | None, *, at: float | None = None, **more: Any
    ) -> dict[str, Any]:
        field = {"id": self.fields[LINK], "name": LINK, "values": [{"value": link}]}
        moment = int(at or time.time())
        return {
            "id": deal,
            "name": "Оплата",
            "status_id": FIRST_STAGE_ID,
            "pipeline_id": PIPELINE_ID,
            **({"custom_fields": [field]} if link else {}),
            "last_modified": moment,
            "updated_at": moment,
            **more,
        }

    async def tell(self, *bodies: bytes) -> None:
        """These bodies arrive and are understood."""
        for body in bodies:
            assert (await self.hub.post(body, "amocrm")).status == 200
        await self.work()

    async def work(self, rounds: int = 12) -> None:
        """Do all that can be done now."""
        for _ in range(rounds):
            await self.hub.process()
            await self.hub.call()
            if not await self.hub.pool.fetchval(
                "select exists (select from call where connection_id = $1 and state = 'planned' "
                "and due_at <= clock_timestamp())",
                self.id,
            ):
                return

    async def later(self) -> None:
        """Time passes: what waits is due."""
        await self.hub.hurry()
        await self.work()

    async def leads(self) -> list[Any]:
        return await self.hub.pool.fetch("select * from lead where connection_id = $1 order by id",
                                         self.id)  # fmt: skip

    async def lead(self, deal: int) -> Any:
        return await self.hub.pool.fetchrow(
            "select * from lead where connection_id = $1 and external_id = $2", self.id, str(deal)
        )

    async def steps(self, deal: int) -> list[Any]:
        return await self.hub.pool.fetch(
            "select s.* from lead_step s join lead l on l.id = s.lead_id "
            "where l.connection_id = $1 and l.external_id = $2 order by s.number",
            self.id,
            str(deal),
        )

    async def decisions(self) -> list[tuple[str, str | None]]:
        """Of the events about deals, in the order of their arrival."""
        return [
            (row["decision"], row["reason"])
            for row in await self.hub.events()
            if row["type"] == "deal.told"
        ]

    async def report(self, deal: int, status: str = "Успешно", **data: str) -> int:
        """A report as it is taken: written down, and begun in the same transaction."""
        amount = data.get("amount", "").replace(",", ".")
        async with self.hub.pool.acquire() as connection, connection.transaction():
            number: int = await connection.fetchval(
                "insert into lead_report (public_id, deal_id, lead_id, book, is_success, status, "
                "amount, currency, email, card, data, crm_state) "
                "select $1, l.deal_id, l.id, 'live', $3, $4, $5, $6, $7, $8, $9, 'waiting' "
                "from lead l where l.connection_id = $10 and l.external_id = $2 returning id",
                f"zenorep_{uuid4().hex[:14]}",
                str(deal),
                not status.startswith("ОШИБКА"),
                status,
                Decimal(amount) if amount else None,
                data.get("currency", "").upper() or None,
                data.get("email"),
                data.get("card"),
                {"status": status, **data},
                self.id,
            )
            await begin.begin(connection, number)
        return number

    async def became(self, report: int) -> tuple[str, str | None]:
        """What became of a report."""
        row = await self.hub.pool.fetchrow(
            "select crm_state, crm_message from lead_report where id = $1", report
        )
        assert row is not None
        return row["crm_state"], row["crm_message"]

    def written(self) -> list[dict[str, Any]]:
        """The changes of deals that amoCRM took, the oldest first."""
        asked = {"connector": "amocrm", "operation": "fill_deal"}
        entries = self.sandbox.http.get("/_journal", params=asked).json()
        return [it for it in entries if it["method"] == "PATCH" and it["effect"]]

    def forget(self) -> None:
        """The sandbox's journal begins anew."""
        self.sandbox.http.delete("/_journal").raise_for_status()


@contextlib.asynccontextmanager
async def open_crm(
    dsn: str,
    sandbox: Sandbox,
    settings: Mapping[str, Any] | None = None,
    fields: Mapping[str, Mapping[str, Any]] = FIELDS,
) -> AsyncIterator[Crm]:
    """An account with these fields, whose deals are leads."""
    async with open_hub(dsn, sandbox.url, also=("amocrm",)) as hub:
        number, _ = hub.others["amocrm"]
        row = await hub.pool.fetchrow(
            "update connection set settings = settings || '{\"payment_links\": true}', "
            "updated_at = clock_timestamp() where id = $1 returning secrets",
            number,
        )
        assert row is not None
        await hub.registry.refresh()
        token = unseal(RING, number, row["secrets"])["access_token"]
        crm = Crm(hub, sandbox, number, token, {})
        asked = [{"name": name, **field} for name, field in fields.items()]
        made = crm.ask("POST", "/leads/custom_fields", asked)
        crm.fields = {it["name"]: it["id"] for it in made["_embedded"]["custom_fields"]}
        async with hub.pool.acquire() as connection:
            wanted = SETTINGS if settings is None else settings
            await crm_store.save(connection, number, wanted)
        yield crm
