"""`uzel bench ledger`, short: the books are right, and nothing is missing."""

import pytest

from uzel.bench.ledger import LABELS, run_ledger
from uzel.bench.report import as_table


@pytest.mark.long
def test_a_short_run_is_whole() -> None:
    figures = run_ledger(1.5, past=2_500)
    assert figures["void_because"] == []
    assert figures["past_wrong"] == 0
    assert all(turn["http_per_s"] > 0 and turn["posted_per_s"] > 0 for turn in figures["rounds"])
    assert figures["entries"] > 6
    assert "entries in the past of one balance" in as_table(figures, LABELS)
