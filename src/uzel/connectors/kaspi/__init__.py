"""Kaspi: orders of a shop are read and moved on."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.kaspi import changes, orders
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.poll import POLL

DOCUMENTED = Checked.DOCUMENTATION
# kaspi_client.py of kaspi-orders-analytics reads the sandbox's lists as we do.
CLIENT = Checked.INDEPENDENT_CLIENT
CHECKED_ON = date(2026, 11, 21)

READS = tuple(
    Operation(run.__name__, run, arguments, checked, CHECKED_ON, repeatable=True)
    for run, arguments, checked in (
        (orders.check, (), DOCUMENTED),
        (orders.orders, ("state", "since_ms", "until_ms", "page", "status"), CLIENT),
        (orders.order, ("code",), DOCUMENTED),
        (orders.entries, ("order",), DOCUMENTED),
        (orders.product, ("line",), DOCUMENTED),
    )
)
# None may be repeated: what has been done is refused the second time.
CHANGES = tuple(
    Operation(run.__name__, run, arguments, DOCUMENTED, CHECKED_ON, look_up=look_up)
    for run, arguments, look_up in (
        (changes.accept, ("order", "code"), changes.look_up_accept),
        (changes.assemble, ("order", "code", "parcels"), changes.look_up_assemble),
        (changes.send_code, ("order", "code"), None),
        (changes.complete, ("order", "code", "security_code"), changes.look_up_complete),
        (changes.cancel, ("order", "code", "reason", "comment"), changes.look_up_cancel),
        (
            changes.cancel_part,
            ("order", "entry", "remaining", "reason"),
            changes.look_up_cancel_part,
        ),
    )
)

CONNECTOR = Connector(
    name="kaspi",
    title="Kaspi",
    config=KaspiConfig,
    poll=POLL,
    operations={operation.name: operation for operation in (*READS, *CHANGES)},
    environment={"KASPI_API_TOKEN": "token", "KASPI_API_BASE": "base_url"},
    test="check",
    rate_per_s=5.0,
)
