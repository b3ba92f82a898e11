"""The Bank of Russia: official exchange rates, units of other currencies in roubles."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.cbr import client
from uzel.connectors.cbr.config import CbrConfig

RATES = Operation(
    "rates",
    client.rates,
    ("date",),
    Checked.DOCUMENTATION,
    date(2026, 11, 21),
    repeatable=True,
)

CONNECTOR = Connector(
    name="cbr",
    title="Банк России",
    config=CbrConfig,
    operations={RATES.name: RATES},
    test="rates",
    rate_per_s=1.0,
)
