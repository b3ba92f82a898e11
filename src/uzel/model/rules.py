"""What a business decided about writing to its guests; a place may decide some of it otherwise.

Stored as JSON: what is left out has the default it has here.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from uzel.errors import ConfigError
from uzel.model.hours import Hours

HOUR_S, DAY_S = 3600, 86400
LONGEST_DELAY_S = 14 * DAY_S
# A guest of a café has left by then; who had a haircut looked into the mirror at home; a deal
# is won on paper before the goods are tried.
DELAY_S = {"iiko": 2 * HOUR_S, "rkeeper": 2 * HOUR_S, "yclients": 3 * HOUR_S, "amocrm": DAY_S}
DEFAULT_DELAY_S = 2 * HOUR_S
ALL_SOURCES = "*"
SHORTEST_DAY = timedelta(hours=1)

Kind = TypeVar("Kind", bound=BaseModel)
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Delay = Annotated[int, Field(ge=0, le=LONGEST_DELAY_S)]
Minor = Annotated[int, Field(ge=0, le=10**12)]


class Guests(StrEnum):
    """Who is asked."""

    ALL = "all"
    NEW = "new"
    REGULAR = "regular"


class Sending(StrEnum):
    """live: messages go out; record: they are written down and go nowhere; allow_list: they go to
    the listed addresses only.
    """

    LIVE = "live"
    RECORD = "record"
    ALLOW_LIST = "allow_list"


class Hop(BaseModel):
    """One way to reach the guest.

    connection_id  None: the business's first that can
    wait_s         without a receipt for so long the next one takes over; None: only its failure
                   makes it give way
    may_double     that the guest may then get both was understood and accepted: the provider
                   cannot be kept from delivering after `wait_s`
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Literal["sms", "whatsapp", "email"]
    connection_id: int | None = None
    wait_s: int | None = Field(default=None, ge=60, le=3 * DAY_S)
    may_double: bool = False


class PlaceRules(BaseModel):
    """What a place may decide by itself; None: as the business does.

    delay_s      connector, or `*` for all → seconds between visit and message
    minimum      smallest sum of an order, in whole units of its currency
    skip_sources where orders come from whose guests are not ours to ask (`yandex_food`)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay_s: dict[str, Delay] | None = None
    opens: Clock | None = None
    closes: Clock | None = None
    minimum: Decimal | None = Field(default=None, ge=0, le=10**9)
    skip_sources: list[str] | None = None

    @model_validator(mode="after")
    def _make_sense(self) -> "PlaceRules":
        """Hours are given whole: half of them with half of the business's could mean always."""
        if (self.opens is None) is not (self.closes is None):
            raise ValueError("opens and closes: give both or neither")
        if self.opens is not None and self.closes is not None:
            demand_a_day(Hours.of(self.opens, self.closes))
        return self


def demand_a_day(hours: Hours) -> None:
    """The day must have hours. Raises ValueError."""
    if hours.length < SHORTEST_DAY:
        raise ValueError(f"guests can be written to for {hours.length} a day: too short")


class Rules(BaseModel):
    """What a business decided.

    expires_after_s   how long after its time a request may still go out; None: for ever
    remind_after_s    the one reminder to who did not open the link; None: none
    require_consent   ask only guests whose consent is noted; `attested` says how all others gave
                      theirs, where it is not required one by one
    whatsapp_russia   WhatsApp is blocked in Russia, so +7 9… is written to there only on request
    never             staff and test phones
    rates             channel and country (`sms:RU`, `sms`) → price of a segment or message in
                      minor units of `currency`, where the provider does not say
    low_rating        a rating up to here tells the manager
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay_s: dict[str, Delay] = {}
    opens: Clock = "09:00"
    closes: Clock = "21:00"
    minimum: Decimal | None = Field(default=None, ge=0, le=10**9)
    skip_sources: list[str] = []
    expires_after_s: int | None = Field(default=DAY_S, ge=HOUR_S, le=30 * DAY_S)
    remind_after_s: int | None = Field(default=None, ge=HOUR_S, le=30 * DAY_S)
    guests: Guests = Guests.ALL
    require_consent: bool = False
    attested: str | None = Field(default=None, max_length=500)
    never: list[str] = []
    route: list[Hop] = Field(default=[], max_length=6)
    whatsapp_russia: bool = False
    sending: Sending = Sending.LIVE
    allowed: list[str] = []
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "RUB"
    rates: dict[str, Minor] = {}
    budget_day_minor: Minor | None = None
    messages_per_day: int | None = Field(default=None, ge=0, le=10**7)
    low_rating: int = Field(default=3, ge=0, le=5)

    @model_validator(mode="after")
    def _make_sense(self) -> "Rules":
        """An unknown outcome must not be followed by the same channel, so each stands once; and
        the day must have hours.
        """
        ways = [(hop.channel, hop.connection_id) for hop in self.route]
        if len(set(ways)) != len(ways):
            raise ValueError("each way stands in a route once")
        demand_a_day(self.hours)
        return self

    def at(self, place: PlaceRules) -> "Rules":
        """These rules as they hold at a place."""
        own = {name: value for name, value in place if value is not None}
        delays = dict(place.delay_s or {})
        if ALL_SOURCES not in delays:  # which speaks for every source there
            delays = {**self.delay_s, **delays}
        return self.model_copy(update={**own, "delay_s": delays})

    @property
    def hours(self) -> Hours:
        """When guests may be written to."""
        return Hours.of(self.opens, self.closes)

    def delay(self, connector: str) -> timedelta:
        """Between a visit that this source reports and the message about it."""
        default = DELAY_S.get(connector, DEFAULT_DELAY_S)
        return timedelta(
            seconds=self.delay_s.get(connector, self.delay_s.get(ALL_SOURCES, default))
        )

    def rate(self, channel: str, country: str | None) -> int | None:
        """Price of one segment or message, None if nobody said."""
        return self.rates.get(f"{channel}:{country}", self.rates.get(channel))


# Nothing is waited for: for demos and trials.
IMMEDIATE = Rules(delay_s={ALL_SOURCES: 0}, opens="00:00", closes="00:00", expires_after_s=None)


def read_rules(values: Mapping[str, Any]) -> Rules:
    """Rules from stored or typed values. Raises ConfigError naming what is wrong."""
    return _validate(Rules, values)


def read_place_rules(values: Mapping[str, Any]) -> PlaceRules:
    """The same for a place."""
    return _validate(PlaceRules, values)


@lru_cache(maxsize=4096)
def rules_at(business: str, place: str | None) -> Rules:
    """Rules from the stored JSON of a business and of a place; both change rarely and are asked for
    with every message.
    """
    rules = Rules.model_validate_json(business)
    return rules.at(PlaceRules.model_validate_json(place)) if place else rules


def _validate(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'rules'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(wrong) from None
