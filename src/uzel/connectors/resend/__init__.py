"""Resend: e-mail, what became of it, and who must not get any more."""

from datetime import date

from uzel.connector import Channel, Checked, Connector, Operation
from uzel.connectors.resend import client
from uzel.connectors.resend.config import ResendConfig
from uzel.connectors.resend.webhook import WEBHOOK

# resend 2.51.0 against the sandbox; our client against it and against recorded refusals.
CHECKED = Checked.INDEPENDENT_CLIENT
CHECKED_ON = date(2026, 11, 21)
# For so long Resend remembers an Idempotency-Key, less a margin for clocks.
REMEMBERED_S = 23 * 3600
LETTER = ("to", "subject", "text", "html", "reference", "unsubscribe_url")

OPERATIONS = (
    Operation(
        "send_email",
        client.send_email,
        LETTER,
        CHECKED,
        CHECKED_ON,
        repeatable=True,
        repeatable_for_s=REMEMBERED_S,
    ),
    Operation("email_status", client.email_status, ("ids",), CHECKED, CHECKED_ON, repeatable=True),
    Operation("domains", client.domains, (), CHECKED, CHECKED_ON, repeatable=True),
)

CONNECTOR = Connector(
    name="resend",
    title="Resend",
    config=ResendConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "RESEND_API_KEY": "api_key",
        "RESEND_FROM": "sender",
        "RESEND_WEBHOOK_SECRET": "webhook_secret",
    },
    test="domains",
    # Ten a second are documented (2026-11), two and five were; recorded teams have 2 to 100.
    rate_per_s=2.0,
    channels={"email": Channel("send_email")},
    receipts="email_status",
)
