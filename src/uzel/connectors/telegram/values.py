"""The values of the Bot API that both halves read (core.telegram.org/bots/api)."""

import re
from typing import Any

# "at most 52 significant bits" (Chat, User, ResponseParameters): what JSON's numbers hold exactly.
LARGEST_ID = 2**53
LONGEST_TEXT = 4096  # Message, sendMessage
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{8,250}")


def id_in(value: Any) -> int | None:
    """A positive id: of a user, a message, an update."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value <= LARGEST_ID else None


def chat_in(value: Any) -> int | None:
    """The id of a chat: below zero for groups and channels."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < abs(value) <= LARGEST_ID else None


def file_in(value: Any) -> str | None:
    """The id of a file at Telegram."""
    return value if isinstance(value, str) and _FILE_ID.fullmatch(value) else None
