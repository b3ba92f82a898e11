"""Payments: many at once, each priced, paid for and answered in one transaction with its answer."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg

from uzel.kit.batch import Batcher
from uzel.kit.database import Connection, Pool, columns
from uzel.ledger.accounts import open_account
from uzel.ledger.command import Verdict
from uzel.ledger.post import post
from uzel.model.currency import NotAnAmount
from uzel.partners import payment_store as store
from uzel.partners import quote_store
from uzel.partners.hooks import tell_all
from uzel.partners.payment import (
    Answer,
    Ask,
    InFlight,
    KeyReused,
    NoRate,
    NumberUsed,
    Partner,
    Priced,
    Rate,
    Refused,
    Taken,
)
from uzel.partners.price import House, legs, price
from uzel.partners.rows import Ready, outcome_of, refused, row_of
from uzel.partners.telling import event_of

MOST_AT_ONCE = 128

# Currency of the payment, of the balance → the rate of now. Raises NoRate.
Rates = Callable[[Connection, str, str], Awaitable[Rate]]
Key = tuple[int, str, str]


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
        NumberUsed, batch.Full, and what the database raises.
        """
        claims = ask.claims()
        if not self._flying.isdisjoint(claims):
            raise InFlight
        future = self._batcher.submit(ask)
        self._flying.update(claims)
        future.add_done_callback(lambda _: self._flying.difference_update(claims))
        # Who hangs up leaves the ask behind: it is done, and the same again has to wait for it.
        return await asyncio.shield(future)

    async def close(self) -> None:
        await self._batcher.close()

    async def cost(
        self, connection: Connection, partner: Partner, amount: Decimal, currency: str
    ) -> Priced | Refused:
        """What a payment would cost now; nothing is done."""
        try:
            rate = await self._rate(connection, currency, partner.currency)
        except NoRate as error:
            return refused(error)
        return at_rate(partner, amount, currency, rate)

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
            group: list[tuple[int, Ready]] = []
            prices = Prices(connection, self._rate, await used_quotes(connection, asks))
            for place, ask in enumerate(asks):
                if answers[place] is None:
                    priced = await prices.of(ask)
                    if isinstance(priced, Refused):
                        answers[place] = replace(ask.render(priced), kept=False)
                    else:
                        group.append((place, self._ready(ask, priced)))
            verdicts = await post(connection, [ready.command() for _, ready in group])
            await self._write(connection, group, verdicts, answers)
        return [answer for answer in answers if answer is not None]

    async def _known(
        self, connection: Connection, asks: Sequence[Ask]
    ) -> list[Answer | Exception | None]:
        """What was answered before, in the places of the asks."""
        wanted = [(a.partner.id, a.partner.book, key) for a in asks for key in a.keys]
        rows = await store.requests(connection, *columns(wanted)) if wanted else []
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
        return await numbers_used(connection, asks, answers)

    def _ready(self, ask: Ask, priced: Priced) -> Ready:
        public_id = f"txn_{secrets.token_hex(8)}"
        return Ready(
            ask, public_id, priced, legs(priced.price, ask.partner.account, self._house(ask))
        )

    async def _write(
        self,
        connection: Connection,
        group: Sequence[tuple[int, Ready]],
        verdicts: Sequence[Verdict],
        answers: list[Answer | Exception | None],
    ) -> None:
        """The payments that are paid for, and every answer that is to be given again."""
        at = datetime.now(UTC)
        payments, requests, events = [], [], []
        for (place, ready), verdict in zip(group, verdicts, strict=True):
            ask, outcome = ready.ask, outcome_of(ready, verdict, at)
            answers[place] = answer = ask.render(outcome)
            if isinstance(outcome, Taken):
                payments.append(row_of(ready, verdict, outcome))
                events.append(event_of(ask, outcome))
            requests += [
                (ask.partner.id, ask.partner.book, key, ask.fingerprint, answer.status, answer.body)
                for key in ask.kept_keys(outcome)
                if answer.kept
            ]
        await store.add(connection, payments, at)
        await store.add_requests(connection, requests)
        await tell_all(connection, [event for event in events if event is not None])

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
        wanted = {key for ask in asks for key in houses_of(ask)}
        for key in sorted(wanted - self._houses.keys()):
            async with self._pool.acquire() as connection:
                try:
                    self._houses[key] = await open_account(connection, *key)
                except NotAnAmount:  # no currency: said when it is priced
                    self._houses[key] = 0


def houses_of(ask: Ask) -> list[tuple[str, str, str]]:
    """(book, name, currency) of the accounts that a payment needs beside the partner's."""
    book, currency, balance = ask.partner.book, ask.currency, ask.partner.currency
    found = [(book, "payments", currency), (book, "commission", balance)]
    if currency != balance:
        found += [(book, "exchange", balance), (book, "exchange", currency)]
    return found


class Prices:
    """What the asks of a group cost: by their quotes, or at the rates of now."""

    def __init__(self, connection: Connection, rate: Rates, used: set[int]) -> None:
        self._connection = connection
        self._rate = rate
        self._used = used
        self._rates: dict[tuple[str, str], Rate | NoRate] = {}
        self._now = datetime.now(UTC)

    async def of(self, ask: Ask) -> Priced | Refused:
        if ask.quote is not None:
            if ask.quote.id in self._used:
                return Refused("quote_used", ask.currency)
            if ask.quote.expires_at <= self._now:
                return Refused("quote_expired", ask.currency)
            return ask.quote.priced
        pair = (ask.currency, ask.partner.currency)
        if pair not in self._rates:
            try:
                self._rates[pair] = await self._rate(self._connection, *pair)
            except NoRate as error:
                self._rates[pair] = error
        rate = self._rates[pair]
        if isinstance(rate, NoRate):
            return refused(rate)
        return at_rate(ask.partner, ask.amount, ask.currency, rate)


def at_rate(partner: Partner, amount: Decimal, currency: str, rate: Rate) -> Priced | Refused:
    percent = partner.settings.commission_percent
    try:
        cost = price(amount, currency, partner.currency, rate.value, percent)
    except NotAnAmount:
        return Refused("amount", currency)
    return Priced(amount, cost, rate)


async def used_quotes(connection: Connection, asks: Sequence[Ask]) -> set[int]:
    """Quotes of these asks that were paid by already."""
    quotes = [ask.quote.id for ask in asks if ask.quote is not None]
    return await quote_store.used(connection, quotes) if quotes else set()


async def numbers_used(
    connection: Connection, asks: Sequence[Ask], answers: list[Answer | Exception | None]
) -> list[Answer | Exception | None]:
    """The answers, and NumberUsed to who gives the number of a payment whose answer is not kept."""
    wanted = [
        (ask.partner.id, ask.partner.book, ask.external_id)
        for ask, answer in zip(asks, answers, strict=True)
        if answer is None and ask.external_id is not None
    ]
    rows = await store.numbers(connection, *columns(wanted)) if wanted else []
    found = {(row["partner_id"], row["book"], row["external_id"]): row for row in rows}
    for place, ask in enumerate(asks):
        key = (ask.partner.id, ask.partner.book, ask.external_id)
        if answers[place] is None and key in found:
            answers[place] = NumberUsed(found[key]["public_id"])
    return answers
