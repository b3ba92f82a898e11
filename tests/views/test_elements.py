"""A raw event with thousands of elements is shown a page at a time, whatever follows from them."""

from functools import partial

import pytest

from reading import Reading
from sample_data import DELIVERED_PHONE
from uzel import views
from uzel.people.store import note
from uzel.views import life_store
from uzel.views.life import PER_PAGE

MANY = 20_000
FILL = """
insert into event (raw_event_id, position, connection_id, type, subject, data, decision, reason)
select 9, i, 1, 'visit.completed', 'заказ ' || i, jsonb_build_object('visit', 'org:' || i),
       'skip', 'no_phone'
  from generate_series(0, $1 - 1) i
"""


@pytest.fixture
def crowded(own: Reading) -> Reading:
    """The sample, its raw event 9 with MANY elements."""
    own(lambda pool: pool.execute(FILL, MANY))
    return own


def test_pages_follow_each_other_and_every_element_stands_on_one(crowded: Reading) -> None:
    seen: list[int] = []
    first: int | None = MANY - 3 * PER_PAGE + 7
    while first is not None:
        life = crowded(partial(views.raw_event_life, raw_event_id=9, first=first))
        assert life is not None
        assert life.total == MANY
        assert 0 < len(life.elements) <= PER_PAGE
        assert len(life.timeline) <= PER_PAGE + 2
        seen += [element.position for element in life.elements]
        first = life.next
    assert seen == list(range(MANY - 3 * PER_PAGE + 7, MANY))


def test_an_event_is_shown_with_the_elements_around_it(crowded: Reading) -> None:
    query = "select id from event where raw_event_id = 9 and position = 12345"
    event_id = crowded(lambda pool: pool.fetchval(query))
    life = crowded(lambda pool: views.event_life(pool, event_id))
    assert life is not None and life.event is not None
    assert [e.position for e in life.elements] == list(range(12300, 12300 + PER_PAGE))
    assert [moment.id for moment in life.timeline if moment.kind == "event"] == [event_id]
    other = crowded(lambda pool: views.event_life(pool, event_id, 0))
    assert other is not None and other.elements[0].position == 0 and other.event == life.event


@pytest.mark.parametrize("first", [MANY, 2**31 - 1, 2**63])
def test_behind_the_last_element_there_is_nothing(crowded: Reading, first: int) -> None:
    life = crowded(lambda pool: views.raw_event_life(pool, 9, first))
    assert life is not None
    assert (life.elements, life.next, life.total) == ((), None, MANY)


def test_a_full_last_page_has_no_next_one(own: Reading) -> None:
    own(lambda pool: pool.execute(FILL, PER_PAGE))
    life = own(lambda pool: views.raw_event_life(pool, 9))
    assert life is not None
    assert (len(life.elements), life.next, life.cut) == (PER_PAGE, None, False)


def test_of_endless_acts_and_receipts_the_newest_are_shown(own: Reading) -> None:
    own(lambda pool: note(pool, "olga", "replay", "raw_event:1", {}))
    before = own(lambda pool: views.raw_event_life(pool, 1))
    assert before is not None and not before.cut
    own.execute(
        "insert into audit (actor, action, subject) "
        "select 'token:busy', 'replay', 'raw_event:1' from generate_series(1, 1000)"
    )
    own.execute(
        "insert into event (raw_event_id, position, connection_id, type, data, decision) "
        "select 4000 + i, 0, 2, 'receipt.updated', jsonb_build_object('reference', m.reference), "
        "'noted' from generate_series(1, 1000) i, message m where m.phone = $1",
        DELIVERED_PHONE,
    )
    life = own(lambda pool: views.raw_event_life(pool, 1))
    assert life is not None and life.cut
    assert len(life.acts) == life_store.MOST
    assert {act.actor for act in life.acts} == {"token:busy"}
    assert [r.raw_event_id for r in life.receipts] == list(range(4901, 5001))
    (delivered,) = [m.id for m in life.messages if m.phone == DELIVERED_PHONE]
    message = own(lambda pool: views.message_life(pool, delivered))
    assert message is not None and message.cut and message.receipts == life.receipts


def test_where_a_replayed_event_went(own: Reading) -> None:
    """Replayed, its element waits for its new reading; then the new one stands in its place."""
    query = "select id, raw_event_id, position from event where reason = 'no_phone'"
    old = own(lambda pool: pool.fetchrow(query))
    assert old is not None
    assert own(lambda pool: views.moved_event(pool, old["id"])) is None
    own.execute("delete from event where id = $1", old["id"])
    own.execute("insert into moved_event values ($1, $2, $3)", *old)
    moved = own(lambda pool: views.moved_event(pool, old["id"]))
    assert moved == views.Moved(old["raw_event_id"], None)
    own.execute(
        "insert into event (raw_event_id, position, connection_id, type, decision) "
        "values ($1, $2, 1, 'visit.completed', 'skip')",
        old["raw_event_id"],
        old["position"],
    )
    moved = own(lambda pool: views.moved_event(pool, old["id"]))
    assert moved is not None and moved.event_id is not None and moved.event_id > old["id"]


@pytest.mark.parametrize(
    ("raw_event_id", "there"), [(1, True), (999_999, False), (2**63 - 1, False)]
)
def test_whether_there_is_a_raw_event(sample: Reading, raw_event_id: int, there: bool) -> None:
    assert sample(lambda pool: views.is_raw_event(pool, raw_event_id)) is there
