"""Days as an address asks for them, and the picture of the last ones."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from uzel.web.cabinet.period import period_of
from uzel.web.cabinet.picture import DAYS, HEIGHT, days_of, picture_of

MOSCOW = ZoneInfo("Europe/Moscow")


def test_months() -> None:
    today = date(2026, 1, 31)
    this, last = (period_of({"period": name}, MOSCOW, today) for name in ("this", "last"))
    assert (this.first, this.last) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (last.first, last.last) == (date(2025, 12, 1), date(2025, 12, 31))
    assert last.until == this.since
    assert this.since.isoformat() == "2025-12-31T21:00:00+00:00"


def test_days_that_somebody_chose() -> None:
    today = date(2026, 11, 21)
    chosen = period_of({"from": "2026-11-03", "to": "2026-11-02"}, MOSCOW, today)
    assert chosen.first == chosen.last == date(2026, 11, 2)
    assert chosen.values == {"from": "2026-11-02", "to": "2026-11-02"}
    assert period_of({"from": "2026-11-03"}, MOSCOW, today).last == today
    assert period_of({"from": "yesterday"}, MOSCOW, today).name == "this"


@given(st.dictionaries(st.sampled_from(["from", "to", "period"]), st.text(max_size=12)), st.dates())
def test_any_address_is_a_period(query: dict[str, str], today: date) -> None:
    today = min(max(today, date(2001, 1, 1)), date(9000, 1, 1))
    found = period_of(query, MOSCOW, today)
    assert found.first <= found.last
    assert found.since < found.until


@given(st.data())
def test_a_picture_holds_every_day_and_every_payment(data: st.DataObject) -> None:
    today = date(2026, 11, 21)
    rows: list[dict[str, Any]] = []
    for back in data.draw(st.sets(st.integers(0, DAYS - 1))):
        completed, failed, pending = (data.draw(st.integers(0, 50)) for _ in range(3))
        total = completed + failed + pending
        day = today - timedelta(days=back)
        rows.append(
            {
                "day": day,
                "total": total,
                "completed": completed,
                "failed": failed,
                "charged_minor": 5,
            }
        )
    picture = picture_of(days_of(rows, today))
    assert len(picture.bars) == DAYS
    assert picture.bars[-1].day.day == today
    assert picture.total == sum(row["total"] for row in rows)
    for bar in picture.bars:
        assert abs(bar.y + bar.height + bar.failed_height - HEIGHT) < 0.1
        assert (bar.height + bar.failed_height > 0) == (bar.day.total > 0)
    assert picture.share is None or 0 <= picture.share <= 100
