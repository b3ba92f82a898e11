"""Payments: paid for once, answered the same, never more than there is."""

import asyncio
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from partners_at_work import Paying, paying, rates
from parts import go
from uzel.ledger import chain
from uzel.ledger.accounts import LIVE, open_account
from uzel.model.currency import EXPONENTS, NotAnAmount, decimal
from uzel.partners.answers import forget_old
from uzel.partners.manage import move_money
from uzel.partners.payment import Answer, InFlight, KeyReused, NumberUsed, State
from uzel.partners.payments import Payments
from uzel.partners.price import House, legs, price
from uzel.partners.settings import Debit, PartnerSettings
from uzel.partners.settle import settle

amounts = st.decimals("0.001", 10**6, places=3)
currencies = st.sampled_from(sorted(EXPONENTS))
percents = st.decimals(0, 100, places=2)
rates_of = st.decimals("0.000001", 10**6, places=6)


@given(amounts, currencies, currencies, rates_of, percents)
def test_a_price_is_rounded_once_and_towards_the_house(
    amount: Decimal, currency: str, balance: str, rate: Decimal, percent: Decimal
) -> None:
    if currency != balance and amount < decimal(1, currency):
        with pytest.raises(NotAnAmount):
            price(amount, currency, balance, rate, percent)
        return
    found = price(amount, currency, balance, rate, percent)
    exact = amount * rate * (100 + percent) / 100
    unit = decimal(1, balance)
    assert exact <= decimal(found.total_minor, balance) < exact + unit
    assert found.exchange_minor + found.commission_minor == found.total_minor
    assert found.exchange_minor >= 0
    assert found.commission_minor >= 0
    one = currency == balance
    # What is paid out is never worth more than what was paid for it.
    assert one or decimal(found.paid_minor, currency) * rate <= decimal(
        found.exchange_minor, balance
    )
    house = House(2, 3) if one else House(2, 3, 4, 5)
    parts = legs(found, 1, house)
    sides = {1: balance, 3: balance, 4: balance, 5: currency, 2: currency}
    for side in {currency, balance}:
        assert sum(leg.amount_minor for leg in parts if sides[leg.account] == side) == 0


@given(amounts, amounts, rates_of, percents)
def test_splitting_a_payment_never_pays(
    one: Decimal, other: Decimal, rate: Decimal, percent: Decimal
) -> None:
    def cost(amount: Decimal) -> int:
        return price(amount, "USD", "RUB", rate, percent).total_minor

    assume(min(one, other) >= Decimal("0.01"))
    assert cost(one) + cost(other) >= cost(one + other)


def test_an_amount_beyond_all_bounds_has_no_price() -> None:
    with pytest.raises(NotAnAmount):
        price(Decimal("1e30"), "USD", "RUB", Decimal(90), Decimal(0))


def test_a_payment_is_held_and_then_taken(shared_dsn: str) -> None:
    async def story() -> None:
        wanted = PartnerSettings(commission_percent=Decimal(15))
        async with paying(shared_dsn, 500_000, settings=wanted) as it:
            answer = await it.pay("20", "USD")
            public_id, after = orjson.loads(answer.body)
            assert (answer.status, after) == (200, 500_000 - 207_000)
            held = await it.stands()
            assert (held.posted_minor, held.held_minor) == (500_000, 207_000)
            assert (await end(it, public_id, State.COMPLETED)).changed
            assert not (await end(it, public_id, State.COMPLETED)).changed
            now = await it.stands()
            assert (now.posted_minor, now.held_minor) == (500_000 - 207_000, 0)
            # Given back after all, by an entry of its own, once.
            assert (await end(it, public_id, State.FAILED)).changed
            assert not (await end(it, public_id, State.FAILED)).changed
            assert (await end(it, public_id, State.COMPLETED)).refused == "given_back"
            assert (await it.stands()).available_minor == 500_000
            assert (await chain.verify(it.pool)).faults == ()

    go(story)


@pytest.mark.parametrize("debit", list(Debit))
def test_a_failure_gives_the_money_back_once(shared_dsn: str, debit: Debit) -> None:
    """However many say so at the same time."""

    async def story() -> None:
        async with paying(shared_dsn, 1000, settings=PartnerSettings(debit=debit)) as it:
            for _ in range(5):
                public_id, _ = orjson.loads((await it.pay("1.50")).body)
                assert (await it.stands()).available_minor == 850
                ends = await asyncio.gather(*(end(it, public_id, State.FAILED) for _ in range(4)))
                assert sum(one.changed for one in ends) == 1
                assert (await it.stands()).available_minor == 1000

    go(story)


