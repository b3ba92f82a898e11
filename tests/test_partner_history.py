"""The judge of histories finds what it is there to find."""

from dataclasses import replace

import pytest

from partner_history import History, Paid, Timeline, Told, faults

# Filled with 100; two payments of 10 and of 20 in a transaction each, the first given back.
LEDGER = [
    {"at": 1.0, "rank": 1, "amount": 100, "what": "fill"},
    {"at": 2.0, "rank": 1, "amount": -10, "what": "payment:a"},
    {"at": 3.0, "rank": 2, "amount": -20, "what": "payment:b"},
    {"at": 4.0, "rank": 1, "amount": 10, "what": "payment:a:end"},
]
A, B = Paid("a", 10, 90, 1.9, 2.1), Paid("b", 20, 70, 2.2, 3.1)


def found(
    paid: tuple[Paid, ...] = (A, B), *balances: tuple[float, float, int], states: str = ""
) -> list[str]:
    told = {"a": [Told(5.0, 5.1, one) for one in states.split()]} if states else {}
    history = History(list(paid), [Told(*one) for one in balances], told)
    return faults(history, Timeline(LEDGER))


def test_what_fits_is_no_fault() -> None:
    assert found((A, B), (0.1, 0.2, 0), (1.1, 1.2, 100), (1.9, 2.0, 100), (1.9, 2.05, 90)) == []
    assert found((A, B), (2.15, 2.2, 90), (2.5, 4.2, 90), (2.5, 4.2, 70), (2.5, 4.2, 80)) == []
    assert found(states="pending pending completed failed failed") == []
    # Nobody was told of `b`, so nobody needs to see it.
    assert found((A,), (3.2, 3.3, 90)) == []


@pytest.mark.parametrize(
    "paid",
    [
        replace(A, public_id="c"),
        replace(A, began=2.05),
        replace(A, ended=1.95),
        replace(A, after_minor=101),
        replace(A, after_minor=89),
    ],
)
def test_a_payment_that_did_not_happen_so(paid: Paid) -> None:
    assert len(found((paid, B))) == 1


@pytest.mark.parametrize(
    "balance",
    [
        (0.5, 0.6, 100),  # before it was there
        (2.15, 2.2, 100),  # without a payment that had been answered
        (3.2, 3.3, 90),
        (4.5, 4.6, 90),
        (2.15, 4.2, 60),  # what never stood
        (4.5, 4.6, 0),
    ],
)
def test_a_balance_that_did_not_stand(balance: tuple[float, float, int]) -> None:
    assert len(found((A, B), balance)) == 1


@pytest.mark.parametrize("states", ["unknown", "completed pending", "failed completed"])
def test_a_state_that_goes_back(states: str) -> None:
    assert len(found(states=states)) == 1
