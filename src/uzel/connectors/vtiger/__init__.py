"""vtiger: people, companies and projects written into somebody's CRM, and read from it."""

from uzel.connector import Connector
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.connectors.vtiger.operations import OPERATIONS
from uzel.connectors.vtiger.sign_in import SIGN_IN

CONNECTOR = Connector(
    name="vtiger",
    title="vtiger",
    config=VtigerConfig,
    sign_in=SIGN_IN,
    operations=OPERATIONS,
    environment={
        "VTIGER_URL": "base_url",
        "VTIGER_LOGIN": "login",
        "VTIGER_ACCESS_KEY": "access_key",
    },
    test="listtypes",
)
