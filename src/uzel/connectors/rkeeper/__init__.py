"""r_keeper: orders become visits, whatever their statuses are called."""

from uzel.connector import BodyKind, Connector, Webhook
from uzel.connectors.rkeeper.config import RkeeperConfig
from uzel.connectors.rkeeper.webhook import parse

CONNECTOR = Connector(
    name="rkeeper",
    title="r_keeper",
    config=RkeeperConfig,
    webhook=Webhook(body=BodyKind.JSON | BodyKind.XML, parse=parse, answer=b'{"ok":true}'),
    meanings={
        "completed": "completed_statuses",
        "cancelled": "cancelled_statuses",
        "ignored": "ignored_statuses",
    },
)
