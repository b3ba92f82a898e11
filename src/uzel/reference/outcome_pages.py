"""The pages of outcomes: reasons of events, outcomes of calls, answers of the hooks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from uzel.calls.outcome import MOST_ATTEMPTS, RULES, failed
from uzel.connector import Answer, Checked, Operation
from uzel.connectors import connectors
from uzel.errors import AddressRefused, CallFailed, ConfigError, RateLimited
from uzel.events.door import RETRY_AFTER_S, Reply
from uzel.reference.markdown import code, table

# What each answer of the door means to the sender.
ANSWERS = {
    None: "Stored durably, or known already. The body is what the provider expects.",
    "body": "The body is not JSON (for a provider that sends forms: not a form). Nothing is "
    "stored. Sending the same again changes nothing.",
    "key": "No connection of this connector has this key, or it is switched off.",
    "signature": "The connector checks signatures and this one does not fit.",
    "method": "Only POST is taken.",
    "size": "The body is larger than 1 MiB. Nothing is stored.",
    "busy": "Not acknowledged: too much is waiting, the database is away, or the connection's "
    f"settings cannot be read. `Retry-After: {RETRY_AFTER_S}`. Send it again; if it was stored "
    "after all, the repeat is recognised.",
}

HEALTH = {
    "good": "works",
    "shaky": "counts towards the breaker",
    "limited": "rests until then; the limit of one recipient leaves it as it is",
    "broken": "is paused until a person acts",
    "says nothing": "stays as it is",
}


class Reason(NamedTuple):
    """A reason code as the console words it."""

    code: str
    russian: str
    english: str


def reasons_page(reasons: Sequence[Reason], of_connectors: Mapping[str, str]) -> str:
    """Why nothing followed from an event. `of_connectors`: code → words, told in a README."""
    rows = [(code(reason.code), reason.english, reason.russian) for reason in reasons]
    return f"""
# Reason codes

Why nothing followed from an event, or why a visit was called off: the `reason` of an event in the
console, in `uzel explain` and in the API. A request that was made has none.

{table(("code", "meaning", "in the console"), rows)}

Reasons that one connector alone gives, as its README words them:

{table(("code", "in the console"), [(code(c), t) for c, t in sorted(of_connectors.items())])}
"""


def calls_page() -> str:
    """What each error class makes of a call."""
    rows = []
    for kind, rule in RULES.items():
        first = (kind.__doc__ or "").strip().split("\n", maxsplit=1)[0]
        meaning = first if issubclass(kind, CallFailed | ConfigError) else "The call took too long."
        rows.append(
            (
                code(kind.__name__),
                meaning,
                *(becomes(kind, repeatable) for repeatable in (False, True)),
                HEALTH[rule.health.value],
            )
        )
    head = ("error", "meaning", "the call becomes", "if it may be repeated", "the connection")
    return f"""
# Outcomes of calls

What an error makes of a call, from the table in `uzel.calls.outcome`. *Again* means planned once
more, up to {MOST_ATTEMPTS} attempts, then `not_sent` for good. An operation with a patience of its
own is tried for that long instead: {patience()}.

{table(head, rows)}

Of an operation that may be repeated, a `ContractBroken` counts towards the breaker; only the one of
attempt {MOST_ATTEMPTS} pauses the connection, and the call waits with it.

An answer without an error makes the call `accepted`. A bug of ours in the middle of a call counts
like an answer that was lost, and says nothing about the connection.
"""


def patience() -> str:
    """The operations with one, and how long it is."""
    found = [
        f"{code(f'{connector.name}.{name}')} for {operation.patience.tries_for_s / 3600:g} hours"
        for connector in connectors().values()
        for name, operation in connector.operations.items()
        if operation.patience is not None
    ]
    return ", ".join(found) or "none has"


async def nothing(*_: object) -> Answer:
    """The `run` of an operation that is never called."""
    return Answer()


def becomes(kind: type[Exception], repeatable: bool) -> str:
    """What a first attempt that ends with this error becomes, and what follows."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    probe = Operation(
        "probe",
        nothing,
        (),
        Checked.DOCUMENTATION,
        now.date(),
        repeatable,
    )
    error = kind("…", retry_at=now) if kind is RateLimited else kind("…")
    result = failed(1, 1, 1, probe, error, now)
    if result.due_at is None:
        return code(result.state.value)
    if kind is RateLimited:
        return "again, when the provider says; attempts are not counted"
    if kind is AddressRefused:
        return "again, later and later; attempts are not counted"
    if not RULES[kind].counts:
        return "again, once the connection works; attempts are not counted"
    return "again, later and later"


def http_page(refusals: Sequence[Reply]) -> str:
    """What the door answers."""
    rows = [("200", "the provider's own, such as `{}`", ANSWERS[None])]
    rows += [
        (str(reply.status), code(reply.body.decode()), ANSWERS[reply.reason or ""])
        for reply in sorted(refusals, key=lambda reply: (reply.status, reply.body))
    ]
    return f"""
# Answers of the hooks

`POST /api/webhook/CONNECTOR`. The key is taken from the query (`?key=…`); where there is none,
from the header `X-Api-Key`; where there is none, from `Authorization` (bare, or after `Bearer`).

{table(("status", "body", "meaning"), rows)}

A request is refused before it gets as far as the hook, with a word in JSON and the end of the
connection, when

- it can be read in two ways (400): two lengths, a length and chunks, a coding other than `chunked`,
  folded headers, no `Host` or two; or it is no HTTP/1.1 or 1.0, or is CONNECT. A wish for another
  protocol (`Upgrade`) is not heard: the request is taken as it is;
- its head takes longer than 10 seconds, or its body longer than 30 (408);
- its head has more than 64 KiB or 100 headers, or as much stands around the content of its chunks
  (431).

No answer at all (the connection broke, the process was killed) promises nothing: the request may
be stored or not. Sending it again is safe: the same query and body on the same connection is
recognised, however long ago it came.
"""
