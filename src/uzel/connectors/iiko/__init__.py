"""iiko: orders of deliveries and tables become visits."""

from uzel.connector import BodyKind, Connector, Webhook
from uzel.connectors.iiko.config import IikoConfig
from uzel.connectors.iiko.webhook import parse

CONNECTOR = Connector(
    name="iiko",
    title="iiko",
    config=IikoConfig,
    webhook=Webhook(body=BodyKind.JSON, parse=parse, answer=b'{"ok":true}'),
)
