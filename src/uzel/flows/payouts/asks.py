"""The calls of this flow: how each is named, and what it asks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import Plan
from uzel.payouts.payout import Kind

# First word of the effects of all calls of this flow.
OWNER = "payout"
PERSON, SEND, LOOK = "person", "send", "look"
# Between two looks at one that the provider has: soon at first, then ever less often.
LOOKS = tuple(
    timedelta(seconds=s) for s in (5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600)
)


@dataclass(frozen=True, slots=True)
class Effect:
    """`payout:send:17:1`: what a call is for.

    number  of the payout; of `person` the payee's
    nth     the how many-th asking
    """

    kind: str
    number: int
    nth: int

    def __str__(self) -> str:
        return f"{OWNER}:{self.kind}:{self.number}:{self.nth}"

    @staticmethod
    def of(said: str) -> "Effect":
        """The effect that reads so."""
        _, kind, number, nth = said.split(":")
        return Effect(kind, int(number), int(nth))


def ask_person(payee: Any, nth: int) -> Plan:
    """Have somebody made known to the provider."""
    arguments = {
        "kind": "individual",
        "first_name": payee["first_name"],
        "last_name": payee["last_name"],
        "patronymic": payee["patronymic"],
        "phone": payee["phone"],
        "taxpayer_id": None,
    }
    effect = Effect(PERSON, payee["id"], nth)
    return Plan(payee["connection_id"], "create_contractor", arguments, str(effect))


def ask_send(row: Any, payee: Any, nth: int) -> Plan:
    """Have the money sent. Of a card the journal gets the number in the vault. Who has no phone is
    named on the spot: nothing would tell them from others of their name.
    """
    named = {name: payee[name] for name in ("first_name", "last_name", "patronymic")}
    is_card = row["kind"] == Kind.CARD
    arguments = {
        "reference": row["mark"],
        "planned_at": row["created_at"].isoformat(),
        "purpose": row["purpose"],
        "amount_minor": row["amount_minor"],
        "kind": row["kind"],
        "contractor_id": payee["reference"],
        "contractor": None if payee["reference"] else named,
        "card_number": row["vault_id"] if is_card else None,
        "phone": None if is_card else row["phone"],
        "bank_member_id": row["bank_id"],
    }
    effect = Effect(SEND, row["id"], nth)
    return Plan(row["connection_id"], "create_payment", arguments, str(effect))


def ask_after(row: Any, provider_id: str, nth: int, *, now: bool = False) -> Plan:
    """What became of it; `now`: the provider hinted that something did."""
    wait = timedelta(0) if now else LOOKS[min(nth, len(LOOKS)) - 1]
    return Plan(
        row["connection_id"],
        "payment",
        {"id": provider_id},
        str(Effect(LOOK, row["id"], nth)),
        due_at=None if now else datetime.now(UTC) + wait,
    )
