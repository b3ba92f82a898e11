"""amoCRM: deals won become visits; their guests are asked for by API."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.amocrm import client, registration
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.webhook import WEBHOOK

# amocrm_api 2.6.1 and aioamocrm 0.1.1 read leads and contacts of the sandbox as we do.
CHECKED_ON = date(2026, 11, 21)

# All of them may be asked twice: reads, and an address that is entered or taken away once.
OPERATIONS = tuple(
    Operation(run.__name__, run, arguments, checked, CHECKED_ON, repeatable=True)
    for run, arguments, checked in (
        (client.account, (), Checked.DOCUMENTATION),
        (client.find_guest, ("guest",), Checked.INDEPENDENT_CLIENT),
        (registration.webhooks, (), Checked.DOCUMENTATION),
        (registration.subscribe, ("url",), Checked.DOCUMENTATION),
        (registration.unsubscribe, ("url",), Checked.DOCUMENTATION),
    )
)

CONNECTOR = Connector(
    name="amocrm",
    title="amoCRM",
    config=AmocrmConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={"AMOCRM_BASE_URL": "base_url", "AMOCRM_ACCESS_TOKEN": "access_token"},
    test="account",
    # amoCRM allows 7 requests a second and blocks the address of who goes on asking. Calls are
    # counted, and `find_guest` makes two requests: 3 calls are 6 requests in every second, which
    # leaves one for a request that was held up on its way.
    rate_per_s=3.0,
    register=registration.register,
    guest="find_guest",
)
