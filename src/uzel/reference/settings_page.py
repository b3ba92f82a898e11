"""The page of environment variables."""

import dataclasses

from uzel.connectors import connectors
from uzel.kit.settings import Settings, read_settings
from uzel.reference.markdown import code, table

SETTINGS = {
    "data_dir": "Where the key file, the locks and the embedded database live. One installation "
    "per folder.",
    "host": "Address the web server listens on.",
    "port": "Port the web server listens on.",
    "database_url": "A PostgreSQL of yours, 16 or newer: `postgresql://user:password@host/name`. "
    "Not set: the embedded PostgreSQL in the data folder.",
    "public_url": "The address under which people and providers reach this installation. It stands "
    "in every hook address and in the links guests get; with `https://` the console's "
    "cookies are secure ones.",
    "master_key": "32 bytes in base64 that seal stored secrets; several separated by commas, the "
    "newest first. Not set: the file `master.key` in the data folder, made at the first start "
    "with mode 600.",
    "log_format": "`json` or `text`. Logs go to standard error.",
    "log_level": "`debug`, `info`, `warning` or `error`.",
    "allow_private_addresses": "Addresses and networks of your own that requests to providers may "
    "go to, separated by commas: `127.0.0.1, 10.1.0.0/16`. Not set: the public internet and "
    "nothing else, whatever is set as a connection's API address.",
    "cron_secret": "What `/public/cron.php` and `/public/migrate.php` ask for, see "
    "[Kaspi orders in amoCRM](../how-to/kaspi-orders-in-amocrm.md). Not set: there are no such "
    "pages.",
}
# Those that keep the name they have elsewhere.
NAMES = {"cron_secret": "CRON_SECRET"}
DEFAULTS = {
    "data_dir": "`.uzel` in the working directory",
    "database_url": "embedded",
    "public_url": "`http://` and host and port",
    "master_key": "key file",
    "allow_private_addresses": "none",
    "cron_secret": "none",
}
SHOP = {
    "AMO_PIPELINE_ID": "The pipeline of new deals. Not set: the main one.",
    "AMO_STATUS_ID": "The stage of new deals. Not set: the first one.",
    "AMO_RESPONSIBLE_USER_ID": "Who gets deals and contacts. Not set: amoCRM decides.",
    "AMO_CATALOG_ID": "The list of goods. Not set: deals come without goods.",
    "AMO_LEAD_ORDER_CODE_FIELD_ID": "The field of deals that holds the order's number. Not set: it "
    "is in the deal's name alone.",
    "DEFAULT_COUNTRY": "`KZ`, as the buyers of Kaspi have their phones; nothing else is taken.",
}
SCRIPTS = {
    "UZEL_URL": "The address of the installation, such as `https://uzel.example.ru`.",
    "UZEL_TOKEN": "An API token with the scopes `payouts:read` and `payouts:write`.",
}
INTERNAL = {
    "UZEL_PARENT_FD": "Uzel sets it for the processes it starts; a pipe by which they notice its "
    "end.",
    "UZEL_SCREENSHOTS": "For the tests of the browser: `1` takes the pictures in `docs/images`.",
    "UZEL_TEST_DATABASE_URL": "For the tests: a PostgreSQL to use instead of an embedded one.",
}


def installation() -> list[tuple[str, ...]]:
    """(variable, default, meaning) of every setting."""
    given = read_settings({})
    return [
        (
            code(NAMES.get(field.name, f"UZEL_{field.name.upper()}")),
            DEFAULTS.get(field.name) or code(getattr(given, field.name)),
            SETTINGS[field.name],
        )
        for field in dataclasses.fields(Settings)
    ]


def settings_page() -> str:
    """Every environment variable."""
    adopted = [
        (code(variable), connector.title, code(field))
        for connector in connectors().values()
        for variable, field in connector.environment.items()
    ]
    return f"""
# Settings

All settings of an installation are environment variables, read once at the start. An empty variable
counts as one that is not set.

{table(("variable", "default", "meaning"), installation())}

## Connections from the environment

At every start, a connector that has no connection yet and whose variables are set gets one, named
`default`. Later changes of the variables change nothing: the connection is edited in the console.

{table(("variable", "connector", "field"), adopted)}

## A shop from the environment

Where both connections were made so, Kaspi orders get a shop, switched off, see
[Kaspi orders in amoCRM](../how-to/kaspi-orders-in-amocrm.md). Only while there is none.

{table(("variable", "meaning"), [(code(name), text) for name, text in SHOP.items()])}

## Scripts that pay

For scripts that [ask for payouts from Python](../how-to/payout-api.md#from-python), wherever they
run.

{table(("variable", "meaning"), [(code(name), text) for name, text in SCRIPTS.items()])}

## Not for you

{table(("variable", "meaning"), [(code(name), text) for name, text in INTERNAL.items()])}
"""
