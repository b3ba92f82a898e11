"""What is still to be set up."""

from collections.abc import Mapping

from uzel.connectors import connectors
from uzel.doctor.finding import Finding, warning
from uzel.views.missing import WITHIN, Missing

# Kind of what is missing → (what, what it means, what to do about it).
ABSENT: Mapping[str, tuple[str, str, str]] = {
    "place": (
        "there is no place",
        "Nobody can be asked for a review, so visits are skipped.",
        "Add a place and the address of its reviews: console, Бизнес, Заведения.",
    ),
    "template": (
        "there is no text for the request",
        "No message can be made, so visits are skipped.",
        "Write it: console, Бизнес.",
    ),
    "channel": (
        "no connection sends text messages",
        "No message can leave, so visits are skipped.",
        "Add one: uzel connection add smsru --set api_id=-",
    ),
}
DAYS = WITHIN.days


def of_missing(part: Missing) -> Finding:
    """One thing to set up, or visits to come back to."""
    if part.kind == "word":
        return of_word(part)
    if part.kind not in ABSENT:
        return of_silence(part)
    what, meaning, advice = ABSENT[part.kind]
    if not part.skipped:
        return warning("set-up", what, meaning, advice)
    lost = f"{part.skipped} visits of the last {DAYS} days were skipped for it ({part.reason})"
    again = f"uzel replay --reason {part.reason} --days {DAYS}"
    if part.absent:
        return warning("set-up", f"{what}; {lost}", meaning, f"{advice} Then: {again}")
    return warning("set-up", lost.replace(" for it", ""), mended(part), again)


def of_word(part: Missing) -> Finding:
    """A status nobody has explained."""
    orders = f"{part.skipped} orders of the last {DAYS} days"
    return warning(
        "set-up",
        f"{orders} have a status nobody has explained: {part.word}",
        "Nothing follows from them.",
        f"Say what it means: console, /connections/{part.connection_id}/words.",
    )


def mended(part: Missing) -> str:
    """What it means that visits were skipped for want of something that is there now."""
    if part.kind == "place":
        return "No place has the number in these visits, and there was none for all others."
    return "It is there by now."


def of_silence(part: Missing) -> Finding:
    """A connection through which nothing has come in."""
    known = connectors().get(part.connector or "")
    advice = "Enter its address at the provider. Is the address lost, have a new one made: uzel "
    advice += f"connection key {part.connection_id}"
    if known is not None and known.register is not None:
        advice = f"Have its address entered there: uzel connection register {part.connection_id}"
    what = f"nothing has come in through {part.connector}/{part.name} yet"
    return warning("set-up", what, "Nothing can follow from what nobody sends.", advice)
