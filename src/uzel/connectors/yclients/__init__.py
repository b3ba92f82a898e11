"""YCLIENTS and Altegio: records whose guest came become visits."""

from datetime import date

from uzel.connector import BodyKind, Checked, Connector, Operation, Webhook
from uzel.connectors.yclients import client
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.registration import register
from uzel.connectors.yclients.webhook import parse

CHECKED_ON = date(2026, 11, 21)

OPERATIONS = (
    Operation("hooks", client.hooks, (), Checked.DOCUMENTATION, CHECKED_ON, repeatable=True),
    Operation(
        "records_changed",
        client.records_changed,
        ("changed_after", "page"),
        Checked.DOCUMENTATION,
        CHECKED_ON,
        repeatable=True,
    ),
)

CONNECTOR = Connector(
    name="yclients",
    title="YCLIENTS",
    config=YclientsConfig,
    webhook=Webhook(body=BodyKind.JSON, parse=parse),
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "YCLIENTS_PARTNER_TOKEN": "partner_token",
        "YCLIENTS_USER_TOKEN": "user_token",
        "YCLIENTS_COMPANY_ID": "company_id",
        "YCLIENTS_BASE_URL": "base_url",
    },
    test="hooks",
    rate_per_s=5.0,  # per IP address (YCLIENTS REST API, "Лимиты")
    register=register,
)
