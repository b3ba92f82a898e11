"""Webhooks: what became of partners' payments and of payouts, signed as Standard Webhooks says."""

from datetime import date

from uzel.connector import Checked, Connector, Operation, Patience
from uzel.connectors.partner_hook import client
from uzel.connectors.partner_hook.config import PartnerHookConfig

MINUTE, HOUR = 60.0, 3600.0
# The pauses that Standard Webhooks recommends; its last one would end later than the third day.
PATIENCE = Patience(
    (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR),
    72 * HOUR,
)

DELIVER = Operation(
    "deliver",
    client.deliver,
    ("id", "type", "subject", "body"),
    Checked.INDEPENDENT_CLIENT,
    date(2026, 11, 21),
    repeatable=True,
    patience=PATIENCE,
)

NOTIFY = Operation(
    "notify",
    client.notify,
    ("path", "id", "type", "subject", "body"),
    Checked.INDEPENDENT_CLIENT,
    date(2026, 11, 21),
    repeatable=True,
    patience=PATIENCE,
)

CONNECTOR = Connector(
    name="partner_hook",
    title="Вебхук партнёра",
    config=PartnerHookConfig,
    operations={it.name: it for it in (DELIVER, NOTIFY)},
    test="deliver",
    rate_per_s=50.0,
)
