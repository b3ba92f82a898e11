"""A partner behind a console, and the people who look after it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from typing import Any

from console_visitor import Visitor, value
from partners_at_work import render
from running_web import WebApp
from sample_data import ADMIN, OPERATOR
from uzel.ledger.accounts import LIVE
from uzel.partners import partner_store as store
from uzel.partners.payment import Ask, Partner
from uzel.partners.settings import PartnerSettings
from uzel.people.manage import save_person

SECOND = ("nina", "nina-password-1")
KEY = re.compile(r'name="key" value="([^"]+)"')
TOKEN = re.compile(r'id="token" readonly value="([^"]+)"')


@dataclass
class Room:
    """A console with one partner; `olga` and `nina` are administrators, `ivan` an operator."""

    web: WebApp
    olga: Visitor
    nina: Visitor
    ivan: Visitor
    id: int

    @property
    def path(self) -> str:
        return f"/partners/{self.id}"

    def value(self, query: str, *values: Any) -> Any:
        return value(self.web, query, *values)

    def balance(self) -> int:
        query = (
            "select posted_minor - held_minor from ledger_balance b join partner p "
            "on p.account_id = b.account_id where p.id = $1"
        )
        return int(self.value(query, self.id))

    def key(self, who: Visitor, kind: str = "top_up") -> str:
        """That of a fresh form."""
        found = KEY.search(who.page(f"{self.path}/money/{kind}"))
        assert found is not None
        return unescape(found[1])

    def move(
        self, amount: str, kind: str = "top_up", who: Visitor | None = None, reason: str = "счёт 17"
    ) -> str:
        """Move money, and give the page it leads to."""
        who = who or self.olga
        fields = {"amount": amount, "reason": reason, "key": self.key(who, kind), "sure": "yes"}
        return who.done(f"{self.path}/money/{kind}", **fields)

    def pay(self, amount: str, number: str | None = None, currency: str = "RUB") -> str:
        """A payment by the API's own parts; gives its number."""

        async def work() -> str:
            pool = self.web.deps.pool
            row = await store.find(pool, self.id)
            settings = PartnerSettings.model_validate(row["settings"])
            partner = Partner(
                row["id"], row["public_id"], row["name"], row["currency"], LIVE,
                row["account_id"], settings,
            )  # fmt: skip
            ask = Ask(partner, Decimal(amount), currency, "Подписка", render, external_id=number)
            answer = await self.web.deps.partners.payments.ask(ask)
            assert answer.status == 200, answer
            found = re.search(rb"txn_[0-9a-f]{16}", answer.body)
            assert found is not None
            return found[0].decode()

        return self.web.run(work)


def open_room(web: WebApp) -> Room:
    """With a partner «Ромашка» in roubles."""

    async def people() -> None:
        async with web.deps.pool.acquire() as connection, connection.transaction():
            await save_person(connection, *SECOND, "admin")

    web.run(people)
    olga, nina, ivan = (Visitor(web.url).sign_in(*who) for who in (ADMIN, SECOND, OPERATOR))
    answer = olga.post("/partners/new", name="Ромашка", currency="RUB", commission_percent="")
    assert answer.status_code == 303, answer.text
    return Room(web, olga, nina, ivan, int(answer.headers["location"].split("/")[2].split("?")[0]))
