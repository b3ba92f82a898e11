"""The whole life of an event, a raw event, a message."""

import pytest

from reading import Reading
from sample_data import DELIVERED_PHONE
from uzel import views
from uzel.calls.recover import Choice
from uzel.people.store import note
from uzel.views import Life


def life_of(reading: Reading, event_id: int) -> Life:
    life = reading(lambda pool: views.event_life(pool, event_id))
    assert life is not None
    return life


def event_about(reading: Reading, subject: str, decision: str) -> int:
    found: int = reading(
        lambda pool: pool.fetchval(
            "select id from event where subject = $1 and decision = $2", subject, decision
        )
    )
    return found


def test_a_delivered_request(sample: Reading) -> None:
    life = life_of(sample, event_about(sample, "заказ 101", "request"))
    assert life.event is not None and life.event.phone == DELIVERED_PHONE
    assert [element.subject for element in life.elements] == ["заказ 101", "заказ 102"]
    assert [request.state for request in life.requests] == ["asked"]
    (message,) = life.messages
    assert (message.state, message.segments, message.cost_minor) == ("delivered", 2, 399)
    (call,) = life.calls
    assert (call.row.state, call.answer) == ("accepted", {"balance_minor": 99999000})
    assert call.arguments["phone"] == DELIVERED_PHONE
    (attempt,) = call.history
    assert (attempt.attempt, attempt.state, attempt.by) == (1, "accepted", None)
    assert attempt.started_at == call.row.started_at
    assert [receipt.type for receipt in life.receipts] == ["receipt.updated"]


def test_moments_are_in_order_and_tell_everything(sample: Reading) -> None:
    life = life_of(sample, event_about(sample, "заказ 101", "request"))
    times = [moment.at for moment in life.timeline]
    assert times == sorted(times)
    assert [moment.what for moment in life.timeline if moment.kind != "message"] == [
        *("received", "processed", "decided", "asked", "call_started", "call_accepted", "receipt")
    ]
    assert {moment.what for moment in life.timeline if moment.kind == "message"} == {
        *("message_planned", "message_accepted", "message_delivered")
    }


def test_a_raw_event_is_shown_as_it_came(sample: Reading) -> None:
    raw = life_of(sample, 1).raw_event
    stored = sample(lambda pool: pool.fetchrow("select body, digest from raw_event where id = 1"))
    assert stored is not None
    assert (raw.content, raw.digest) == (stored["body"], stored["digest"].hex())
    assert (raw.request_id, raw.row.remote_addr, raw.row.size) == (
        "raw-1",
        "192.0.2.7",
        len(stored["body"]),
    )
    assert raw.headers["user-agent"] == "sample"
    assert raw.body.kind == "json" and "Айгуль" in raw.body.text


def test_a_refused_request(sample: Reading) -> None:
    life = life_of(sample, event_about(sample, "заказ 102", "request"))
    assert [(m.state, m.settled_at is None) for m in life.messages] == [("failed", False)]
    (moment,) = [moment for moment in life.timeline if moment.what == "call_rejected"]
    assert "207" in moment.detail


def test_a_duplicate_shows_what_the_first_one_led_to(sample: Reading) -> None:
    first = event_about(sample, "заказ 101", "request")
    life = life_of(sample, event_about(sample, "заказ 101", "skip"))
    assert life.event is not None and life.event.duplicate_of == first
    assert [request.event_id for request in life.requests] == [first]
    assert [message.event_id for message in life.messages] == [first]
    assert "duplicate" in {moment.what for moment in life.timeline}


def test_a_cancelled_visit_shows_the_withdrawn_message(sample: Reading) -> None:
    life = life_of(sample, event_about(sample, "заказ 104", "cancel"))
    assert [message.state for message in life.messages] == ["cancelled"]
    assert {"withdrawn", "message_cancelled", "call_cancelled"} <= {
        moment.what for moment in life.timeline
    }


def test_a_receipt_leads_to_its_message(sample: Reading) -> None:
    (found,) = sample(
        lambda pool: pool.fetch("select id from event where type = 'receipt.updated'")
    )
    life = life_of(sample, found["id"])
    assert [message.phone for message in life.messages] == [DELIVERED_PHONE]
    assert [moment.what for moment in life.timeline].count("receipt") == 1


def test_a_parked_raw_event(sample: Reading) -> None:
    life = sample(lambda pool: views.raw_event_life(pool, 9))
    assert life is not None and life.event is None
    assert life.raw_event.row.error is not None
    assert [moment.what for moment in life.timeline] == ["received", "parked"]
    assert (life.elements, life.messages) == ((), ())


def test_the_life_of_a_raw_event_is_that_of_all_its_elements(sample: Reading) -> None:
    life = sample(lambda pool: views.raw_event_life(pool, 1))
    assert life is not None
    assert {message.state for message in life.messages} == {"delivered", "failed"}
    assert [m.what for m in life.timeline].count("decided") == len(life.elements) == 2


def test_what_people_did_is_part_of_it(own: Reading) -> None:
    own(lambda pool: note(pool, "olga", "replay", "raw_event:1", {}))
    own(lambda pool: note(pool, "olga", "decide", "call:3", {"choice": Choice.AGAIN}))
    first = life_of(own, 1)
    assert [(act.actor, act.action) for act in first.acts] == [("olga", "replay")]
    assert first.timeline[-1].detail == "olga: replay"
    message = own(lambda pool: views.message_life(pool, 3))
    assert message is not None
    assert [act.subject for act in message.acts] == ["call:3"]


def test_a_call_tried_twice_and_decided_by_a_person(own: Reading) -> None:
    history = [
        {"attempt": 1, "state": "planned", "error": "Unavailable", "detail": "HTTP 502"}
        | {"started_at": "2026-11-20T09:00:00.5+00:00", "finished_at": "2026-11-20T09:00:01+00:00"},
        {"attempt": 2, "state": "unknown", "error": "OutcomeUnknown", "detail": "lost"}
        | {"started_at": "2026-11-20T09:01:00+00:00", "finished_at": "2026-11-20T09:01:30+00:00"},
        {"attempt": 2, "state": "accepted", "by": "olga", "at": "2026-11-20T10:00:00+00:00"},
    ]
    own.execute("update call set history = $1 where id = 3", history)
    call = own(lambda pool: views.find_call(pool, 3))
    assert call is not None
    assert [(a.attempt, a.state, a.by) for a in call.history] == [
        (1, "planned", None),
        (2, "unknown", None),
        (2, "accepted", "olga"),
    ]
    life = own(lambda pool: views.message_life(pool, 3))
    assert life is not None
    told = [(m.what, m.detail) for m in life.timeline if m.kind == "call"]
    assert told == [
        ("call_started", "send_sms"),
        ("call_planned", "Unavailable · HTTP 502"),
        ("call_started", "send_sms"),
        ("call_unknown", "OutcomeUnknown · lost"),
        ("call_accepted", "olga"),
    ]


@pytest.mark.parametrize("i", [0, 999_999, 2**63 - 1])
def test_what_is_not_there(sample: Reading, i: int) -> None:
    assert sample(lambda pool: views.event_life(pool, i)) is None
    assert sample(lambda pool: views.raw_event_life(pool, i)) is None
    assert sample(lambda pool: views.message_life(pool, i)) is None
    assert sample(lambda pool: views.find_call(pool, i)) is None
