"""What a business decided about asking, rule by rule: when, where, whom, and by what text."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guests import BODY, NOWHERE, RKEEPER_PLACE, ago, iiko, request_of, rkeeper, tell, yclients
from parts import ORGANIZATION, Hub, go, new_phone, open_hub
from uzel.flows.review_requests.settings import Text, pick
from uzel.messages.store import add_template

HOUR = 3600
MINUTE = timedelta(minutes=1)

# Business's delays, place's, source → seconds from the visit to the message.
DELAYS: list[tuple[dict[str, int], dict[str, int] | None, str, int]] = [
    ({}, None, "iiko", 2 * HOUR),
    ({}, None, "rkeeper", 2 * HOUR),
    ({}, None, "yclients", 3 * HOUR),
    ({"iiko": 600}, None, "iiko", 600),
    ({"iiko": 600}, None, "rkeeper", 2 * HOUR),
    ({"*": 900}, None, "rkeeper", 900),
    ({"*": 900, "iiko": 600}, None, "iiko", 600),
    ({"iiko": 600}, {"iiko": 1200}, "iiko", 1200),
    ({"iiko": 600}, {"rkeeper": 1200}, "iiko", 600),
    ({"*": 900}, {"rkeeper": 1200}, "rkeeper", 1200),
    ({"iiko": 600}, {"*": 1200}, "iiko", 1200),
]


@pytest.mark.parametrize(("business", "place", "source", "delay_s"), DELAYS)
def test_the_message_is_due_so_long_after_the_visit_as_its_source_and_place_say(
    module_dsn: str,
    business: dict[str, int],
    place: dict[str, int] | None,
    source: str,
    delay_s: int,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper", "yclients")) as hub:
            overlay = {} if place is None else {"delay_s": place}
            await hub.set_rules(delay_s=business, place=overlay)
            visited_at = ago(300)
            assert await tell(hub, BODY[source](new_phone(), visited_at), source) == (
                "request",
                None,
            )
            (message,) = await hub.messages()
            request = await request_of(hub)
            due_at = visited_at + timedelta(seconds=delay_s)
            assert (message["due_at"], request["due_at"]) == (due_at, due_at)

    go(run)


def test_a_clock_that_is_ahead_puts_nothing_off(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(delay_s={"*": 600})
            await tell(hub, iiko(new_phone(), ago(-7200)))
            (message,) = await hub.messages()
            assert message["due_at"] < datetime.now(UTC) + timedelta(seconds=600)

    go(run)


# Seconds since the visit, delay, expiry → why it is not asked about.
AGES: list[tuple[int, int, int | None, str | None]] = [
    (60, 0, HOUR, None),
    (HOUR - 60, 0, HOUR, None),
    (HOUR + 60, 0, HOUR, "too_late"),
    (HOUR + 60, 600, HOUR, None),
    (3 * 86400, 2 * HOUR, 86400, "too_late"),
    (90 * 86400, 0, None, None),
]


@pytest.mark.parametrize(("age_s", "delay_s", "expires_after_s", "reason"), AGES)
def test_nobody_is_asked_long_after_the_visit(
    module_dsn: str, age_s: int, delay_s: int, expires_after_s: int | None, reason: str | None
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(delay_s={"*": delay_s}, expires_after_s=expires_after_s)
            decided = await tell(hub, iiko(new_phone(), ago(age_s)))
            assert decided == ("skip" if reason else "request", reason)
            if reason is None and expires_after_s is not None:
                request = await request_of(hub)
                lived = request["not_after"] - request["occurred_at"]
                assert lived == timedelta(seconds=delay_s + expires_after_s)

    go(run)


def test_what_cannot_leave_before_it_expires_is_too_late_at_once(module_dsn: str) -> None:
    """The visit's time was in the day, but it is told of at night; by morning it has expired."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            now = datetime.now(ZoneInfo("Europe/Moscow"))
            await hub.set_rules(
                opens=f"{now - timedelta(hours=3):%H:%M}",
                closes=f"{now - timedelta(hours=1):%H:%M}",
                expires_after_s=3 * HOUR,
            )
            assert await tell(hub, iiko(new_phone(), ago(2 * HOUR))) == ("skip", "too_late")

    go(run)