async def end(it: Paying, public_id: str, state: State) -> Any:
    async with it.pool.acquire() as connection, connection.transaction():
        return await settle(connection, public_id, state, made_by="robot", reason="report")


def test_a_balance_is_drained_by_exactly_as_many_as_it_has_room_for(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 40 * 100 + 99, size=10) as it:
            second = Payments(it.pool, rates)
            asks = [
                (second if n % 2 else it.payments).ask(it.ask("1", key=f"{n}")) for n in range(200)
            ]
            statuses = Counter(answer.status for answer in await asyncio.gather(*asks))
            assert statuses == {200: 40, 402: 160}
            assert (await it.stands()).available_minor == 99

    go(story)


def test_the_same_again_gets_the_same_again(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 1000) as it:
            first = await it.pay("2", key="a")
            for amount in ("2", "2.0", "2.00"):
                again = await it.pay(amount, key="a")
                assert (again.status, again.body, again.repeated) == (200, first.body, True)
            with pytest.raises(KeyReused):
                await it.pay("3", key="a")
            with pytest.raises(KeyReused):
                await it.pay("2", "USD", key="a")
            poor = await it.pay("100", key="b")
            assert poor.status == 402
            async with it.pool.acquire() as connection, connection.transaction():
                house = await open_account(connection, LIVE, "top-ups", "RUB")
                topped_up = await move_money(
                    connection, it.partner.account, house, 20_000, kind="top_up",
                    origin=f"later:{it.partner.public_id}", made_by="anna", reason="invoice 2",
                )  # fmt: skip
                assert topped_up.is_done
            # A refusal stays one, though the money has come in meanwhile.
            assert (await it.pay("100", key="b")).body == poor.body
            assert (await it.stands()).available_minor == 20_800
            assert (await it.pay("100", key="c")).status == 200

    go(story)


def test_what_the_asker_can_mend_is_not_kept(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 1000) as it:
            assert (await it.pay("1", "GBP", key="c")).body == b'"no_rate"'
            assert (await it.pay("1e30", "RUB", key="c")).body == b'"amount"'
            assert (await it.pay("1", "RUB", key="c")).status == 200

    go(story)


requests = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["1", "1.0", "2", "90"])), min_size=1, max_size=40
)


@given(requests)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_storm_of_keys_has_one_effect_each(shared_dsn: str, storm: list[tuple[int, str]]) -> None:
    """Poisoned repeats in two processes at once: of a key one body wins, and it alone pays."""

    async def story() -> None:
        async with paying(shared_dsn, 9900, size=8) as it:
            others = [it.payments, Payments(it.pool, rates)]

            async def one(number: int, key: int, amount: str) -> Answer | Exception:
                try:
                    return await others[number % 2].ask(it.ask(amount, key=str(key)))
                except (InFlight, KeyReused) as error:
                    return error

            answers = await asyncio.gather(
                *(one(number, key, amount) for number, (key, amount) in enumerate(storm))
            )
            spent = 0
            for key in {key for key, _ in storm}:
                told = {
                    (answer.status, answer.body)
                    for (asked, _), answer in zip(storm, answers, strict=True)
                    if asked == key and isinstance(answer, Answer)
                }
                assert len(told) == 1
                amount = winner(storm, answers, key)
                ((status, _),) = told
                spent += int(Decimal(amount) * 100) if status == 200 else 0
            assert (await it.stands()).available_minor == 9900 - spent
            count = "select count(*) from payment where partner_id = $1"
            ends = Counter(
                answer.body
                for answer in answers
                if isinstance(answer, Answer) and answer.status == 200
            )
            assert await it.pool.fetchval(count, it.partner.id) == len(ends)

    go(story)


def winner(storm: list[tuple[int, str]], answers: list[Any], key: int) -> str:
    """The amount under which a key was answered."""
    (amount,) = {
        format(Decimal(amount).normalize(), "f")
        for (asked, amount), answer in zip(storm, answers, strict=True)
        if asked == key and isinstance(answer, Answer)
    }
    return amount


def test_old_answers_are_forgotten_and_the_number_still_pays_once(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, 10_000) as it:
            ask = replace(it.ask("1", key="a"), keys=("number:17",), external_id="17")
            first = await it.payments.ask(ask)
            young = await it.pay("2", key="b")
            age = (
                "update partner_request set created_at = now() - interval '91 days' "
                "where partner_id = $1 and key = 'number:17'"
            )
            await it.pool.execute(age, it.partner.id)
            assert (await it.payments.ask(ask)).body == first.body
            while await forget_old(it.pool):
                pass
            with pytest.raises(NumberUsed):
                await it.payments.ask(ask)
            assert (await it.pay("2", key="b")).body == young.body
            assert (await it.stands()).available_minor == 9_700

    go(story)
