"""A shop out of the documented environment variables, where both its connections come from there.

It is switched off: nobody should find deals in their CRM because a program was started.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from uzel.connections import store
from uzel.connections.environment import values_of
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.settings import LOST, WON, ShopSettings
from uzel.kit.database import Connection
from uzel.model.order import OrderState

# The connections that the environment makes have this name.
DEFAULT = "default"
SOURCE, CRM = "kaspi", "amocrm"
VARIABLES: Mapping[str, str] = {
    "AMO_PIPELINE_ID": "pipeline_id",
    "AMO_STATUS_ID": "status_id",
    "AMO_RESPONSIBLE_USER_ID": "responsible_user_id",
    "AMO_CATALOG_ID": "catalog_id",
    "AMO_LEAD_ORDER_CODE_FIELD_ID": "order_code_field_id",
}
COUNTRY, ONLY_COUNTRY = "DEFAULT_COUNTRY", "KZ"
CLOSING: Mapping[OrderState, int] = {
    OrderState.COMPLETED: WON,
    OrderState.CANCELLED: LOST,
    OrderState.RETURNED: LOST,
}


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the variables of both connections are there."""
    known = connectors()
    return all(values_of(known[name], environment) for name in (SOURCE, CRM))


def settings_of(environment: Mapping[str, str]) -> ShopSettings:
    """How orders become deals, by the variables. Deals close with their orders where the pipeline
    is named; every pipeline of amoCRM has these two closing stages. Raises ConfigError naming the
    variable.
    """
    values: dict[str, Any] = {
        field: environment[variable].strip()
        for variable, field in VARIABLES.items()
        if environment.get(variable, "").strip()
    }
    if (pipeline := values.get("pipeline_id")) is not None:
        values["stages"] = {state: f"{pipeline}:{stage}" for state, stage in CLOSING.items()}
    try:
        return ShopSettings.model_validate(values)
    except ValidationError as error:
        fields = {str(item["loc"][0]) for item in error.errors(include_url=False)}
        wrong = [variable for variable, field in VARIABLES.items() if field in fields]
        raise ConfigError(
            f"{', '.join(wrong) or 'a variable'} must be a number of amoCRM"
        ) from None


def wrong_country(environment: Mapping[str, str]) -> str | None:
    """A country whose phones we do not take for those of Kaspi's buyers."""
    country = environment.get(COUNTRY, "").strip().upper()
    return country if country not in ("", ONLY_COUNTRY) else None


async def adopt_shop(connection: Connection, environment: Mapping[str, str]) -> int | None:
    """Make the shop of the two default connections, unless there is one already; its id. Raises
    ConfigError naming the variable that is wrong.
    """
    if not is_wanted(environment):
        return None
    source_id = await store.find(connection, SOURCE, DEFAULT)
    crm_id = await store.find(connection, CRM, DEFAULT)
    if source_id is None or crm_id is None:
        return None
    if await shop_store.by_sources(connection, [source_id]):
        return None
    settings = settings_of(environment).model_dump(mode="json", exclude_defaults=True)
    business_id = await store.default_business(connection)
    return await shop_store.add(connection, business_id, source_id, crm_id, settings)
