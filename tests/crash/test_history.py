"""Partners, a robot and people at once, while web and database are killed; then everything that was
told is held against the order in which the ledger says it happened (see partner_history).
"""

import asyncio
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from crash_installation import Installation, installation, until
from crash_partner import Caller, Known, add_partner, faults_of
from partner_history import CHANGES, History, Paid, Timeline, Told, faults
from uzel.kit.database import LOST, prepare
from uzel.partners import manage
from uzel.partners.payment import State
from uzel.partners.settings import PartnerSettings
from uzel.partners.settle import settle

MONEY_MINOR = 15_000
PRICE_MINOR = 300
PAYERS = 4


class Business:
    """Who does what, each in a thread of its own, until `over`."""

    def __init__(self, hub: Installation, partner: Known, seed: int) -> None:
        self.history = History()
        self.refused = 0
        self.leads: list[str] = []
        self._hub, self._partner, self._seed = hub, partner, seed
        self._caller = Caller(hub, partner.token)
        self._over = threading.Event()
        self._keys = itertools.count(1)
        self._errors: list[BaseException] = []
        self._made: list[tuple[str, str]] = []
        works = [self.pay] * PAYERS + [
            self.read,
            self.follow,
            self.submit,
            self.report,
            self.settle,
        ]
        self._threads = [
            threading.Thread(target=self._run, args=(work, seed + number))
            for number, work in enumerate(works)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def has_seen_all(self) -> bool:
        """Whether everything that is to be judged has happened; or somebody has failed."""
        seen = {one.value for told in self.history.states.values() for one in told}
        all_told = self.history.balances and self.refused and self.leads
        return bool(self._errors or (all_told and seen >= {"completed", "failed"}))

    def end(self) -> None:
        """Returns when everybody has been answered; raises what went wrong."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=150)
            assert not thread.is_alive()
        if self._errors:
            raise self._errors[0]

    def _run(self, work: Callable[[random.Random], None], seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not self._over.is_set():
                work(chance)
        except BaseException as error:  # noqa: BLE001 - raised by `end`
            self._errors.append(error)

    def pay(self, chance: random.Random) -> None:
        """Under a new key, some twice, some with another amount, which must be refused."""
        key, amount = f"key-{next(self._keys)}", chance.choice((1, 7, 13, 29))
        ask = {"payment_currency": "RUB", "external_id": f"own-{key}"}
        began = time.time()
        status, body = self._caller.act("process_payment", key, payment_amount=amount, **ask)
        ended = time.time()
        assert status in (200, 402), (status, body)
        if chance.random() < 0.2:
            assert self._caller.act("process_payment", key, payment_amount=amount, **ask) == (
                status,
                body,
            )
        if chance.random() < 0.1:
            other = self._caller.act("process_payment", key, payment_amount=amount + 1, **ask)
            assert other[0] == 422, other
        if status == 402:
            self.refused += 1
            return
        said = json.loads(body, parse_float=Decimal)
        number = said["transaction_id"]
        after = minor_of(said["new_balance"])
        self.history.paid.append(Paid(number, amount * 100, after, began, ended))
        self._made.append((number, f"own-{key}"))

    def read(self, chance: random.Random) -> None:
        """The balance."""
        began = time.time()
        status, body = self._caller.act("get_balance")
        assert status == 200, (status, body)
        said = minor_of(json.loads(body, parse_float=Decimal)["balance"])
        self.history.balances.append(Told(began, time.time(), said))

    def follow(self, chance: random.Random) -> None:
        """What became of a payment, by our number or the partner's."""
        if not self._made:
            time.sleep(0.05)
            return
        names = chance.choice(self._made[-20:])
        began = time.time()
        status, body = self._caller.act(
            "get_transaction_status", transaction_id=chance.choice(names)
        )
        said = json.loads(body)["transaction"]["status"] if status == 200 else f"HTTP {status}"
        self.history.states.setdefault(names[0], []).append(Told(began, time.time(), said))

    def submit(self, chance: random.Random) -> None:
        """A batch of leads, some of them known."""
        new = [f"deal-{next(self._keys)}" for _ in range(chance.randint(1, 3))]
        again = chance.sample(self.leads, min(1, len(self.leads)))
        asked = [{"dealId": one, "paymentUrl": "https://pay.test/1"} for one in (*new, *again)]
        status, body = self._caller.act("submit_partner_lead", lead_data=asked)
        assert status in (200, 402), (status, body)
        if status == 200:
            told = {one["dealId"]: one["result"] for one in json.loads(body)["leads"]}
            # What was asked twice, since no answer came, is there already.
            assert {told[one] for one in again} <= {"duplicate"}
            assert {told[one] for one in new} <= {"accepted", "duplicate"}
            self.leads += new
        time.sleep(0.1)

    def report(self, chance: random.Random) -> None:
        """A robot says how a lead ended; what it said once it says again."""
        if not self.leads:
            time.sleep(0.05)
            return
        deal = chance.choice(self.leads)
        status = "Успешно" if int(deal.removeprefix("deal-")) % 2 else "ОШИБКА!"
        answer = self._caller.report(
            self._partner.robot, deal, self._partner.public_id, status=status, amount="19,17"
        )
        assert answer[0] == 200, answer

    def settle(self, chance: random.Random) -> None:
        """A person completes payments, lets some fail, and tops up."""
        if self._made:
            state = chance.choice((State.COMPLETED, State.FAILED, State.FAILED))
            number = chance.choice(self._made[-30:])[0]
            self._by_hand(
                lambda own: settle(own, number, state, made_by="anna", reason="seen in the bank")
            )
        if chance.random() < 0.1:
            origin, it = f"top-up {next(self._keys)}", self._partner
            self._by_hand(
                lambda own: manage.move_money(
                    own, it.account, it.house, 2_000, kind="top_up", origin=origin,
                    made_by="anna", reason="invoice 2",
                )
            )  # fmt: skip
        time.sleep(0.05)

    def _by_hand(self, work: Callable[[Any], Any]) -> None:
        """Until it is done; each of these may be done again."""

        async def once() -> None:
            connection = await asyncpg.connect(self._hub.postgres.dsn, timeout=5)
            try:
                await prepare(connection)
                async with connection.transaction():
                    await work(connection)
            finally:
                connection.terminate()

        while True:
            try:
                return asyncio.run(once())
            except LOST:
                time.sleep(0.1)


def minor_of(amount: Any) -> int:
    return int(Decimal(amount) * 100)


def storm(folder: Path, kills: int, seed: int) -> None:
    print(f"seed {seed}")  # shown if it fails
    chance = random.Random(seed)
    with installation(folder) as hub:
        settings = PartnerSettings(lead_price_minor=PRICE_MINOR, per_minute=1_000_000)
        partner = asyncio.run(add_partner(hub.postgres.dsn, MONEY_MINOR, settings))
        business = Business(hub, partner, seed)
        business.start()
        for victim in itertools.islice(itertools.cycle(("web", "postgres", "web")), kills):
            time.sleep(chance.uniform(1.0, 2.5))
            hub.kill(victim)
            until(hub.ready)
        until(business.has_seen_all)
        business.end()
        judge(hub, partner, business)


def judge(hub: Installation, partner: Known, business: Business) -> None:
    """Everything told fits the ledger."""
    timeline = Timeline(hub.query(CHANGES.format(account=partner.account)))
    assert faults(business.history, timeline) == []
    assert faults_of(hub.postgres.dsn) == ()
    # Everybody asked until there was an answer: what nobody was told of was done twice.
    made = hub.query("select public_id from payment where kind = 'payment'")
    assert sorted(row["public_id"] for row in made) == sorted(
        one.public_id for one in business.history.paid
    )
    assert min(timeline.after) >= 0


def test_everything_told_fits_one_order(tmp_path: Path) -> None:
    storm(tmp_path, kills=2, seed=time.time_ns())


@pytest.mark.long
def test_everything_told_fits_one_order_in_a_long_storm(tmp_path: Path) -> None:
    storm(tmp_path, kills=60, seed=time.time_ns())
