"""MTS Exolve: text messages to Russian mobile numbers, what became of them, and what people answer;
WhatsApp by guesses, switched off.
"""

from datetime import date

from uzel.connector import Channel, Checked, Connector, Operation
from uzel.connectors.exolve import client, listing
from uzel.connectors.exolve.config import ExolveConfig
from uzel.connectors.exolve.webhook import WEBHOOK

DOCUMENTED = Checked.DOCUMENTATION
CHECKED_ON = date(2026, 11, 21)

OPERATIONS = (
    Operation(
        "send_sms",
        client.send_sms,
        ("phone", "text"),
        DOCUMENTED,
        CHECKED_ON,
        look_up=listing.look_up_sms,
    ),
    Operation("sms_status", listing.sms_status, ("ids",), DOCUMENTED, CHECKED_ON, repeatable=True),
    Operation("message_count", listing.message_count, (), DOCUMENTED, CHECKED_ON, repeatable=True),
    # Not even documented: the weakest mark there is flatters these two, see README.
    Operation("send_whatsapp", client.send_whatsapp, ("phone", "text"), DOCUMENTED, CHECKED_ON),
    Operation(
        "send_whatsapp_template",
        client.send_whatsapp_template,
        ("phone", "template", "language", "parameters", "buttons"),
        DOCUMENTED,
        CHECKED_ON,
    ),
)

CONNECTOR = Connector(
    name="exolve",
    title="МТС Exolve",
    config=ExolveConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "EXOLVE_API_KEY": "api_key",
        "EXOLVE_SENDER": "sender",
        "EXOLVE_WHATSAPP_API_KEY": "whatsapp_api_key",
        "EXOLVE_WHATSAPP_SENDER_ID": "whatsapp_sender_id",
    },
    test="message_count",
    channels={
        # Who uses WhatsApp alone has no key for texts: none must be routed through here.
        "sms": Channel("send_sms", needs="sms"),
        "whatsapp": Channel("send_whatsapp", needs="whatsapp_unverified"),
        "whatsapp_template": Channel("send_whatsapp_template", needs="whatsapp_unverified"),
    },
    receipts="sms_status",
)
