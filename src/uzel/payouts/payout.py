"""A payout: what it is, the states it goes through, what each step does to the money."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    """How the money reaches a person: CARD by a card's number, FPS by phone and bank (СБП)."""

    CARD = "card"
    FPS = "fps"


class State(StrEnum):
    """Where a payout is.

    waiting     its money is held; the provider has not been asked, or certainly not reached
    unknown     the provider was asked and the answer was lost: it may have been paid
    processing  the provider has it
    review      the provider's people look at it
    paid        the provider says that it was executed
    failed      it was not paid, and its money is free again
    cancelled   taken back by a person before it was sent
    returned    it was paid, and came back
    """

    WAITING = "waiting"
    UNKNOWN = "unknown"
    PROCESSING = "processing"
    REVIEW = "review"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


S = State
# Those in which the money is held.
OPEN = frozenset({S.WAITING, S.UNKNOWN, S.PROCESSING, S.REVIEW})
# Those that the provider has not ended.
ASKED_AFTER = frozenset({S.PROCESSING, S.REVIEW})
MOVES: Mapping[State, frozenset[State]] = {
    S.WAITING: frozenset({S.UNKNOWN, S.PROCESSING, S.REVIEW, S.PAID, S.FAILED, S.CANCELLED}),
    S.UNKNOWN: frozenset({S.WAITING, S.PROCESSING, S.REVIEW, S.PAID, S.FAILED}),
    S.PROCESSING: frozenset({S.REVIEW, S.PAID, S.FAILED}),
    S.REVIEW: frozenset({S.PROCESSING, S.PAID, S.FAILED}),
    # Providers have been seen to take back what they said. The books follow the money.
    S.PAID: frozenset({S.RETURNED}),
    S.FAILED: frozenset({S.PAID}),
    S.CANCELLED: frozenset(),
    S.RETURNED: frozenset(),
}


class Effect(StrEnum):
    """What a step does to the money: TAKE posts the holds, FREE releases them, GIVE_BACK reverses
    what was posted, TAKE_AFTER posts what was free already.
    """

    NOTHING = "nothing"
    TAKE = "take"
    FREE = "free"
    GIVE_BACK = "give_back"
    TAKE_AFTER = "take_after"


def effect_of(before: State, after: State) -> Effect:
    """Of a step that MOVES allows."""
    if after is S.PAID:
        return Effect.TAKE if before in OPEN else Effect.TAKE_AFTER
    if after in (S.FAILED, S.CANCELLED):
        return Effect.FREE
    return Effect.GIVE_BACK if after is S.RETURNED else Effect.NOTHING


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid. `fingerprint`: keyed, of the card or phone with the name."""

    fingerprint: bytes
    first_name: str
    last_name: str
    patronymic: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What may be known of a card once its number lies in the vault."""

    shown: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; everything in it was checked.

    purpose      what the receiver reads; the mark is put behind it
    target       keyed fingerprint of the card or phone that gets the money, whoever it is said to
                 belong to: what limits per person count by
    external_id  the asker's own number, unique for ever
    number       of the card, in plain: it goes into the vault and nowhere else
    vault_id     where the number lies already
    """

    connection_id: int
    payee: Payee
    amount_minor: int
    currency: str
    purpose: str
    made_by: str
    target: bytes
    external_id: str | None = None
    phone: str | None = None
    bank_id: str | None = None
    bank_name: str | None = None
    card: Card | None = None
    number: str | None = field(default=None, repr=False)
    vault_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return Kind.CARD if self.card is not None else Kind.FPS

    def digest(self) -> bytes:
        """Of everything that makes it this payout."""
        return digest_of(
            [
                self.connection_id, self.amount_minor, self.currency, self.purpose, self.kind,
                self.target.hex(), self.bank_id, self.payee.first_name, self.payee.last_name,
                self.payee.patronymic, dict(self.details),
            ]
        )  # fmt: skip


def digest_of(things: list[Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(things, option=orjson.OPT_SORT_KEYS)).digest()


class Refused(Exception):
    """It is not taken in. `code` for programs: `limit_payout`, `limit_person_day`, `limit_day`,
    `limit_person_count`, `limit_operator_day`, `external_id_reused`.
    """

    def __init__(self, code: str, message: str, **about: Any) -> None:
        super().__init__(message)
        self.code = code
        self.about = about
