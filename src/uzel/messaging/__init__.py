"""Sending single messages from programs: what `uzel send-sms` and its like do, as functions.

    from uzel.messaging import send_sms

    sent = send_sms("+7 999 000-00-01", "Ваш код: 1234", key="login-17", transactional=True)
    if sent.outcome != "accepted":
        print(sent.outcome, sent.detail)

Every message goes through the journal like all others: stop-list, sending mode and budget hold, an
answer that was lost is `unknown` and never sent again by itself, and the same `key` never makes two
messages. A channel without a connection raises ConfigError; nothing pretends to have been sent.

The functions wait for the outcome and are for scripts; programs with a loop of asyncio use
`Messaging`, which has the same methods.
"""

from uzel.messaging.content import Content
from uzel.messaging.messenger import Balance, Messaging
from uzel.messaging.outcome import Outcome, Sent
from uzel.messaging.preview import Preview
from uzel.messaging.scripts import (
    get_sms_balance,
    is_whatsapp_configured,
    send_email,
    send_sms,
    send_whatsapp,
    send_whatsapp_template,
)

__all__ = [
    "Balance",
    "Content",
    "Messaging",
    "Outcome",
    "Preview",
    "Sent",
    "get_sms_balance",
    "is_whatsapp_configured",
    "send_email",
    "send_sms",
    "send_whatsapp",
    "send_whatsapp_template",
]