def test_at_night_the_message_waits_for_the_morning_of_its_place(module_dsn: str) -> None:
    """Open in the business's zone, closed where the place is."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            zones = {name: ZoneInfo(name) for name in ("Europe/Moscow", "Asia/Vladivostok")}
            now = datetime.now(zones["Europe/Moscow"])
            opens = now - timedelta(hours=2)
            await hub.set_rules(opens=f"{opens:%H:%M}", closes=f"{now + timedelta(hours=2):%H:%M}")
            await tell(hub, iiko(new_phone()))
            await hub.pool.execute(
                "update place set time_zone = 'Asia/Vladivostok' where business_id = $1",
                hub.business,
            )
            await tell(hub, iiko(new_phone()))
            open_now, closed_now = await hub.messages()
            assert open_now["due_at"] <= datetime.now(UTC) < closed_now["due_at"]
            morning = closed_now["due_at"].astimezone(zones["Asia/Vladivostok"])
            assert f"{morning:%H:%M}" == f"{opens:%H:%M}"
            assert closed_now["due_at"] - datetime.now(UTC) < timedelta(days=1)

    go(run)


def test_a_place_has_hours_of_its_own(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            now = datetime.now(ZoneInfo("Europe/Moscow"))
            opens = now + timedelta(hours=3)
            hours = {"opens": f"{opens:%H:%M}", "closes": f"{now + timedelta(hours=5):%H:%M}"}
            await hub.set_rules(place=hours)
            await tell(hub, iiko(new_phone()))
            (message,) = await hub.messages()
            wait = message["due_at"] - datetime.now(UTC)
            assert timedelta(hours=3) - 2 * MINUTE < wait <= timedelta(hours=3)

    go(run)


STAFF = "+79990009901"
# Rules, the order, why it is not asked about (None: it is).
ORDERS: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [
    ({"never": ["8 (999) 000-99-01"]}, {"phone": STAFF}, "staff_or_test"),
    ({"never": ["8 (999) 000-99-02"]}, {"phone": STAFF}, None),
    ({"skip_sources": ["Yandex_Food"]}, {"sourceKey": "yandex_food"}, "source_skipped"),
    ({"skip_sources": ["yandex_food"]}, {"sourceKey": "website"}, None),
    ({"skip_sources": ["yandex_food"]}, {}, None),
    ({"minimum": "500.50"}, {"sum": 500.49}, "below_minimum"),
    ({"minimum": "500.50"}, {"sum": 500.5}, None),
    ({"minimum": "500"}, {}, None),
    ({"minimum": "0"}, {"sum": 0}, None),
]


@pytest.mark.parametrize(("rules", "order", "reason"), ORDERS)
def test_whom_a_business_does_not_ask(
    module_dsn: str, rules: dict[str, Any], order: dict[str, Any], reason: str | None
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(**rules)
            phone = order.get("phone") or new_phone()
            more = {name: value for name, value in order.items() if name != "phone"}
            decided = await tell(hub, iiko(phone, **more))
            assert decided == ("skip" if reason else "request", reason)
            assert len(await hub.messages()) == (reason is None)

    go(run)


def test_a_place_decides_the_sum_and_the_sources_for_itself(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            rules = {"minimum": "500", "skip_sources": ["yandex_food"]}
            await hub.set_rules(**rules, place={"minimum": "100", "skip_sources": []})
            assert await tell(hub, iiko(new_phone(), sum=200)) == ("request", None)
            assert await tell(hub, iiko(new_phone(), sum=99)) == ("skip", "below_minimum")
            order = iiko(new_phone(), sum=200, sourceKey="yandex_food")
            assert await tell(hub, order) == ("request", None)

    go(run)


def test_a_salon_that_has_asked_by_itself_is_enough(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("yclients",)) as hub:
            body = yclients(new_phone(), review_requested=1)
            assert await tell(hub, body, "yclients") == ("skip", "asked_elsewhere")

    go(run)


@pytest.mark.parametrize(
    ("guests", "first", "second"),
    [("all", None, None), ("new", None, "guest_regular"), ("regular", "guest_new", None)],
)
def test_new_and_regular_guests_by_our_own_memory(
    module_dsn: str, guests: str, first: str | None, second: str | None
) -> None:
    """Across sources, and whether or not the earlier visit was asked about."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, gap_days=0, also=("rkeeper",)) as hub:
            await hub.set_rules(guests=guests)
            phone = new_phone()
            assert (await tell(hub, iiko(phone)))[1] == first
            assert (await tell(hub, rkeeper(phone), "rkeeper"))[1] == second
            assert (await tell(hub, iiko(new_phone())))[1] == first

    go(run)


@pytest.mark.parametrize(("visits", "reason"), [(1, None), (7, "guest_regular"), (None, None)])
def test_the_salons_own_count_of_visits_comes_first(
    module_dsn: str, visits: int | None, reason: str | None
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("yclients",)) as hub:
            await hub.set_rules(guests="new")
            client = {"name": "Мария", "phone": new_phone(), "success_visits_count": visits}
            assert (await tell(hub, yclients(None, client=client), "yclients"))[1] == reason

    go(run)


