"""Money and rates: what waits for a second person, and rates nobody can be charged by."""

from collections.abc import Iterator

from uzel.doctor.finding import Finding, warning
from uzel.views.partners import MoneyTrouble

FEW = 5


def of_money(seen: MoneyTrouble) -> Iterator[Finding]:
    """Nothing is said where nothing waits."""
    if seen.proposals:
        yield warning(
            "money",
            f"{seen.proposals} moves of money wait for a second person",
            "Balances stay as they are until then.",
            "An administrator who did not make them decides: console, Партнёры; or "
            "uzel partner proposals",
        )
    if seen.rates:
        yield warning(
            "rates",
            f"{seen.rates} rates wait for a second person",
            "The rate that was in force before is used.",
            "Decide on them: console, Курсы; or uzel rates list",
        )
    if seen.too_old:
        named = ", ".join(seen.too_old[:FEW]) + (" …" if len(seen.too_old) > FEW else "")
        yield warning(
            "rates",
            f"{len(seen.too_old)} rates are too old: {named}",
            "Payments in these currencies are refused.",
            "Enter new ones (uzel rates set) or ask the banks: uzel rates fetch",
        )
