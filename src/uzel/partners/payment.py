"""What a partner asks to be paid, and what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from uzel.partners.price import Price
from uzel.partners.settings import PartnerSettings


class State(StrEnum):
    """PENDING: the money is held, or taken at once; what was to be paid may or may not get paid."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner as the API knows it; `account` is that of the book its token is for."""

    id: int
    public_id: str
    name: str
    currency: str
    book: str
    account: int
    settings: PartnerSettings


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the balance for one unit of the payment's currency; `id` of its version, None for
    one and the same currency.
    """

    value: Decimal
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """An amount and what it costs, at which rate."""

    amount: Decimal
    price: Price
    rate: Rate


@dataclass(frozen=True, slots=True)
class Quote:
    """A price that was promised until `expires_at`, for one payment."""

    id: int
    public_id: str
    priced: Priced
    commission_percent: Decimal
    created_at: datetime
    expires_at: datetime


class NoRate(Exception):
    """There is none for this pair, or none that is young enough (`is_old`)."""

    def __init__(self, currency: str, *, is_old: bool = False) -> None:
        super().__init__(currency)
        self.currency = currency
        self.is_old = is_old


@dataclass(frozen=True, slots=True)
class Taken:
    """It is paid for: held, or taken at once."""

    public_id: str
    state: State
    priced: Price
    before_minor: int
    after_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Poor:
    """The balance does not suffice, nor what it may go below zero."""

    priced: Price
    available_minor: int
    credit_minor: int = 0

    @property
    def spendable_minor(self) -> int:
        return max(0, self.available_minor + self.credit_minor)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, for a reason that the asker can mend: no_rate, old_rate, amount,
    quote_used, quote_expired.
    """

    code: str
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out. `kept`: whoever asks the same again gets it again."""

    status: int
    body: bytes
    kept: bool = True
    repeated: bool = False


Outcome = Taken | Poor | Refused

# What the keys of an ask begin with: those of requests, and of numbers of the partner's own.
KEY, NUMBER = "key:", "number:"


@dataclass(frozen=True, slots=True)
class Ask:
    """One payment to be made.

    keys         under which the answer is found again: those of the request (KEY), of the
                 partner's own number (NUMBER), or none. Under a number only what was taken is kept:
                 a refused order may be paid later
    fingerprint  SHA-256 of what is asked, as it was understood
    render       words an outcome: the same for all addresses but for the words
    """

    partner: Partner
    amount: Decimal
    currency: str
    details: str | None
    render: Callable[[Outcome], Answer]
    keys: tuple[str, ...] = ()
    fingerprint: bytes = b""
    external_id: str | None = None
    quote: Quote | None = None

    def claims(self) -> list[tuple[int, str, str]]:
        """What one request at a time may have."""
        keys = self.keys if self.quote is None else (*self.keys, f"quote:{self.quote.id}")
        return [(self.partner.id, self.partner.book, key) for key in keys]

    def kept_keys(self, outcome: Outcome) -> list[str]:
        """Under which an answer is kept."""
        taken = isinstance(outcome, Taken)
        return [key for key in self.keys if taken or not key.startswith(NUMBER)]


class NumberUsed(Exception):
    """There is a payment of the partner's under this number, and its answer is not known here."""

    def __init__(self, public_id: str) -> None:
        super().__init__(public_id)
        self.public_id = public_id


class KeyReused(Exception):
    """The same key came with another request before."""


class InFlight(Exception):
    """The same key is being worked on at this moment."""
