"""Markdown out of values."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """A value as code; nothing for None and the empty text."""
    return "" if text in (None, "") else f"`{text}`"


def yes(value: bool) -> str:
    return "yes" if value else "no"
