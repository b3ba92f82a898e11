"""What a connector is: the contract every folder in `uzel.connectors` fulfils.

A connector is stateless and knows one outside system. It has at most two halves: `Webhook` (or
`Poll`) reads what comes from that system, `Operation`s are what we may ask of it. It touches no
database, no web framework (its sandbox excepted) and no other connector.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Flag, StrEnum, auto
from typing import Any

from pydantic import BaseModel, ConfigDict

from uzel.kit.redacted import Redacted
from uzel.model.access import OAuth, SignIn
from uzel.model.chat import ChatSaid
from uzel.model.deal import Deal
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.order import Order
from uzel.model.payout_hint import PayoutHint
from uzel.model.receipt import Receipt
from uzel.model.unmapped import Unmapped
from uzel.model.visit import Visit

Data = Visit | Receipt | Inbound | OptOut | Unmapped | Order | Deal | PayoutHint | ChatSaid


class Config(BaseModel):
    """Settings of one connection. Secret fields are `SecretStr`; titles and descriptions become
    the console form and the reference page, so they are written for the person who fills it in;
    a field with `exclude=True` is in neither: Uzel fills it in itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Received:
    """One incoming HTTP request. Header names are lower-case; `query` comes without the key."""

    body: bytes
    headers: Mapping[str, str]
    query: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a payload: a domain event, or the reason why it is not one.

    type         `noun.past_verb`, e.g. `visit.completed`
    key          unique per connection for one real-world happening; None if there is none
    subject      what it is about, for people: `order 4711`
    occurred_at  aware UTC, or None where the payload does not say
    reason       why nothing follows from it (a short code such as `order_null`), else None
    data         the typed content, None for elements with a reason and nothing more to say
    """

    type: str
    key: str | None = None
    subject: str | None = None
    occurred_at: datetime | None = None
    reason: str | None = None
    data: Data | None = None


class BodyKind(Flag):
    """What the door demands of a body before it stores it; several are joined by `|`."""

    JSON = auto()
    FORM = auto()
    XML = auto()


@dataclass(frozen=True, slots=True)
class Webhook:
    """How to read what the provider posts.

    verify     raises SignatureInvalid; the URL key was checked before
    parse      pure; one bad element never costs the others; raises PayloadInvalid only where
               nothing at all can be read
    answer     the exact body the provider expects beside the 200
    redact     `redact(body) -> Redacted`: the body as it may be stored, for providers whose bodies
               may hold numbers of cards; `parse` gets that one. Pure, never raises. What it keeps
               of them lies in the vault, see `events.typed`
    challenge  `challenge(query, config) -> bytes`: the answer to the GET by which a provider makes
               sure that the address is ours; raises SignatureInvalid. None: it makes no such GET
    """

    body: BodyKind
    parse: Callable[[Received, Any], list[Element]]
    verify: Callable[[Received, Any], None] | None = None
    answer: bytes = b"{}"
    redact: Callable[[bytes], Redacted] | None = None
    challenge: Callable[[str, Any], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """How to read what we fetch because the provider does not post it. The flow that fetches has
    it stored raw, as if it had been posted.

    parse       as that of `Webhook`; reads an answer of the provider as well as what we make of it
    impersonal  a document as it is stored once the data of its person were deleted: without them
    """

    parse: Callable[[Received, Any], list[Element]]
    impersonal: Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Checked(StrEnum):
    """How we know that an operation works, weakest first."""

    DOCUMENTATION = "documentation"
    RECORDED = "recorded payload"
    INDEPENDENT_CLIENT = "independent client against the sandbox"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from an accepted call.

    reference  the provider's own id of what it made, if any
    data       the parts of the answer worth keeping (JSON-ready, no secrets)
    cost_minor in minor units of `currency`, where the answer says it
    """

    reference: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    cost_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """For who asks a server that may be away for days.

    pauses_s     between attempts; the last one is repeated
    tries_for_s  a call is tried for so long after it was planned, the last time at the very end,
                 and then given up, however few its attempts were
    """

    pauses_s: tuple[float, ...]
    tries_for_s: float


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing we may ask of the provider.

    run         `run(http, config, arguments) -> Answer`; raises a CallFailed
    arguments   names of the JSON-ready arguments; the journal keeps them all. Whoever plans the
                call fills in two by itself where they are listed: `reference`, our own id of the
                message (at most 36 letters, digits and dashes, unique), and `lifetime_s`, after
                which the provider must not deliver it any more
    repeatable  True: asking twice has the effect of asking once, so an unknown outcome may be
                tried again; `repeatable_for_s`: for so long after the first time (None: for ever)
    look_up     `look_up(http, config, reference, arguments) -> Answer | None`: asks the provider
                whether a call whose answer was lost did happen; None: it did not; None as the
                function: the provider offers no way to find out
    absence_proves  whether what `look_up` does not find did not happen, and is asked for again.
                False: that nothing is found proves nothing, and a person decides
    sealed      arguments that the journal may not hold: it keeps the number under which each lies
                in the vault, and `run` gets the value; `look_up` gets the number
    settles_after_s  how long after it left a request may still have its effect, though its answer
                was lost: a gateway that gave up does not stop the work behind it. What `look_up`
                does not find proves nothing before
    patience    how long and how often it is tried; None: as all calls are, see `calls.outcome`
    """

    name: str
    run: Callable[..., Awaitable[Answer]]
    arguments: tuple[str, ...]
    checked: Checked
    checked_on: date
    repeatable: bool = False
    repeatable_for_s: int | None = None
    look_up: Callable[..., Awaitable[Answer | None]] | None = None
    absence_proves: bool = True
    sealed: tuple[str, ...] = ()
    settles_after_s: float = 15.0
    patience: Patience | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach people through an operation.

    needs  name of a setting (bool) without which this channel is off
    """

    operation: str
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside system, as its folder's `__init__.py` exports it under the name `CONNECTOR`.

    base_url       the provider's own address; a connection's `base_url` setting overrides it
    environment    documented variables that make a default connection at first start:
                   variable → field of `config`
    test           the operation behind the *test* button: read-only, needs the real credentials
    rate_per_s     how often we call at most unless the connection says otherwise
    most_per_s     how many requests the provider takes in any second, where it blocks who exceeds
                   it: however late requests arrive, no more do. None: nothing so strict is known
    oauth          access that somebody grants; `sign_in` instead: a session that we open ourselves
    register       `register(http, config, url)`: has the provider post to `url`, and no longer to
                   earlier addresses of the same hook; may be repeated, raises a CallFailed. None:
                   a person enters the address on their side
    channels       `sms` (phone, text), `whatsapp` (phone, text; only to who wrote within a day),
                   `whatsapp_template` (phone, template, language, parameters, buttons),
                   `email` (to, subject, text, html, unsubscribe_url) → how
    receipts       the operation that asks what became of up to 100 messages, `ids`; its Answer's
                   data is {"messages": [{"reference", "known", "state" (a ReceiptState), "code",
                   "detail", "cost_minor"}]}, and its currency that of the costs
    tells_costs    whether `receipts` is the way to learn what a message cost
    guest          the operation that finds the guest of a visit which came without one (`guest`:
                   Visit.guest); its Answer's data is {"phone", "name", "email"}, each may be None
    meanings       what a status word may be told to mean (`completed`, `cancelled`, `ignored`) →
                   name of the setting (a list of words) that keeps it
    """

    name: str
    title: str
    config: type[Config]
    webhook: Webhook | None = None
    poll: Poll | None = None
    oauth: OAuth | None = None
    sign_in: SignIn | None = None
    operations: Mapping[str, Operation] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    test: str | None = None
    rate_per_s: float = 5.0
    most_per_s: int | None = None
    register: Callable[..., Awaitable[None]] | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    receipts: str | None = None
    tells_costs: bool = False
    guest: str | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)

    @property
    def parse(self) -> Callable[[Received, Any], list[Element]] | None:
        """How what comes from there is read, posted or fetched."""
        half = self.webhook or self.poll
        return half.parse if half else None
