"""Whatever stands where a time is expected, or in any other filter, is no error of ours; and times
from the edge of the calendar are shown.
"""

from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from console_visitor import Visitor, rows
from running_web import WebApp
from sample_data import READ_TOKEN
from uzel.web.console.listing import moment
from uzel.web.console.show import in_zone, input_time

READ = {"authorization": f"Bearer {READ_TOKEN}"}
LISTS = ("/events", "/messages", "/calls", "/calls/waiting", "/parked", "/events.csv")
API = ("/events", "/raw-events", "/messages", "/calls")
FILTERS = ("since", "until", "phone", "text", "state", "decision", "connection", "reason", "period")
ZONES = ("UTC", "Europe/Moscow", "Asia/Kamchatka", "America/Los_Angeles", "Pacific/Kiritimati")
EDGES = (
    *("9999-12-31T23:59", "9999-12-31T23:59:59.999999", "0001-01-01T00:00", "1970-01-01T00:00"),
    *("9999-12-31T23:59+00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"),
    *(
        "0001-01-01T00:00:00-23:59",
        "9000-01-01T00:00",
        "2026-11-20T24:00",
        "9999-W52-7",
        "infinity",
    ),
)
near = st.builds(
    lambda at, offset: f"{at:%Y-%m-%dT%H:%M:%S}".zfill(19) + offset,
    st.one_of(
        st.datetimes(max_value=datetime(2, 1, 1)), st.datetimes(min_value=datetime(9998, 12, 1))
    ),
    st.sampled_from(["", "Z", "+00:00", "+23:59", "-23:59", "+14:00", "-12:00"]),
)
anything = st.one_of(st.sampled_from(EDGES), near, st.text(max_size=40), st.datetimes().map(str))
often = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("since", EDGES)
def test_the_edges_of_the_calendar_are_no_error(
    console: WebApp, reader: Visitor, since: str
) -> None:
    for path in LISTS:
        for name in ("since", "until"):
            assert reader.get(f"{path}?{urlencode({name: since})}").status_code == 200
    for path in API:
        for name in ("since", "until"):
            answer = console.client.get(f"/api/v1{path}", headers=READ, params={name: since})
            assert answer.status_code in (200, 422), (path, since)


@often
@given(st.sampled_from(LISTS), st.dictionaries(st.sampled_from(FILTERS), anything, max_size=4))
def test_no_filter_of_a_page_is_an_error(
    console: WebApp, reader: Visitor, path: str, wanted: dict[str, str]
) -> None:
    query = urlencode(wanted, errors="replace")
    assert reader.get(f"{path}?{query}").status_code == 200


@often
@given(st.sampled_from(API), st.dictionaries(st.sampled_from(FILTERS), anything, max_size=4))
def test_no_filter_of_the_api_is_an_error(
    console: WebApp, path: str, wanted: dict[str, str]
) -> None:
    query = urlencode(wanted, errors="replace")
    answer = console.client.get(f"/api/v1{path}?{query}", headers=READ)
    assert answer.status_code in (200, 422), answer.text


@given(anything, st.sampled_from(ZONES))
@example("9999-12-31T23:59+00:00", "Europe/Moscow")
@example("0001-01-01T00:00+00:00", "America/Los_Angeles")
def test_what_is_read_can_be_shown_again(text: str, zone: str) -> None:
    at = moment(text, ZoneInfo(zone))
    assert input_time(ZoneInfo(zone), at) or at is None
    assert at is None or 1970 <= at.year <= 9000


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_every_time_has_one_in_a_zone(at: datetime, zone: str) -> None:
    assert abs((in_zone(at, ZoneInfo(zone)) - at).total_seconds()) == 0


def test_an_event_at_the_end_of_time_is_shown(web_app: WebApp) -> None:
    visitor = Visitor(web_app.url).sign_in()
    for at in ("9999-12-31 23:59:59+00", "0001-01-01 00:00:00+00"):
        rows(web_app, f"update event set occurred_at = '{at}'")
        for path in ("/events/1", "/events", "/raw/1", "/events.csv"):
            assert visitor.get(path).status_code == 200, (path, at)
        answer = web_app.client.get("/api/v1/events/1", headers=READ)
        assert answer.status_code == 200


def test_a_visit_without_a_number_is_called_by_its_guest(web_app: WebApp) -> None:
    """As `uzel demo` proposes to send one."""
    visitor = Visitor(web_app.url).sign_in()
    for phone, name in (("+7 999 123-45-67", "Иван Петров"), ("+7 999 123-45-68", None)):
        order = {"status": "Delivered", "customer": {"phone": phone, "name": name}}
        body = {"eventType": "DeliveryOrderUpdate", "eventInfo": {"order": order}}
        web_app.run(lambda body=body: web_app.sample.post("iiko", body))  # type: ignore[misc]
    web_app.process()
    for path in ("/", "/events"):
        page = visitor.page(path)
        assert "Иван Петров</td>" in page, path
        assert "+7\u00a0999\u00a0123-45-68</td>" in page, path
    newest = rows(web_app, "select id from event order by id desc limit 2")
    assert "<h1>+7\u00a0999\u00a0123-45-68</h1>" in visitor.page(f"/events/{newest[0]['id']}")
    assert "<h1>Иван Петров</h1>" in visitor.page(f"/events/{newest[1]['id']}")
