"""Read models for people and machines: what the console and the API show. They change nothing.

`event_store` `message_store` `call_store`  lists, newest first, a page at a time
`life`       everything about one event, raw event, message or call, and `timeline` by time
`overview`   how much, how fast, what is stuck
`search`     one box for whatever a person has at hand

Lists and searches read through indexes only (see `query_store`), so they stay as fast with ten
million events as with ten.
"""

from uzel.views.body import Body
from uzel.views.call_store import list_calls
from uzel.views.event_store import list_events, list_raw_events
from uzel.views.filters import CallFilter, EventFilter, MessageFilter, RawEventFilter
from uzel.views.life import (
    Life,
    MessageLife,
    Moved,
    RawEvent,
    event_life,
    find_call,
    message_life,
    moved_event,
    raw_event_life,
)
from uzel.views.life_store import is_raw_event
from uzel.views.message_store import list_messages
from uzel.views.overview import Overview, overview
from uzel.views.rows import (
    Act,
    Attempt,
    Call,
    CallRow,
    EventRow,
    Hit,
    MessageRow,
    Page,
    RawEventRow,
    ReviewRequest,
)
from uzel.views.search import search
from uzel.views.timeline import Moment

__all__ = [
    "Act",
    "Attempt",
    "Body",
    "Call",
    "CallFilter",
    "CallRow",
    "EventFilter",
    "EventRow",
    "Hit",
    "Life",
    "MessageFilter",
    "MessageLife",
    "MessageRow",
    "Moment",
    "Moved",
    "Overview",
    "Page",
    "RawEvent",
    "RawEventFilter",
    "RawEventRow",
    "ReviewRequest",
    "event_life",
    "find_call",
    "is_raw_event",
    "list_calls",
    "list_events",
    "list_messages",
    "list_raw_events",
    "message_life",
    "moved_event",
    "overview",
    "raw_event_life",
    "search",
]
