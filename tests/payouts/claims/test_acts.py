"""What can be done with a claim, by whom, and what never can."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from claims_at_work import APPROVERS, BY_CARD, BY_PHONE, OTHERS, Claiming, Work, claiming
from parts import go
from uzel.flows.payouts import claims as flow
from uzel.payouts import payout_store
from uzel.payouts.claims import acts, approval, thread
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims import claimant_store as claimants
from uzel.payouts.claims.claim import ENDED, MOVES, ClaimRefused, Form, State
from uzel.payouts.limits import Limits
from uzel.payouts.payout import State as Payout
from uzel.payouts.wish import WishRejected


async def refused(it: Claiming, work: Work) -> str:
    """The code it is refused with."""
    with pytest.raises(ClaimRefused) as refusal:
        await it.do(work)
    return refusal.value.code


async def vault_of(it: Claiming, number: int) -> int:
    row = await it.row(number)
    return int(
        await it.it.pool.fetchval("select count(*) from vault where id = $1", row["vault_id"])
    )


def test_every_state_can_be_left_or_only_by_the_providers_word() -> None:
    assert set(MOVES) == set(State)
    assert all(MOVES[state] <= {State.PAID, State.FAILED} for state in ENDED)


def test_a_claim_is_filled_in_approved_and_paid(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.make(Form(amount="1000"))
            code = await refused(it, lambda c: acts.submit(c, number, "maker"))
            assert code == "incomplete"
            await it.edit(number, replace(BY_CARD, amount=None))
            await it.do(lambda c: acts.submit(c, number, "maker"))
            row = await it.approve(number, "vera")
            assert row["state"] == "paying"
            assert await vault_of(it, number) == 1
            await it.paid(number)
            row = await it.row(number)
            assert (row["state"], row["vault_id"]) == ("paid", None)
            steps = [step["act"] for step in await store.steps(it.it.pool, number)]
            assert steps == ["made", "edited", "submitted", "approved", "paying", "paid"]

    go(story)


@pytest.mark.parametrize("by", ["maker", "editor", "command:maker", *OTHERS])
def test_nobody_approves_their_own_or_without_the_right(shared_dsn: str, by: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            for login in ("maker", "editor"):
                await it.it.pool.execute(
                    "insert into person (login, password_hash, role) values ($1, 'x', 'approver') "
                    "on conflict do nothing",
                    login,
                )
            number = await it.submitted()
            await it.edit(number, Form(amount="900"), "editor")
            row = await it.row(number)
            code = "no_approver" if by in OTHERS else "same_person"
            ring, version = it.it.ring, row["version"]
            assert await refused(it, lambda c: flow.approve(c, ring, number, version, by)) == code
            assert await refused(it, lambda c: approval.reject(c, number, by, "why")) == code
            # Nor where somebody writes past the program.
            person = by.removeprefix("command:")
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="claim"):
                await it.do(lambda c: store.vote(c, number, version, person))
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="lacks"):
                await it.do(lambda c: store.move(c, number, "approved", None))

    go(story)


def test_one_person_behind_two_names_is_one(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            await it.it.pool.execute(
                "insert into person_chat (person_id, connection_id, user_id) "
                "select id, $1, 4711000 + $1 from person where login = 'vera'",
                it.it.connection_id,
            )
            chat = f"telegram:{4711000 + it.it.connection_id}"
            number = await it.submitted(by=chat)
            with pytest.raises(ClaimRefused, match="nobody decides"):
                await it.approve(number, "vera")
            other = await it.submitted(by="maker")
            assert (await it.approve(other, chat))["state"] == "paying"
            assert (await store.steps(it.it.pool, other))[-1]["made_by"] == chat

    go(story)


def test_above_the_limit_two_different_people_approve(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn, two_above=99_999) as it:
            number = await it.submitted()
            assert (await it.approve(number, "vera"))["state"] == "submitted"
            with pytest.raises(ClaimRefused, match="already"):
                await it.approve(number, "command:vera")
            # A change of what is paid makes all earlier words worthless.
            row = await it.edit(number, Form(amount="1500"))
            assert (await it.approve(number, "boris"))["state"] == "submitted"
            with pytest.raises(ClaimRefused, match="changed"):
                await it.approve(number, "vera", version=row["version"] - 1)
            assert (await it.approve(number, "vera"))["state"] == "paying"

    go(story)


def test_a_storm_of_approvers_makes_one_payout(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted(BY_PHONE)
            said = await asyncio.gather(
                *(it.approve(number, by) for by in APPROVERS * 4), return_exceptions=True
            )
            done = [row for row in said if not isinstance(row, BaseException)]
            assert len(done) == 1
            assert all(isinstance(it, ClaimRefused) for it in said if it is not done[0])
            assert len(await store.payouts(it.it.pool, number)) == 1

    go(story)


def test_the_database_allows_one_live_payout(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.approve(number, "vera")
            begun = await it.it.begin(it.it.wish())
            with pytest.raises(asyncpg.UniqueViolationError):
                await it.do(lambda c: store.pay(c, number, begun.id))
            for column, value in (("amount_minor", 5), ("last_name", "Петров"), ("bank_id", "1")):
                with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                    await it.it.pool.execute(
                        f"update claim set {column} = $2, version = version + 1 where id = $1",
                        number,
                        value,
                    )

    go(story)


def test_what_failed_is_asked_for_again_and_approved_again(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.approve(number, "vera")
            await it.paid(number, Payout.FAILED, reason="no such card")
            row = await it.row(number)
            assert (row["state"], row["reason"]) == ("failed", "no such card")
            assert await refused(it, lambda c: acts.submit(c, number, "maker")) == "card_needed"
            await it.edit(number, BY_CARD)
            row = await it.do(lambda c: acts.submit(c, number, "maker"))
            assert await store.votes(it.it.pool, number, row["version"]) == []
            assert (await it.approve(number, "boris"))["state"] == "paying"
            payouts = await store.payouts(it.it.pool, number)
            assert [(p["state"], p["is_live"]) for p in payouts] == [
                ("failed", False),
                ("waiting", True),
            ]
            # The first one was paid after all: everybody sees it, and the second is what it was.
            await it.it.move(payouts[0]["payout_id"], Payout.PAID)
            assert (await it.row(number))["state"] == "paying"
            last = (await store.steps(it.it.pool, number))[-1]
            assert (last["act"], last["state"]) == ("paid", "paying")

    go(story)


@pytest.mark.parametrize("asked_again", [False, True])
def test_paid_after_it_had_failed(shared_dsn: str, asked_again: bool) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted(BY_PHONE)
            await it.approve(number, "vera")
            payout = (await it.row(number))["payout_id"]
            await it.it.move(payout, Payout.FAILED)
            if asked_again:
                await it.do(lambda c: acts.submit(c, number, "maker"))
            await it.it.move(payout, Payout.PAID)
            assert (await it.row(number))["state"] == "paid"
            await it.it.move(payout, Payout.RETURNED, reason="closed account")
            row = await it.row(number)
            assert (row["state"], row["reason"]) == ("failed", "returned: closed account")

    go(story)


def test_an_earlier_payout_that_was_paid_after_all_counts(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.approve(number, "vera")
            first = (await it.row(number))["payout_id"]
            await it.it.move(first, Payout.FAILED)
            await it.edit(number, BY_CARD)
            await it.do(lambda c: acts.submit(c, number, "maker"))
            await it.approve(number, "vera")
            await it.it.move(first, Payout.PAID)
            await it.paid(number, Payout.FAILED, reason="no such card")
            row = await it.row(number)
            # Nobody is asked to pay once more what was paid.
            assert (row["state"], row["payout_id"], row["reason"]) == ("paid", first, None)
            said = (await store.steps(it.it.pool, number))[-1]
            assert (said["act"], "paid" in said["reason"]) == ("paid", True)
            await it.it.move(first, Payout.RETURNED)
            assert (await it.row(number))["state"] == "failed"

    go(story)


def test_a_card_entered_again_in_vain_is_destroyed(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.approve(number, "vera")
            first = (await it.row(number))["payout_id"]
            await it.it.move(first, Payout.FAILED)
            await it.edit(number, BY_CARD)
            await it.do(lambda c: acts.submit(c, number, "maker"))
            assert await vault_of(it, number) == 1
            await it.it.move(first, Payout.PAID)
            row = await it.row(number)
            assert (row["state"], row["vault_id"]) == ("paid", None)

    go(story)


def test_who_changed_it_once_does_not_approve_it(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.edit(number, BY_PHONE, "vera")
            row = await it.edit(number, Form(purpose="Премия"), "oleg")
            ring, version = it.it.ring, row["version"]
            assert (
                await refused(it, lambda c: flow.approve(c, ring, number, version, "vera"))
                == "same_person"
            )
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="their own"):
                await it.do(lambda c: store.vote(c, number, version, "vera"))
            assert (await it.approve(number, "boris"))["state"] == "paying"

    go(story)


def test_a_look_ahead_does_nothing(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            await it.set_limits(Limits(person_day=150_000, day=1_000_000))
            number = await it.submitted(BY_PHONE)
            before = await it.row(number)
            async with it.it.pool.acquire() as connection:
                seen = await flow.preview(connection, it.it.ring, number, None, "vera")
                assert (seen.state, seen.have, seen.need) == ("paying", 1, 1)
                assert seen.left == {"person": 50_000, "day": 900_000}
            assert await it.row(number) == before
            assert await it.it.held() == {}
            assert len(await store.steps(it.it.pool, number)) == 2

    go(story)


def test_a_limit_holds_back_what_was_approved(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            await it.set_limits(Limits(payout=50_000))
            number = await it.submitted()
            row = await it.approve(number, "vera")
            assert (row["state"], row["held_code"]) == ("approved", "limit_payout")
            assert await store.payouts(it.it.pool, number) == []
            await it.set_limits(Limits())
            row = await it.do(lambda c: flow.pay_again(c, it.it.ring, number, "boris"))
            assert (row["state"], row["held_code"]) == ("paying", None)

    go(story)


def test_a_rejection_has_a_reason_and_is_the_end(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            assert await refused(it, lambda c: approval.reject(c, number, "vera", " ")) == "reason"
            row = await it.reject(number, "vera", "карта 2200 7702 1272 7079 не ваша")
            assert row["state"] == "rejected"
            assert "1272" not in row["reason"]
            assert await vault_of(it, number) == 0
            assert await refused(it, lambda c: acts.submit(c, number, "maker")) == "state"
            assert await refused(it, lambda c: acts.cancel(c, number, "maker")) == "state"

    go(story)


def test_what_was_taken_back_is_not_paid(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.do(lambda c: acts.cancel(c, number, "maker", "не надо"))
            assert await vault_of(it, number) == 0
            with pytest.raises(ClaimRefused, match="cancelled"):
                await it.approve(number, "vera")

    go(story)


def test_the_same_number_is_the_same_claim(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            name = f"order {it.it.connection_id}"
            first = await it.make(external_id=name)
            assert await it.make(external_id=name) == first
            other = await it.do(lambda c: claimants.known(c, f"api:{name}"))
            with pytest.raises(ClaimRefused, match="another claim"):
                await it.make(external_id=name, claimant_id=other)
            with pytest.raises(ClaimRefused, match="another claim"):
                await it.make(BY_PHONE, external_id=name)
            await it.edit(first, BY_PHONE)
            assert await it.make(external_id=name) == first

    go(story)


def test_who_is_blocked_is_not_paid(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            who = await it.do(lambda c: claimants.known(c, f"telegram:{it.it.connection_id}"))
            number = await it.make(BY_PHONE, claimant_id=who)
            await it.do(lambda c: acts.submit(c, number, "maker"))
            await it.do(lambda c: claimants.block(c, who, "vera", "пятый раз"))
            with pytest.raises(ClaimRefused, match="blocked"):
                await it.approve(number, "vera")
            with pytest.raises(ClaimRefused, match="blocked"):
                await it.make(BY_PHONE, claimant_id=who)

    go(story)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (Form(amount="0"), "amount"),
        (Form(card="1234567890123456"), "card"),
        (Form(phone="+7 999 000-00-01"), "bank"),
        (Form(phone="+7 999 000-00-01", bank="банк"), "bank"),
        (Form(card="2200770212727079", phone="+79990000001", bank="сбер"), "card"),
        (Form(name="Анна"), "name"),
        (Form(purpose="на карту 2200-7702 1272 7079"), "purpose"),
        (Form(details={"a": [2200770212727079]}), "details"),
    ],
)
def test_what_is_wrong_is_refused_by_field(shared_dsn: str, form: Form, field: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            with pytest.raises(WishRejected) as rejected:
                await it.make(form)
            assert rejected.value.field == field

    go(story)


def test_what_is_said_and_shown_stays_with_the_claim(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            png = b"\x89PNG\r\n\x1a\n" + b"0" * 50

            async def talk(connection: Any) -> tuple[list[Any], list[Any]]:
                await thread.say(connection, number, "пришлите чек", "vera", is_claimants=False)
                said = "вот: 2200-7702-1272-7079 12/29 123"
                await thread.say(connection, number, said, "telegram:1", is_claimants=True)
                first = await thread.attach(connection, number, "чек.png", png, "telegram:1")
                assert await thread.attach(connection, number, "2.png", png, "telegram:1") == first
                return await thread.thread(connection, number)

            messages, files = await it.do(talk)
            assert [m["is_claimants"] for m in messages] == [False, True]
            assert "1272" not in messages[1]["text"]
            assert "123" not in messages[1]["text"].split()[-1]
            assert [(f["name"], f["content_type"]) for f in files] == [("чек.png", "image/png")]
            for content in (b"<html>", b"GIF89a", b"", b"MZ"):
                with pytest.raises(ClaimRefused, match="JPEG"):
                    thread.type_of(content)

    go(story)


def test_the_card_of_what_nobody_decides_on_is_forgotten(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted()
            await it.it.pool.execute(
                "update claim set updated_at = now() - interval '8 days' where id = $1", number
            )
            await flow.forget_cards(it.it.pool)
            assert (await it.row(number))["vault_id"] is None
            with pytest.raises(ClaimRefused, match="entered again"):
                await it.approve(number, "vera")

    go(story)


@pytest.mark.parametrize("taken", ["claim_{}", "claim-{}", "{}"])
def test_no_number_of_somebody_elses_stands_in_a_claims_way(shared_dsn: str, taken: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            number = await it.submitted(BY_PHONE)
            await it.it.begin(it.it.wish(external_id=taken.format(number)))
            row = await it.approve(number, "vera")
            assert (row["state"], row["held_code"]) == ("paying", None)
            found = await payout_store.find(it.it.pool, f"claim:{number}")
            assert found["id"] == row["payout_id"]

    go(story)


def test_what_was_held_back_is_not_paid_to_who_was_blocked(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            who = await it.do(lambda c: claimants.known(c, f"telegram:1{it.it.connection_id}"))
            await it.set_limits(Limits(day=50_000))
            number = await it.make(BY_PHONE, claimant_id=who)
            await it.do(lambda c: acts.submit(c, number, "maker"))
            assert (await it.approve(number, "vera"))["held_code"] == "limit_day"
            await it.do(lambda c: claimants.block(c, who, "vera", "пятый раз"))
            await it.set_limits(Limits())
            await flow.pay_held(it.it.pool, it.it.ring)
            assert (await it.row(number))["state"] == "approved"
            ring = it.it.ring
            assert (
                await refused(it, lambda c: flow.pay_again(c, ring, number, "boris")) == "blocked"
            )

    go(story)


def test_a_limit_of_who_decides_holds_whoever_tries_again(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            await it.set_limits(Limits(operator_day=150_000))
            first, second = [await it.submitted(BY_PHONE) for _ in range(2)]
            assert (await it.approve(first, "vera"))["state"] == "paying"
            assert (await it.approve(second, "vera"))["held_code"] == "limit_operator_day"
            await flow.pay_held(it.it.pool, it.it.ring)
            await it.do(lambda c: flow.pay_again(c, it.it.ring, second, "boris"))
            assert (await it.row(second))["state"] == "approved"

    go(story)


def test_who_links_another_chat_is_still_who_asked(shared_dsn: str) -> None:
    async def story() -> None:
        async with claiming(shared_dsn) as it:
            through = it.it.connection_id
            link = (
                "insert into person_chat (person_id, connection_id, user_id) "
                "select id, $1, $2 from person where login = 'boris' "
                "on conflict (person_id) do update set connection_id = $1, user_id = $2"
            )
            await it.it.pool.execute(link, through, 5_000_000 + through)
            number = await it.submitted(by=f"telegram:{5_000_000 + through}")
            await it.it.pool.execute(link, through, 6_000_000 + through)
            with pytest.raises(ClaimRefused, match="nobody decides"):
                await it.approve(number, "boris")
            await it.it.pool.execute("delete from person_chat where connection_id = $1", through)
            with pytest.raises(ClaimRefused, match="nobody decides"):
                await it.approve(number, "boris")

    go(story)
