"""WhatsApp by Meta's Cloud API: messages, templates, and what became of them."""

from datetime import date

from uzel.connector import Channel, Checked, Connector, Operation
from uzel.connectors.meta import client
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.registration import register
from uzel.connectors.meta.webhook import WEBHOOK

# pywa 4.5.0 against the sandbox.
CHECKED = Checked.INDEPENDENT_CLIENT
CHECKED_ON = date(2026, 11, 21)

OPERATIONS = (
    # No key against doubles and no confirmed search: a lost answer waits for a status or a person.
    Operation(
        "send_whatsapp", client.send_whatsapp, ("phone", "text", "reference"), CHECKED, CHECKED_ON
    ),
    Operation(
        "send_whatsapp_template",
        client.send_whatsapp_template,
        ("phone", "template", "language", "parameters", "buttons", "components", "reference"),
        CHECKED,
        CHECKED_ON,
    ),
    Operation(
        "mark_read",
        client.mark_read,
        ("message_id", "typing"),
        CHECKED,
        CHECKED_ON,
        repeatable=True,
    ),
    Operation("phone_number", client.phone_number, (), CHECKED, CHECKED_ON, repeatable=True),
    Operation("templates", client.templates, (), CHECKED, CHECKED_ON, repeatable=True),
)

CONNECTOR = Connector(
    name="meta",
    title="WhatsApp (Meta)",
    config=MetaConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "META_WHATSAPP_ACCESS_TOKEN": "access_token",
        "META_WHATSAPP_PHONE_NUMBER_ID": "phone_number_id",
        "META_WHATSAPP_APP_SECRET": "app_secret",
        "META_WHATSAPP_VERIFY_TOKEN": "verify_token",
        "META_WHATSAPP_BUSINESS_ACCOUNT_ID": "business_account_id",
    },
    test="phone_number",
    rate_per_s=20.0,
    register=register,
    channels={
        "whatsapp": Channel("send_whatsapp"),
        "whatsapp_template": Channel("send_whatsapp_template"),
    },
)
