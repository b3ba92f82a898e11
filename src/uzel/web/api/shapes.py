"""From the read models to what is answered."""

import base64
from dataclasses import asdict
from typing import Any

from uzel import views
from uzel.connections.registry import Active
from uzel.web.api.event_models import WholeRawEvent
from uzel.web.api.message_models import Life, MessageLife, WholeCall
from uzel.web.api.overview_models import Connection
from uzel.web.api.paging import cursor_of


def whole_call(call: views.Call) -> WholeCall:
    """A call, flat."""
    return WholeCall.model_validate(
        {
            **asdict(call.row),
            "arguments": call.arguments,
            "history": call.history,
            "answer": call.answer,
        }
    )


def whole_raw_event(raw_event: views.RawEvent) -> WholeRawEvent:
    """A raw event, flat."""
    return WholeRawEvent.model_validate(
        {
            **asdict(raw_event.row),
            "request_id": raw_event.request_id,
            "digest": raw_event.digest,
            "query": raw_event.query,
            "headers": raw_event.headers,
            "body": raw_event.body,
            "content_base64": base64.b64encode(raw_event.content).decode(),
        }
    )


def life(found: views.Life) -> Life:
    """The life of an event or raw event."""
    return Life.model_validate(
        {
            **sending(found),
            "event": found.event,
            "raw_event": whole_raw_event(found.raw_event),
            "elements": found.elements,
            "requests": found.requests,
            "messages": found.messages,
            "elements_total": found.total,
            "elements_next_cursor": cursor_of(found.next),
        }
    )


def message_life(found: views.MessageLife) -> MessageLife:
    """The life of a message."""
    return MessageLife.model_validate({**sending(found), "message": found.message})


def sending(found: views.Life | views.MessageLife) -> dict[str, Any]:
    """What both lives have."""
    return {
        "calls": [whole_call(call) for call in found.calls],
        "receipts": found.receipts,
        "acts": found.acts,
        "timeline": found.timeline,
        "cut": found.cut,
    }


def connection(active: Active) -> Connection:
    """A connection as the registry has it. Its settings stay inside: some are secret."""
    return Connection(
        id=active.id,
        connector=active.connector.name,
        title=active.title,
        name=active.name,
        business_id=active.business_id,
        state=active.state,  # type: ignore[arg-type]
        state_reason=active.state_reason,
        rate_per_s=active.rate_per_s,
        receives=active.connector.webhook is not None,
        operations=sorted(active.connector.operations),
    )
