"""Times as Meta writes them."""

import re
from datetime import datetime
from typing import Any

from uzel.kit.body import utc_of_epoch

SECONDS = re.compile(r"[0-9]{9,10}")


def moment(value: Any) -> datetime | None:
    """UNIX seconds as aware UTC; text in statuses and messages, a number elsewhere."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return utc_of_epoch(int(text)) if SECONDS.fullmatch(text) else None


def second(at: datetime) -> int:
    """The UNIX second that `moment` read."""
    return int(at.timestamp())
