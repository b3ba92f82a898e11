"""What somebody wrote to us: an answer to a text, a message in WhatsApp."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inbound:
    """One incoming message.

    channel    `sms`, `whatsapp` or `email`
    sender     who wrote: a phone as it came (`79990000001`) or an e-mail address
    text       what was written, or the caption or payload of the button that was pressed; None for
               a picture and the like
    reference  the provider's id of this message, None if it gives none
    """

    channel: str
    sender: str
    text: str | None = None
    reference: str | None = None
