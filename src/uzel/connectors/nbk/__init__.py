"""The National Bank of Kazakhstan: official exchange rates, units of currencies in tenge."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.nbk import client
from uzel.connectors.nbk.config import NbkConfig

# The bank documents the list nowhere that we have found: its shape is what programs of others
# read. No weaker word than this one exists; the README says more.
RATES = Operation(
    "rates",
    client.rates,
    ("date",),
    Checked.DOCUMENTATION,
    date(2026, 11, 21),
    repeatable=True,
)

CONNECTOR = Connector(
    name="nbk",
    title="Нацбанк Казахстана",
    config=NbkConfig,
    operations={RATES.name: RATES},
    test="rates",
    rate_per_s=1.0,
)
