"""amoCRM: deals won become visits, and their guests are asked for by API; orders become deals."""

from uzel.connector import Connector
from uzel.connectors.amocrm import registration
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.oauth import OAUTH
from uzel.connectors.amocrm.operations import OPERATIONS
from uzel.connectors.amocrm.webhook import WEBHOOK

CONNECTOR = Connector(
    name="amocrm",
    title="amoCRM",
    config=AmocrmConfig,
    webhook=WEBHOOK,
    oauth=OAUTH,
    operations=OPERATIONS,
    environment={
        "AMO_SUBDOMAIN": "base_url",
        "AMO_BASE_URL": "base_url",
        "AMO_CLIENT_ID": "client_id",
        "AMO_CLIENT_SECRET": "client_secret",
        "AMO_ACCESS_TOKEN": "access_token",
        "AMO_REFRESH_TOKEN": "refresh_token",
        "AMOCRM_BASE_URL": "base_url",
        "AMOCRM_ACCESS_TOKEN": "access_token",
    },
    test="account",
    # amoCRM allows 7 requests a second and blocks the address of who goes on asking. At 6.8 the
    # eighth of a row leaves a second and a bit after the first.
    rate_per_s=6.8,
    most_per_s=7,
    register=registration.register,
    guest="find_guest",
)
