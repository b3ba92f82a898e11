"""One request per guest within N days, whatever the source; what did not reach anybody does not
count as one. And which of the marks that a salon sets counts.
"""

import asyncio
import itertools
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guests import BODY, NOWHERE, ago, iiko, rkeeper, states, tell, yclients
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.messages.store import add_template

LONG = "--long" in sys.argv
EXAMPLES = 300 if LONG else 25
SOURCES = ("iiko", "rkeeper", "yclients")
ALSO = ("rkeeper", "yclients")
MAIL = "guest@mail.example"


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(SOURCES, 2)))
def test_two_sources_ask_a_guest_once(module_dsn: str, first: str, second: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=ALSO) as hub:
            phone = new_phone()
            # Each source spells phones in its own way.
            spelled = f"8{phone[2:]}"
            assert await tell(hub, BODY[first](phone), first) == ("request", None)
            assert await tell(hub, BODY[second](spelled), second) == ("skip", "asked_recently")
            assert await tell(hub, BODY[second](new_phone()), second) == ("request", None)

    go(run)


async def mail_too(hub: Hub) -> None:
    """SMS, else e-mail."""
    await hub.set_rules(route=[{"channel": "sms"}, {"channel": "email"}])
    await add_template(hub.pool, hub.business, "review_request", "email", "{link}", subject="?")


@pytest.mark.parametrize("mail", ["accepted", "refused", "withdrawn"])
def test_a_request_that_reached_nobody_by_any_way_does_not_count(
    module_dsn: str, sandbox: Sandbox, mail: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            await mail_too(hub)
            phone, order = new_phone(), str(uuid4())
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 207}).raise_for_status()
            body = rkeeper(phone, ago(60), order=order, email=f"{uuid4()}@mail.example")
            await tell(hub, body, "rkeeper")
            await hub.runner.pump(hub.smsru)
            while running := hub.runner._running():
                await asyncio.wait(running)
            sandbox.reset()
            if mail == "refused":
                await hub.pool.execute(
                    "update message set state = 'failed' where origin like '%#1' "
                    "and business_id = $1",
                    hub.business,
                )
            elif mail == "withdrawn":
                called_off = {**body, "orderStatusName": "Отменен", "updatedAt": stamp(ago(30))}
                await tell(hub, called_off, "rkeeper")
            else:
                await hub.call()
            by_channel = [(row["channel"], row["state"]) for row in await hub.messages()]
            ends = {"accepted": "accepted", "refused": "failed", "withdrawn": "cancelled"}
            assert by_channel == [("sms", "failed"), ("email", ends[mail])]
            reason = "asked_recently" if mail == "accepted" else None
            assert (await tell(hub, iiko(phone)))[1] == reason

    go(run)


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_who_is_known_by_mail_alone_is_asked_once_as_well(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper", "resend")) as hub:
            await mail_too(hub)
            bodies = [rkeeper(None, email=it) for it in (MAIL, MAIL.upper(), "other@mail.example")]
            # r_keeper's order without a phone is no visit; amoCRM's deal would be one.
            assert [await tell(hub, body, "rkeeper") for body in bodies] == [
                ("skip", "no_phone")
            ] * 3

    go(run)


def test_what_was_only_recorded_does_not_count(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await hub.set_rules(sending="record")
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.call()
            await hub.set_rules()
            assert await tell(hub, iiko(phone)) == ("request", None)
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def record(phone: str, came: int, minute: int, part: int = 1, visit: int = 5) -> Any:
    """A mark in a salon's book, `minute` minutes into the last hour."""
    at = ago(3600) + timedelta(minutes=minute)
    return yclients(phone, at, came, id=part, visit_id=visit)


def test_a_mark_taken_back_and_set_again_asks_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=ALSO) as hub:
            phone = new_phone()
            marks = [
                (1, 1, ("request", None)),
                (0, 2, ("cancel", "unmarked")),
                # What is older than the taking back counts no more, however often it comes.
                (1, 1, ("skip", "visit_known")),
                (1, 3, ("request", None)),
                (1, 4, ("skip", "duplicate")),
            ]
            for came, minute, decided in marks:
                mark = {**record(phone, came, minute), "again": str(uuid4())}
                assert await tell(hub, mark, "yclients") == decided
            await hub.call()
            assert await states(hub) == [("cancelled", "visit_cancelled"), ("accepted", None)]
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_calling_off_one_part_leaves_the_visit_of_the_other(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=ALSO) as hub:
            phone = new_phone()
            assert (await tell(hub, record(phone, 1, 1, part=1), "yclients"))[0] == "request"
            await tell(hub, record(phone, -1, 2, part=2), "yclients")
            assert await states(hub) == [("planned", None)]
            await tell(hub, record(phone, -1, 3, part=1), "yclients")
            assert await states(hub) == [("cancelled", "visit_cancelled")]
            # The other part came after all.
            assert (await tell(hub, record(phone, 1, 4, part=2), "yclients"))[0] == "request"

    go(run)


marks = st.lists(
    st.tuples(st.sampled_from([1, 2]), st.sampled_from([1, 0, -1])), min_size=1, max_size=6
)


@given(marks, st.randoms())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_is_asked_about_a_visit_all_of_which_was_called_off(
    module_dsn: str, told: list[tuple[int, int]], random: Any
) -> None:
    """The marks of a visit's two parts, a minute apart, in any order of arrival."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=ALSO) as hub:
            phone = new_phone()
            bodies = [record(phone, came, minute, part) for minute, (part, came) in enumerate(told)]
            random.shuffle(bodies)
            for body in bodies:
                await tell(hub, body, "yclients")
            last = dict(told)
            alive = [state for state, _ in await states(hub) if state == "planned"]
            assert len(alive) <= (1 in last.values())

    go(run)
