"""A receipt: what the provider says became of a message it had accepted."""

from dataclasses import dataclass
from enum import StrEnum


class ReceiptState(StrEnum):
    """Ordered by how much it settles; a later, lesser word never undoes an earlier, greater one."""

    PENDING = "pending"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One status report.

    reference    the provider's id of the message, as its answer to the send gave it
    code         the provider's own code as text; `detail` what it means, for people
    ours         our own reference, where the provider echoes it: finds the message although the
                 answer to the send was lost
    suppress     why this recipient must not be written to again by anybody (`complaint`, `bounce`,
                 `user_stopped`); None: no such thing was said
    unreachable  True: this recipient cannot be reached by this channel at all (has no WhatsApp)
    hint         True: not signed, so the provider is asked before anything is believed
    """

    reference: str
    state: ReceiptState
    code: str
    detail: str
    cost_minor: int | None = None
    currency: str | None = None
    ours: str | None = None
    suppress: str | None = None
    unreachable: bool | None = None
    hint: bool | None = None