def test_a_visit_that_was_called_off_and_restored_does_not_make_its_guest_a_regular(
    module_dsn: str,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(guests="new")
            phone, order = new_phone(), str(uuid4())
            assert await tell(hub, iiko(phone, ago(30), order=order)) == ("request", None)
            await tell(hub, iiko(phone, ago(20), order=order, status="Cancelled"))
            assert await tell(hub, iiko(phone, ago(10), order=order)) == ("request", None)

    go(run)


def test_consent_where_it_is_demanded(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            await hub.set_rules(require_consent=True, attested="публичная оферта")
            assert await tell(hub, iiko(phone)) == ("skip", "no_consent")
            await hub.pool.execute(
                "insert into consent (business_id, address, source, given_at, noted_by) "
                "values ($1, $2, 'анкета', '2026-03-01 20:59:59+00', 'olga')",
                hub.business,
                phone,
            )
            assert await tell(hub, iiko(phone)) == ("request", None)
            # In the business's own time.
            assert (await request_of(hub))["consent"] == "анкета, 01.03.2026 23:59"

    go(run)


def test_consent_that_is_attested_is_noted_with_each_request(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(attested="публичная оферта на сайте")
            await tell(hub, iiko(new_phone()))
            assert (await request_of(hub))["consent"] == "публичная оферта на сайте"

    go(run)


async def add_place(hub: Hub, name: str, reference: str | None, zone: str | None = None) -> int:
    found: int = await hub.pool.fetchval(
        "insert into place (business_id, name, source_ref, time_zone) values ($1, $2, $3, $4) "
        "returning id",
        hub.business,
        name,
        reference,
        zone,
    )
    return found


def test_places_by_their_references_in_each_source(module_dsn: str) -> None:
    """The same number may mean other places elsewhere; a place may have several."""

    async def run() -> None:
        also = ("rkeeper", "yclients")
        async with open_hub(module_dsn, NOWHERE, place=False, also=also) as hub:
            await add_place(hub, "Салон", f"yclients:120001, iiko:{RKEEPER_PLACE}")
            await add_place(hub, "Ресторан", f"{RKEEPER_PLACE} {ORGANIZATION}")
            told = [
                ("yclients", yclients(new_phone()), "Салон"),
                ("rkeeper", rkeeper(new_phone()), "Ресторан"),
                ("iiko", iiko(new_phone()), "Ресторан"),
                ("iiko", iiko(new_phone(), organization=RKEEPER_PLACE), "Салон"),
            ]
            for source, body, _ in told:
                assert await tell(hub, body, source) == ("request", None)
            names = [row["body"] for row in await hub.messages()]
            assert all(name in text for (_, _, name), text in zip(told, names, strict=True))
            unknown = iiko(new_phone(), organization=str(uuid4()))
            assert await tell(hub, unknown) == ("skip", "place_unknown")

    go(run)


texts = st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any)


def text_of(number: int, weight: int) -> Text:
    return Text(number, "p", "sms", None, "ABCD"[number], weight, "", None, None)


@given(texts, st.text(min_size=1))
def test_a_guest_always_gets_the_same_variant_and_never_a_retired_one(
    weights: list[int], guest: str
) -> None:
    offered = [text_of(number, weight) for number, weight in enumerate(weights)]
    chosen = pick(offered, guest)
    assert chosen is not None and chosen.weight > 0
    assert pick(list(offered), guest) == chosen


@pytest.mark.parametrize("weights", [(1, 1), (3, 1), (1, 2, 7)])
def test_variants_have_their_shares(weights: tuple[int, ...]) -> None:
    """Fixed guests, so this always gives the same figures: four standard deviations are plenty."""
    offered = [text_of(number, weight) for number, weight in enumerate(weights)]
    guests = [f"1:+7999{number:07d}" for number in range(4000)]
    drawn = Counter(chosen.id for guest in guests if (chosen := pick(offered, guest)))
    for number, weight in enumerate(weights):
        share = weight / sum(weights)
        spread = 4 * (share * (1 - share) / len(guests)) ** 0.5
        assert abs(drawn[number] / len(guests) - share) < spread


def test_each_place_has_its_texts_or_else_those_of_the_business(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, template="{link} all") as hub:
            bar = await add_place(hub, "Бар", RKEEPER_PLACE)

            async def text_at(place: str) -> str:
                decided = await tell(hub, iiko(new_phone(), organization=place))
                assert decided == ("request", None)
                body: str = (await hub.messages())[-1]["body"]
                return body.rpartition(" ")[2]

            async def save(body: str, weight: int) -> None:
                await add_template(
                    hub.pool,
                    hub.business,
                    "review_request",
                    "sms",
                    body,
                    place_id=bar,
                    weight=weight,
                )

            await save("{link} bar", 1)
            assert [await text_at(RKEEPER_PLACE), await text_at(ORGANIZATION)] == ["bar", "all"]
            # Its own text is retired: the business's holds there again.
            await save("{link} bar", 0)
            assert await text_at(RKEEPER_PLACE) == "all"

    go(run)
