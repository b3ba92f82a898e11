"""Quotes: a price that holds, for one payment; and asks whose askers have gone."""

import asyncio
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import orjson

from partners_at_work import Paying, paying, rates
from parts import go
from uzel.ledger import chain
from uzel.partners import quotes
from uzel.partners.payment import Answer, Ask, InFlight, Priced, Quote
from uzel.partners.payments import Payments
from uzel.partners.settings import PartnerSettings


async def quoted(it: Paying, amount: str, currency: str = "RUB") -> Quote:
    async with it.pool.acquire() as connection, connection.transaction():
        found = await it.payments.cost(connection, it.partner, Decimal(amount), currency)
        assert isinstance(found, Priced)
        return await quotes.make(connection, it.partner, found)


def by(it: Paying, quote: Quote, key: str) -> Ask:
    """A payment by a quote."""
    amount, currency = quote.priced.amount, quote.priced.price.currency
    return replace(it.ask(str(amount), currency, key), quote=quote)


def test_a_quote_costs_what_it_says_whatever_happens_to_rates(shared_dsn: str) -> None:
    async def story() -> None:
        wanted = PartnerSettings(commission_percent=Decimal("12.5"))
        async with paying(shared_dsn, 500_000, settings=wanted) as it:
            quote = await quoted(it, "20.01", "USD")
            found = await quotes.find(it.pool, it.partner, quote.public_id)
            assert found == quote
            elsewhere = replace(it.partner, settings=PartnerSettings())
            answer = await it.payments.ask(replace(by(it, quote, "a"), partner=elsewhere))
            after = orjson.loads(answer.body)[1]
            assert after == 500_000 - quote.priced.price.total_minor == 500_000 - 202_602
            assert (await chain.verify(it.pool)).faults == ()

    go(story)


def test_of_many_payments_by_one_quote_one_is_made(shared_dsn: str) -> None:
    """In two processes at once, each under a key of its own."""

    async def story() -> None:
        async with paying(shared_dsn, 10_000, size=8) as it:
            quote = await quoted(it, "1")
            others = [it.payments, Payments(it.pool, rates)]

            async def one(number: int) -> Answer | InFlight:
                try:
                    return await others[number % 2].ask(by(it, quote, str(number)))
                except InFlight as error:
                    return error

            answers = await asyncio.gather(*(one(number) for number in range(20)))
            made = [it for it in answers if isinstance(it, Answer) and it.status == 200]
            assert len(made) == 1
            said = Counter(
                answer.body
                for answer in answers
                if isinstance(answer, Answer) and answer != made[0]
            )
            assert set(said) <= {b'"quote_used"'}
            assert (await it.payments.ask(by(it, quote, "late"))).body == b'"quote_used"'
            assert (await it.stands()).available_minor == 9_900

    go(story)


def test_too_little_money_does_not_use_a_quote_up(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 150) as it:
            quote = await quoted(it, "1")
            await it.pay("1")
            assert (await it.payments.ask(by(it, quote, "a"))).status == 402
            small = await quoted(it, "0.50")
            assert (await it.payments.ask(by(it, small, "b"))).status == 200
            used = "select quote_id from payment where quote_id = any($1)"
            rows = await it.pool.fetch(used, [quote.id, small.id])
            assert [row["quote_id"] for row in rows] == [small.id]

    go(story)


def test_quotes_of_long_ago_are_forgotten_unless_they_were_used(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 10_000) as it:
            used, unused = await quoted(it, "1"), await quoted(it, "1")
            await it.payments.ask(by(it, used, "a"))
            age = "update quote set expires_at = now() - interval '2 days' where id = any($1)"
            await it.pool.execute(age, [used.id, unused.id])
            await quoted(it, "1")
            assert await quotes.find(it.pool, it.partner, used.public_id)
            assert await quotes.find(it.pool, it.partner, unused.public_id) is None

    go(story)


def test_who_hangs_up_does_not_pay_twice(shared_dsn: str) -> None:
    """The same again, while the ask that was left behind is still under way."""

    async def story() -> None:
        async with paying(shared_dsn, 10_000) as it:
            first = asyncio.create_task(it.pay("1", key="gone"))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            told: list[Answer] = []
            for _ in range(1000):
                try:
                    told.append(await it.pay("1", key="gone"))
                    break
                except InFlight:
                    await asyncio.sleep(0.01)
            assert told and told[0].repeated
            assert (await it.stands()).available_minor == 9_900

    go(story)
