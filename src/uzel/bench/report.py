"""What people see of a bench: where it stands while it runs, and its figures in the end."""

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

Figures = dict[str, Any]


class Progress:
    """Lines on standard error: what is being measured, and how long it all still takes."""

    def __init__(self, total_s: float) -> None:
        self._began = time.monotonic()
        self._left_s = total_s

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def begin(self, what: str, takes_s: float = 0.0) -> None:
        """The next part begins; `takes_s` of the total are used up by it."""
        left = f"about {self._left_s:.0f} s to go" if self._left_s >= 1 else "nearly done"
        print(f"[{self.elapsed_s:4.0f} s] {what}; {left}", file=sys.stderr, flush=True)
        self._left_s = max(0.0, self._left_s - takes_s)


def rounded(value: float, digits: int = 0) -> float | None:
    """For JSON, which has no nan: what was not measured is null."""
    if math.isnan(value):
        return None
    return round(value, digits) if digits else round(value)


def as_json(figures: Figures) -> str:
    """One line."""
    return json.dumps(figures, ensure_ascii=False, allow_nan=False)


def as_table(figures: Figures, labels: Mapping[str, str]) -> str:
    """For people: a line for each figure that has a label; `void` comes first, with its reasons."""
    lines = [f"uzel bench {figures['bench']}"]
    if figures["void"]:
        lines += ["", "VOID: these figures do not count, because"]
        lines += [f"  - {reason}" for reason in figures["void_because"]]
    shown = {name: label for name, label in labels.items() if name in figures}
    width = max(len(label) for label in shown.values())
    lines += [""]
    lines += [f"  {label:<{width}}  {as_text(figures[name]):>12}" for name, label in shown.items()]
    return "\n".join(lines)


def as_text(value: Any) -> str:
    """A figure with thin groups of digits, as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}".replace(",", " ")
    return str(value)


def verdict(ended: Sequence[str], **counts: int) -> Figures:
    """`void` with its reasons, and the counts that must be zero: any other makes the run void."""
    reasons = [*ended, *(f"{name}: {count}" for name, count in counts.items() if count)]
    return {"void": bool(reasons), "void_because": reasons, **counts}
