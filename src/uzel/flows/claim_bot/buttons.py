"""What stands behind the buttons of the bot: what to do, with which claim, in which version.

Anybody can send anything as if a button were pressed, so nothing is trusted here: whose claim it
is, and who may decide on it, is looked up at the press.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READ = re.compile(r"([a-z]{2,8}):([0-9]{1,18}):([0-9]{1,9}):([a-z0-9_]{0,24})")

# Of those who ask.
NEW, MINE, SHOW, WAY, BANK, DONE = "new", "mine", "show", "way", "bank", "done"
SEND, FIX, DROP, DROPPED, WRITE = "send", "fix", "drop", "dropped", "write"
ASKING = frozenset({NEW, MINE, SHOW, WAY, BANK, DONE, SEND, FIX, DROP, DROPPED, WRITE})
# Of those who decide.
APPROVE, REJECT, BECAUSE, KEEP, ANSWER = "ok", "no", "why", "keep", "say"
DECIDING = frozenset({APPROVE, REJECT, BECAUSE, KEEP, ANSWER})

Keyboard = Sequence[Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Press:
    """`version` 0: any."""

    verb: str
    claim: int = 0
    version: int = 0
    word: str = ""

    def __str__(self) -> str:
        return f"{self.verb}:{self.claim}:{self.version}:{self.word}"

    @staticmethod
    def of(said: str) -> "Press | None":
        """None: it was never a button of this bot."""
        found = READ.fullmatch(said)
        if found is None or found[1] not in ASKING | DECIDING:
            return None
        return Press(found[1], int(found[2]), int(found[3]), found[4])


def button(text: str, verb: str, row: Any = None, word: str = "") -> Mapping[str, Any]:
    """`row`: the claim, as it stands."""
    claim, version = (row["id"], row["version"]) if row is not None else (0, 0)
    return {"text": text, "data": str(Press(verb, claim, version, word))}
