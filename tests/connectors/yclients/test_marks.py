"""What the salon's mark means, and which of several marks counts."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.yclients.bodies import (
    COMPANY,
    KEY,
    RECORD,
    VISIT,
    event,
    older,
    outcome,
    read,
    read_one,
    visit_of,
)
from uzel.errors import PayloadInvalid
from uzel.model.visit import Visit, VisitState

MINUTE = timedelta(minutes=1)

CODES = {
    1: ("visit.completed", None),
    2: ("visit.cancelled", "unmarked"),
    0: ("visit.cancelled", "unmarked"),
    -1: ("visit.cancelled", "no_show"),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("as_text", [False, True])
def test_what_the_codes_mean_in_an_update(code: int, as_text: bool) -> None:
    value = str(code) if as_text else code
    for body in (
        event(visit_attendance=value, attendance=1),
        event(visit_attendance=None, attendance=value),
        older(visit_attendance=value),
        [event(visit_attendance=value)],
    ):
        assert outcome(body) == CODES[code]


def test_a_record_just_created_with_no_mark_is_no_cancellation() -> None:
    for code in (0, 2):
        assert outcome(event("create", visit_attendance=code)) == (
            "record.created",
            "visit_waiting",
        )
    assert outcome(event("create")) == CODES[1]
    assert outcome(event("create", visit_attendance=-1)) == CODES[-1]


@given(
    visit_attendance=st.none() | st.integers() | st.text(max_size=3) | st.booleans() | st.floats(),
    attendance=st.none() | st.integers(-5, 5) | st.sampled_from(["0", "1", "-1", "2", " 1", "01"]),
)
def test_only_the_code_1_is_a_visit(visit_attendance: Any, attendance: Any) -> None:
    def known(value: Any) -> bool:
        return type(value) in (int, str) and str(value) in ("-1", "0", "1", "2")

    told = next((it for it in (visit_attendance, attendance) if known(it)), None)
    body = event(visit_attendance=visit_attendance, attendance=attendance)
    try:
        element = read_one(body)
    except PayloadInvalid:  # NaN
        return
    assert (element.type == "visit.completed") == (told in (1, "1"))
    assert (element.key is not None) == (told in (1, "1"))
    assert (element.reason == "attendance_missing") == (told is None)


@pytest.mark.parametrize("attendance", [1, 0, -1, 2, None, "x"])
@pytest.mark.parametrize(
    "gone", [{"status": "delete"}, {"deleted": True}, {"deleted": 1}, {"deleted": "1"}]
)
def test_a_deleted_record_is_called_off_whatever_its_mark(
    gone: dict[str, Any], attendance: Any
) -> None:
    body = event(**gone, visit_attendance=attendance, attendance=None)
    assert outcome(body) == ("visit.cancelled", "deleted")


def test_a_deletion_that_tells_nothing_else_names_the_record() -> None:
    nothing: tuple[Any, ...] = ([], {}, None)
    for data in nothing:
        visit = visit_of({**event("delete"), "data": data})
        assert (visit.visit, visit.part) == (f"{COMPANY}:record:{RECORD}", str(RECORD))


def lives(codes: Sequence[Any]) -> list[dict[str, Any]]:
    """The events of one record, a minute apart, from its creation on; None deletes it."""
    start = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    return [
        event(
            "delete" if code is None else "update" if nth else "create",
            visit_attendance=code,
            attendance=code,
            deleted=code is None,
            last_change_date=f"{start + nth * MINUTE:%Y-%m-%dT%H:%M:%S+0000}",
        )
        for nth, code in enumerate(codes)
    ]


def asked_after(bodies: Iterable[dict[str, Any]]) -> bool:
    """Whether the guest is asked once all is told: a word counts only against an older one."""
    asked, newest = False, datetime.min.replace(tzinfo=UTC)
    for element in itertools.chain.from_iterable(map(read, bodies)):
        if not isinstance(element.data, Visit) or element.reason is not None:
            continue
        assert element.occurred_at is not None
        if element.occurred_at >= newest:
            asked, newest = element.data.state is VisitState.COMPLETED, element.occurred_at
    return asked


@given(codes=st.lists(st.sampled_from([0, 1, 2, -1, None]), min_size=1, max_size=6), data=st.data())
def test_the_last_word_decides_in_whatever_order_the_words_arrive(
    codes: list[int | None], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations(lives(codes)))
    assert asked_after(arrived) == (codes[-1] == 1)


def test_a_normal_life_is_one_visit_with_one_key() -> None:
    elements = [read_one(body) for body in lives([0, 2, 1, 1, 1])]
    assert [element.key for element in elements] == [None, None, KEY, KEY, KEY]
    visits = {element.data.visit for element in elements if isinstance(element.data, Visit)}
    assert visits == {f"{COMPANY}:visit:{VISIT}"}
    assert elements[0].data is None
