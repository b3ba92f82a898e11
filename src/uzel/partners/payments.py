"""Payments: many at once, each priced, paid for and answered in one transaction with its answer."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from uzel.kit.batch import Batcher
from uzel.kit.database import Connection, Pool
from uzel.ledger.accounts import open_account
from uzel.ledger.command import Command, Hold, Leg, No, Post, Verdict
from uzel.ledger.post import post
from uzel.model.currency import NotAnAmount
from uzel.partners import payment_store as store
from uzel.partners.payment import (
    Answer,
    Ask,
    InFlight,
    KeyReused,
    NoRate,
    Outcome,
    Poor,
    Rate,
    Refused,
    State,
    Taken,
)
from uzel.partners.price import House, Price, legs, price
from uzel.partners.settings import Debit

MOST_AT_ONCE = 128

# Currency of the payment, of the balance → the rate of now. Raises NoRate.
Rates = Callable[[Connection, str, str], Awaitable[Rate]]
Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Priced:
    """An ask that goes to the ledger."""

    ask: Ask
    public_id: str
    price: Price
    rate: Rate
    legs: tuple[Leg, ...]

    def command(self) -> Command:
        origin = f"payment:{self.public_id}"
        if self.ask.partner.settings.debit is Debit.AT_ONCE:
            return Post(origin, "payment", self.legs, self.ask.partner.public_id)
        return Hold(origin, "payment", self.ask.partner.account, self.price.total_minor)


class Payments:
    """Takes payments in; those that wait at the same time share a commit, with an answer each."""

    def __init__(self, pool: Pool, rates: Rates) -> None:
        self._pool = pool
        self._rates = rates
        self._houses: dict[tuple[str, str, str], int] = {}
        self._flying: set[Key] = set()
        self._batcher: Batcher[Ask, Answer] = Batcher(self._flush, most=MOST_AT_ONCE, at_once=1)

    async def ask(self, ask: Ask) -> Answer:
        """Pay, or say why not; or what was said to the same before. Raises InFlight, KeyReused,
        batch.Full, and what the database raises.
        """
        keys = [(ask.partner.id, ask.partner.book, key) for key in ask.keys]
        if not self._flying.isdisjoint(keys):
            raise InFlight
        self._flying.update(keys)
        try:
            return await self._batcher.submit(ask)
        finally:
            self._flying.difference_update(keys)

    async def close(self) -> None:
        await self._batcher.close()

    async def cost(self, connection: Connection, ask: Ask) -> Outcome:
        """What a payment would cost; nothing is done."""
        try:
            rate = await self._rate(connection, ask.currency, ask.partner.currency)
            priced = price(
                ask.amount,
                ask.currency,
                ask.partner.currency,
                rate.value,
                ask.partner.settings.commission_percent,
            )
        except NoRate as error:
            return refused(error)
        except NotAnAmount:
            return Refused("amount", ask.currency)
        return Poor(priced, 0)

    async def _rate(self, connection: Connection, currency: str, of_balance: str) -> Rate:
        if currency == of_balance:
            return Rate(Decimal(1))
        return await self._rates(connection, currency, of_balance)

    async def _flush(self, asks: Sequence[Ask]) -> Sequence[Answer | Exception]:
        await self._open_houses(asks)
        try:
            return await self._in_one(asks)
        except asyncpg.UniqueViolationError:
            # Another process has just answered one of the keys: now it is seen.
            return await self._in_one(asks)

    async def _in_one(self, asks: Sequence[Ask]) -> Sequence[Answer | Exception]:
        async with self._pool.acquire() as connection, connection.transaction():
            answers = await self._known(connection, asks)
            group: list[tuple[int, Priced]] = []
            rates: dict[tuple[str, str], Rate | NoRate] = {}
            for place, ask in enumerate(asks):
                if answers[place] is None:
                    priced = await self._priced(connection, ask, rates)
                    if isinstance(priced, Refused):
                        answers[place] = replace(ask.render(priced), kept=False)
                    else:
                        group.append((place, priced))
            verdicts = await post(connection, [priced.command() for _, priced in group])
            await self._write(connection, group, verdicts, answers)
        return [answer for answer in answers if answer is not None]

    async def _known(
        self, connection: Connection, asks: Sequence[Ask]
    ) -> list[Answer | Exception | None]:
        """What was answered before, in the places of the asks."""
        wanted = [(a.partner.id, a.partner.book, key) for a in asks for key in a.keys]
        rows = await store.requests(connection, *store.columns(wanted)) if wanted else []
        found = {(row["partner_id"], row["book"], row["key"]): row for row in rows}
        answers: list[Answer | Exception | None] = []
        for ask in asks:
            keys = [(ask.partner.id, ask.partner.book, key) for key in ask.keys]
            known = [found[key] for key in keys if key in found]
            if not known:
                answers.append(None)
            elif all(row["fingerprint"] == ask.fingerprint for row in known):
                answers.append(Answer(known[0]["status"], known[0]["body"], repeated=True))
            else:
                answers.append(KeyReused())
        return answers

    async def _priced(
        self, connection: Connection, ask: Ask, rates: dict[tuple[str, str], Rate | NoRate]
    ) -> Priced | Refused:
        pair = (ask.currency, ask.partner.currency)
        if pair not in rates:
            try:
                rates[pair] = await self._rate(connection, *pair)
            except NoRate as error:
                rates[pair] = error
        rate = rates[pair]
        if isinstance(rate, NoRate):
            return refused(rate)
        percent = ask.partner.settings.commission_percent
        try:
            priced = price(ask.amount, *pair, rate.value, percent)
        except NotAnAmount:
            return Refused("amount", ask.currency)
        public_id = f"txn_{secrets.token_hex(8)}"
        entry = legs(priced, ask.partner.account, self._house(ask))
        return Priced(ask, public_id, priced, rate, entry)

    async def _write(
        self,
        connection: Connection,
        group: Sequence[tuple[int, Priced]],
        verdicts: Sequence[Verdict],
        answers: list[Answer | Exception | None],
    ) -> None:
        """The payments that are paid for, and every answer that is to be given again."""
        at = datetime.now(UTC)
        payments, requests = [], []
        for (place, priced), verdict in zip(group, verdicts, strict=True):
            outcome = outcome_of(priced, verdict, at)
            answers[place] = answer = priced.ask.render(outcome)
            if isinstance(outcome, Taken):
                payments.append(row_of(priced, verdict, outcome))
            ask = priced.ask
            requests += [
                (ask.partner.id, ask.partner.book, key, ask.fingerprint, answer.status, answer.body)
                for key in ask.keys
                if answer.kept
            ]
        await store.add(connection, payments, at)
        await store.add_requests(connection, requests)

    def _house(self, ask: Ask) -> House:
        book, currency, balance = ask.partner.book, ask.currency, ask.partner.currency
        one = currency == balance
        return House(
            self._houses[book, "payments", currency],
            self._houses[book, "commission", balance],
            None if one else self._houses[book, "exchange", balance],
            None if one else self._houses[book, "exchange", currency],
        )

    async def _open_houses(self, asks: Sequence[Ask]) -> None:
        """Accounts of the house that are needed for the first time: before anything is locked."""
        wanted = {
            (ask.partner.book, name, currency)
            for ask in asks
            for name in ("payments", "exchange", "commission")
            for currency in (ask.currency, ask.partner.currency)
        }
        for key in sorted(wanted - self._houses.keys()):
            async with self._pool.acquire() as connection:
                try:
                    self._houses[key] = await open_account(connection, *key)
                except NotAnAmount:  # no currency: said when it is priced
                    self._houses[key] = 0


def refused(error: NoRate) -> Refused:
    return Refused("old_rate" if error.is_old else "no_rate", error.currency)


def outcome_of(priced: Priced, verdict: Verdict, at: datetime) -> Outcome:
    """What the ledger's verdict means."""
    assert verdict.standing is not None
    assert verdict.before is not None
    if verdict.refused is No.FUNDS:
        return Poor(priced.price, verdict.standing.available_minor)
    if verdict.refused is not None:
        return Refused("amount", priced.ask.currency)
    before, after = verdict.before.available_minor, verdict.standing.available_minor
    return Taken(priced.public_id, State.PENDING, priced.price, before, after, at)


def row_of(priced: Priced, verdict: Verdict, taken: Taken) -> tuple[Any, ...]:
    """A payment as payment_store.ADD takes it."""
    ask, cost = priced.ask, priced.price
    at_once = ask.partner.settings.debit is Debit.AT_ONCE
    entry = {"legs": [[leg.account, leg.amount_minor] for leg in priced.legs]}
    return (
        priced.public_id,
        ask.partner.id,
        ask.partner.book,
        "payment",
        ask.external_id,
        ask.amount,
        ask.currency,
        cost.total_minor,
        cost.balance_currency,
        cost.commission_minor,
        cost.rate,
        priced.rate.id,
        entry,
        taken.state,
        taken.before_minor,
        taken.after_minor,
        ask.details,
        None if at_once else verdict.number,
        verdict.number if at_once else None,
    )
