"""Hours in which people may be written to, in every zone of Russia and Kazakhstan and in those
whose clocks still jump.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uzel.model.hours import MARGIN, Hours, read_time

# The tz database's zones of the two countries (zone1970.tab), and of neighbours and others whose
# clocks are moved twice a year, by an hour or by half of one, at midnight or later.
RUSSIA = (
    *("Europe/Kaliningrad", "Europe/Moscow", "Europe/Simferopol", "Europe/Kirov"),
    *("Europe/Volgograd", "Europe/Astrakhan", "Europe/Saratov", "Europe/Ulyanovsk"),
    *("Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Barnaul"),
    *("Asia/Tomsk", "Asia/Novokuznetsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Chita"),
    *("Asia/Yakutsk", "Asia/Khandyga", "Asia/Vladivostok", "Asia/Ust-Nera", "Asia/Magadan"),
    *("Asia/Sakhalin", "Asia/Srednekolymsk", "Asia/Kamchatka", "Asia/Anadyr"),
)
KAZAKHSTAN = (
    *("Asia/Almaty", "Asia/Qyzylorda", "Asia/Qostanay", "Asia/Aqtobe", "Asia/Aqtau"),
    *("Asia/Atyrau", "Asia/Oral"),
)
JUMPING = ("Europe/Berlin", "Europe/Chisinau", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe")
ZONES = [ZoneInfo(name) for name in (*RUSSIA, *KAZAKHSTAN, *JUMPING)]

zones = st.sampled_from(ZONES)
# From before Russia's and Kazakhstan's last changes of time to well ahead.
moments = st.datetimes(datetime(2013, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
hours = st.builds(Hours, clocks, clocks)
by_day = st.just(Hours(time(9), time(21)))


@given(moments, zones, by_day)
@settings(max_examples=600)
def test_nobody_is_written_to_at_night(moment: datetime, zone: ZoneInfo, day: Hours) -> None:
    opened = day.next_open(moment, zone)
    local = opened.astimezone(zone)
    assert time(9) <= local.time() < time(21)
    assert (opened + MARGIN).astimezone(zone).time() < time(21)
    assert moment <= opened <= moment + timedelta(hours=13)
    assert opened.tzinfo is UTC


@given(moments, zones, hours)
@settings(max_examples=600)
def test_the_next_opening_is_open_and_not_before(
    moment: datetime, zone: ZoneInfo, day: Hours
) -> None:
    if 0 < minutes(day) <= 2 * MARGIN.total_seconds() / 60:
        return  # shorter than the margin: it never opens
    opened = day.next_open(moment, zone)
    assert opened >= moment
    assert day.open_at(opened, zone)
    assert (opened == moment) == day.open_at(moment, zone)


@given(moments, zones, by_day, st.integers(0, 24 * 60))
@settings(max_examples=400)
def test_nothing_between_now_and_the_next_opening_is_open(
    moment: datetime, zone: ZoneInfo, day: Hours, minute: int
) -> None:
    between = moment + timedelta(minutes=minute)
    if between < day.next_open(moment, zone):
        assert not day.open_at(between, zone)


def minutes(day: Hours) -> int:
    """How long it is open."""
    opens, closes = (t.hour * 60 + t.minute for t in (day.opens, day.closes))
    return (closes - opens) % (24 * 60)


@pytest.mark.parametrize(
    ("zone", "asked", "expected"),
    [
        ("Europe/Moscow", "2026-11-21T05:59", "2026-11-21T06:00"),
        ("Europe/Moscow", "2026-11-21T06:00", "2026-11-21T06:00"),
        ("Europe/Moscow", "2026-11-21T17:58", "2026-11-21T17:58"),
        ("Europe/Moscow", "2026-11-21T17:59", "2026-11-22T06:00"),
        ("Asia/Kamchatka", "2026-11-20T20:59", "2026-11-20T21:00"),
        # Kazakhstan has had one time since 2024-03-01.
        ("Asia/Almaty", "2024-02-29T03:00", "2024-02-29T03:00"),
        ("Asia/Almaty", "2024-03-01T03:30", "2024-03-01T04:00"),
    ],
)
def test_examples(zone: str, asked: str, expected: str) -> None:
    moment = datetime.fromisoformat(asked).replace(tzinfo=UTC)
    opened = Hours.of("09:00", "21:00").next_open(moment, ZoneInfo(zone))
    assert opened == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_past_midnight_and_always() -> None:
    zone = ZoneInfo("Europe/Moscow")
    bar = Hours.of("18:00", "02:00")
    assert bar.open_at(datetime(2026, 11, 20, 22, 30, tzinfo=UTC), zone)  # 01:30
    assert not bar.open_at(datetime(2026, 11, 20, 23, 0, tzinfo=UTC), zone)  # 02:00
    always = Hours.of("00:00", "00:00")
    assert always.open_at(datetime(2026, 11, 20, 1, 0, tzinfo=UTC), zone)


@pytest.mark.parametrize("text", ["", "9:00", "24:00", "09:60", "0900", "09:00:00", "девять"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="09:00"):
        read_time(text)
