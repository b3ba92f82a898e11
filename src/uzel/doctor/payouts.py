"""Payouts: whether our books hold together, and hold against the provider's."""

from collections.abc import Iterator

from uzel.doctor.finding import Finding, warning, wrong
from uzel.views.reconciliation import LOUDEST, PayoutTrouble

CHECK = "payouts"


def of_payouts(seen: PayoutTrouble) -> Iterator[Finding]:
    """Nothing is said where nothing differs."""
    for said in seen.broken:
        yield wrong(
            CHECK,
            said,
            "The ledger and the states of payouts say different things.",
            "uzel payout stop REASON, keep the log and report it: this is an error of ours",
        )
    if doubled := seen.open.get(LOUDEST, 0):
        yield wrong(
            CHECK,
            f"{doubled} marks stand in more than one payment",
            "Somebody may have been paid twice.",
            "uzel payout stop REASON, then uzel payout differences; ask the provider",
        )
    if others := sum(seen.open.values()) - doubled:
        yield warning(
            CHECK,
            f"{others} differences from the provider's books",
            "Nothing was changed by it.",
            "Look at them: uzel payout differences",
        )
    if seen.short:
        yield warning(
            CHECK,
            f"{seen.short} connections have less at the provider than open payouts need",
            "Payouts will be refused there.",
            "See uzel payout balance, and pay in.",
        )
    for name, problem in seen.late.items():
        why = f": {problem}" if problem else ""
        yield warning(
            CHECK,
            f"the books of connection {name} were not compared for two nights{why}",
            "What differs is not seen.",
            "Try by hand: uzel payout reconcile",
        )
