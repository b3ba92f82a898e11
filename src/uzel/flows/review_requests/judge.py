"""What follows from an element alone, before our memory is asked; what `uzel explain` shows."""

from dataclasses import dataclass

from uzel.connector import Element
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.visit import Visit, VisitState

REQUEST, SKIP, CANCEL = "request", "skip", "cancel"


@dataclass(frozen=True, slots=True)
class Judgement:
    """decision: request, skip or cancel; reason: why, None where it asks; phone: E.164 or None."""

    decision: str
    reason: str | None
    phone: str | None


def judge(element: Element) -> Judgement:
    """The judgement about one element of a payload."""
    visit = element.data
    phone, refusal = guest_phone(visit) if isinstance(visit, Visit) else (None, None)
    if element.reason is not None:
        return Judgement(SKIP, element.reason, phone)
    if not isinstance(visit, Visit):
        return Judgement(SKIP, "event_type", None)
    if visit.state is VisitState.CANCELLED:
        return Judgement(CANCEL, visit.note or "cancelled", phone)
    if phone is None:
        return Judgement(SKIP, refusal, None)
    return Judgement(REQUEST, None, phone)


def guest_phone(visit: Visit) -> tuple[str | None, str | None]:
    """(E.164, None) or (None, why no text can be sent there)."""
    try:
        return parse_phone(visit.phone).e164, None
    except PhoneRejected as error:
        return None, error.reason
