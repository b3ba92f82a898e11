"""Leads behind a console: of a partner that pays for them, and of a CRM."""

import re
from dataclasses import dataclass
from typing import Any

import httpx2

from console_visitor import Visitor, rows
from partner_room import Room, open_room
from running_web import WebApp
from uzel.ledger.accounts import LIVE
from uzel.partners import leads, manage, reports, robots, tasks
from uzel.partners import partner_store as store
from uzel.partners.access import partner_of
from uzel.partners.lead import NewLead
from uzel.partners.payment import Answer
from uzel.partners.robots import Robot

PRICE = 1500
SEEN = re.compile(r'name="seen" value="([^"]+)"')
TEXT = re.compile(r'name="text" value="([^"]*)"')
URL = "https://pay.test/c/{}"


@dataclass
class LeadRoom:
    """`olga` is an administrator, `ivan` an operator."""

    room: Room

    @property
    def web(self) -> WebApp:
        return self.room.web

    @property
    def olga(self) -> Visitor:
        return self.room.olga

    @property
    def ivan(self) -> Visitor:
        return self.room.ivan

    def value(self, query: str, *values: Any) -> Any:
        return self.room.value(query, *values)

    def submit(self, *numbers: str, link: str = URL) -> list[int]:
        """Leads of the partner's, each with a link of its own; their numbers here."""

        async def work() -> None:
            row = await store.find(self.web.deps.pool, self.room.id)
            new = [NewLead(number, link.format(number), {"note": "срочно"}) for number in numbers]
            answer = Answer(200, b"")
            await leads.submit(self.web.deps.pool, partner_of(row, LIVE), new, lambda _: answer)

        self.web.run(work)
        found = "select id from lead where partner_id = $1 and external_id = $2"
        return [self.value(found, self.room.id, number) for number in numbers]

    def price(self, minor: int = PRICE) -> None:
        """Agree on a price for each lead."""

        async def work() -> None:
            async with self.web.deps.pool.acquire() as connection, connection.transaction():
                changes = {"lead_price_minor": minor}
                await manage.change_settings(connection, self.room.id, changes)

        self.web.run(work)

    def deal(self, number: str, link: str | None = None) -> int:
        """A lead of a CRM. Its connection is one of the sample's, whatever it is of."""
        return int(
            self.value(
                "with crm as (insert into lead_crm (connection_id) select min(id) from connection "
                "on conflict (connection_id) do update set updated_at = now() "
                "returning connection_id) "
                "insert into lead (public_id, book, connection_id, external_id, deal_id, "
                "payment_url) select 'lead_' || md5($1), 'live', connection_id, $1, $1, $2 "
                "from crm returning id",
                number,
                link or URL.format(number),
            )
        )

    def told(self, lead: int, *, good: bool = True, **more: Any) -> str:
        """A robot reports on it; gives the report's number."""

        async def work() -> str:
            async with self.web.deps.pool.acquire() as connection, connection.transaction():
                deal = await connection.fetchval("select deal_id from lead where id = $1", lead)
                status = "Успешно" if good else "ОШИБКА!"
                values = {"amount": None, "currency": None, "email": None, "card": None, **more}
                report = reports.Report(deal, None, good, status, data={}, **values)
                made = await reports.take(
                    connection, LIVE, report, robot_id=None, made_by="robot:Zeno"
                )
                return made.public_id

        return self.web.run(work)

    def held(self) -> None:
        """A robot takes what is free."""

        async def work() -> None:
            pool = self.web.deps.pool
            async with pool.acquire() as connection:
                number, _ = await robots.add(connection, "Zeno")
            await tasks.claim(pool, Robot(number, "Zeno", LIVE), 100)

        self.web.run(work)

    def refused(self, lead: int, message: str = "HTTP 400") -> None:
        """The CRM does not take the last report on it."""
        self.value(
            "update lead_report set crm_state = 'failed', crm_message = $2, crm_step = null "
            "where id = (select max(id) from lead_report where lead_id = $1)",
            lead,
            message,
        )

    def changed(self, lead: int, link: str) -> None:
        """Its CRM tells another link."""
        self.value(
            "with l as (update lead set payment_url = $2, version = version + 1, state = case "
            "state when 'failed' then 'new' else state end where id = $1 returning id) "
            "insert into lead_step (lead_id, number, what, details) select $1, (select "
            "coalesce(max(number), 0) + 1 from lead_step where lead_id = $1), 'link', $3 from l",
            lead,
            link,
            {"new": link},
        )

    def state(self, lead: int) -> str:
        return str(self.value("select state from lead where id = $1", lead))

    def reports(self, lead: int) -> list[Any]:
        query = "select * from lead_report where lead_id = $1 order by id"
        return rows(self.web, query, lead)

    def all_reports(self) -> int:
        return int(self.value("select count(*) from lead_report"))

    def seen(self, who: Visitor, lead: int) -> str:
        """What the form of a lead's page says it has seen."""
        found = SEEN.search(who.page(f"/leads/{lead}"))
        assert found is not None
        return found[1]

    def report(
        self, who: Visitor, lead: int, do: str = "success", **fields: str
    ) -> httpx2.Response:
        """By a person, who is sure."""
        form = {"do": do, "seen": self.seen(who, lead), "sure": "yes", **fields}
        return who.post(f"/leads/{lead}/report", **form)

    def send(
        self, who: Visitor, data: bytes | str, name: str = "leads.csv", **fields: str
    ) -> httpx2.Response:
        """A file into the import."""
        who.page("/leads/import")
        body = data.encode() if isinstance(data, str) else data
        form = {"csrf": who.csrf, **fields}
        return who.client.post("/leads/import", data=form, files={"file": (name, body)})


def open_leads(web: WebApp) -> LeadRoom:
    """A partner with 1000 roubles."""
    room = open_room(web)
    room.move("1000")
    return LeadRoom(room)
