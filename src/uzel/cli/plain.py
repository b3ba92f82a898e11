"""How commands show values to people: words, where JSON has true, null and lists."""

from typing import Any


def plain(value: Any) -> str:
    """`yes`, `no`, `none`, parts with commas between, and everything else as it is."""
    if value is None or value in ("", [], ()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
