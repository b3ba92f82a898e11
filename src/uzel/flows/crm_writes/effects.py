"""What calls of programs to a CRM are known by: a name of the program's own, for ever."""

from typing import Final

OWNER: Final = "crm"
LONGEST_KEY = 200


def effect_of(key: str) -> str:
    """The effect of the call by this name."""
    return f"{OWNER}:{key}"
