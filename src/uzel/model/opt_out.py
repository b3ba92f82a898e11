"""A provider's word that somebody wants no more messages, or wants them again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody was stopped (or let in again) at the provider, not by an answer to one message.

    address  a phone as it came, or an e-mail address
    stopped  False: messages are welcome again
    why      a short code: `user_stopped`, `complaint`, `bounce`
    """

    address: str
    stopped: bool
    why: str
