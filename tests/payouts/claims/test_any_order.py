"""Whatever people do to claims, in whatever order, and whatever the provider says of payouts: what
is paid was approved as it is by enough others, once, and the books and the vault say the same.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from claims_at_work import APPROVERS, BY_CARD, BY_PHONE, Claiming, claiming
from uzel.flows.payouts import claims as flow
from uzel.payouts.claims import acts, approval
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.claim import ClaimRefused, Form
from uzel.payouts.payout import MOVES, OPEN, State

PEOPLE = ("maker", "command:vera", *APPROVERS)
people = st.sampled_from(PEOPLE)
# Whoever changes a claim cannot approve it: with all of them changing it, nothing is ever paid.
askers = st.sampled_from(("maker", "oleg", "boris"))
forms = st.sampled_from(
    (BY_CARD, BY_PHONE, Form(amount="900"), Form(amount="2000"), Form(purpose="Премия"))
)
places = st.integers(0, 1)


class Room:
    """A loop with claims in it, for all runs of the machine."""

    def __init__(self, dsn: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = contextlib.AsyncExitStack()
        self.it: Claiming = self.run(self.stack.enter_async_context(claiming(dsn, 150_000)))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()


def machine_in(room: Room) -> type[RuleBasedStateMachine]:
    it, run = room.it, room.run
    pool = it.it.pool

    class Claims(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.claims: list[int] = []

        def one(self, place: int) -> int:
            return self.claims[place % len(self.claims)]

        @precondition(lambda self: len(self.claims) < 2)
        @rule(by=askers, form=st.sampled_from((BY_CARD, BY_PHONE)))
        def make(self, by: str, form: Form) -> None:
            self.claims.append(run(it.submitted(form, by)))

        @precondition(lambda self: self.claims)
        @rule(place=places, by=askers, form=forms)
        def edit(self, place: int, by: str, form: Form) -> None:
            self.tried(it.edit(self.one(place), form, by))

        @precondition(lambda self: self.claims)
        @rule(place=places, by=people)
        def submit(self, place: int, by: str) -> None:
            self.tried(it.do(lambda c: acts.submit(c, self.one(place), by)))

        @precondition(lambda self: self.claims)
        @rule(place=places, by=people)
        def approve(self, place: int, by: str) -> None:
            self.tried(it.approve(self.one(place), by))

        @precondition(lambda self: self.claims)
        @rule(place=places, first=people, second=people, form=forms, what=st.integers(0, 7))
        def at_once(self, place: int, first: str, second: str, form: Form, what: int) -> None:
            number = self.one(place)
            others = (
                lambda: it.approve(number, second),
                lambda: it.edit(number, form, second),
                lambda: it.do(lambda c: acts.cancel(c, number, second)),
                lambda: it.reject(number, second),
            )
            run(both(it.approve(number, first), others[what % 4 if what < 4 else what % 2]()))

        @precondition(lambda self: self.claims)
        @rule(place=places, by=people, what=st.integers(0, 9))
        def end(self, place: int, by: str, what: int) -> None:
            number = self.one(place)
            if what == 0:
                self.tried(it.do(lambda c: acts.cancel(c, number, by)))
            elif what == 1:
                self.tried(it.do(lambda c: approval.reject(c, number, by, "нет")))
            else:
                self.tried(it.do(lambda c: flow.pay_again(c, it.it.ring, number, by)))

        @precondition(lambda self: self.claims)
        @rule(place=places, by=askers, form=forms, approved=st.booleans())
        def fail_and_ask_again(self, place: int, by: str, form: Form, approved: bool) -> None:
            """As most people do."""
            number = self.one(place)
            for payout in run(store.payouts(pool, number))[-1:]:
                run(it.it.move(payout["payout_id"], State.FAILED, reason="no such card"))
            self.tried(it.edit(number, form, by))
            self.tried(it.do(lambda c: acts.submit(c, number, by)))
            for approver in ("vera", "admin") if approved else ():
                self.tried(it.approve(number, approver))

        @precondition(lambda self: self.claims)
        @rule(place=places, nth=st.integers(0, 3), which=st.integers(0, 5))
        def provider(self, place: int, nth: int, which: int) -> None:
            payouts = run(store.payouts(pool, self.one(place)))
            if payouts:
                row = payouts[nth % len(payouts)]
                # Whatever can be said of it, and of what is over that it failed.
                words = sorted(MOVES[State(row["state"])]) or [State.FAILED]
                word = words[which % len(words)]
                run(it.it.move(row["payout_id"], word, reason="so it was told"))

        @precondition(lambda self: self.claims)
        @rule(place=places, newest=st.sampled_from((None, State.FAILED, State.PAID)))
        def paid_after_all(self, place: int, newest: State | None) -> None:
            """The first that failed; and what then becomes of the newest."""
            payouts = run(store.payouts(pool, self.one(place)))
            failed = [row for row in payouts if row["state"] == State.FAILED]
            if failed:
                run(it.it.move(failed[0]["payout_id"], State.PAID))
                if newest is not None:
                    run(it.it.move(payouts[-1]["payout_id"], newest))

        def tried(self, work: Any) -> None:
            with contextlib.suppress(ClaimRefused):
                run(work)

        @invariant()
        def all_is_well(self) -> None:
            for number in self.claims:
                run(check(it, number))
            run(check_books(it))

    return Claims


async def both(first: Any, second: Any) -> None:
    for said in await asyncio.gather(first, second, return_exceptions=True):
        if isinstance(said, BaseException) and not isinstance(said, ClaimRefused):
            raise said


async def check(it: Claiming, number: int) -> None:
    pool = it.it.pool
    row = await it.row(number)
    payouts = await store.payouts(pool, number)
    steps = await store.steps(pool, number)
    live = [payout for payout in payouts if payout["is_live"]]
    open_ones = [payout for payout in payouts if payout["state"] in OPEN]
    assert len(live) <= 1 and len(open_ones) <= 1
    assert (row["state"] == "paying") == bool(open_ones), (row["state"], payouts)
    if any(payout["state"] == "paid" for payout in payouts):
        # Nobody is asked to pay once more what was paid.
        assert row["state"] in ("paid", "paying"), row["state"]
    else:
        assert row["state"] != "paid"
    # A payout is of one version, which enough of the others have approved.
    votes = await pool.fetch("select * from claim_approval where claim_id = $1", number)
    editors = await store.editors(pool, number)
    assert editors == {
        step["made_by"].removeprefix("command:")
        for step in steps
        if step["act"] in ("made", "edited")
    }
    if row["state"] == "paying":
        said = {vote["person"] for vote in votes if vote["version"] == row["version"]}
        assert not said & editors
        assert len(said) >= (2 if row["amount_minor"] > 150_000 else 1)
    # The last step but for messages and later words is where the claim is.
    assert steps[-1]["state"] == row["state"]
    assert [step["act"] for step in steps].count("paying") == len(payouts)
    await check_vault(it, row)


async def check_vault(it: Claiming, row: Any) -> None:
    """The number of a card lies there while it is needed, and no longer."""
    sealed = await it.it.pool.fetchval("select count(*) from vault where id = $1", row["vault_id"])
    if row["state"] in ("paid", "rejected", "cancelled"):
        assert not sealed, row["state"]
    if row["state"] == "submitted" and row["kind"] == "card":
        assert sealed
    if row["state"] == "paying" and row["kind"] == "card":
        payout = await it.it.pool.fetchval(
            "select state from payout where id = $1", row["payout_id"]
        )
        assert bool(sealed) == (payout in ("waiting", "unknown"))


async def check_books(it: Claiming) -> None:
    """What is held and was posted is what the payouts are."""
    rows = await it.it.pool.fetch(
        "select state, sum(amount_minor)::bigint as minor from payout where connection_id = $1 "
        "group by state",
        it.it.connection_id,
    )
    by_state = {row["state"]: row["minor"] for row in rows}
    held = await it.it.held()
    posted, reserved = held.get(f"payouts:{it.it.connection_id}", (0, 0))
    assert -posted == by_state.get("paid", 0)
    assert reserved == sum(by_state.get(state, 0) for state in OPEN)


@pytest.fixture(scope="module")
def room(shared_dsn: str) -> Iterator[Room]:
    made = Room(shared_dsn)
    yield made
    made.close()


QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_any_acts_in_any_order(room: Room) -> None:
    machine = machine_in(room)
    run_machine(machine, settings=settings(QUIET, max_examples=12, stateful_step_count=25))


@pytest.mark.long
def test_any_acts_in_any_order_for_long(room: Room) -> None:
    machine = machine_in(room)
    long = settings(QUIET, max_examples=300, stateful_step_count=60, derandomize=False)
    run_machine(machine, settings=long)
