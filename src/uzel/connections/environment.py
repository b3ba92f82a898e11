"""The documented environment variables, out of which a first start makes connections."""

from collections.abc import Mapping

from pydantic import ValidationError

from uzel.connector import Connector


def values_of(connector: Connector, environment: Mapping[str, str]) -> dict[str, str]:
    """Field → value, of the connector's variables that are set; an empty one is not."""
    return {
        field: environment[variable]
        for variable, field in connector.environment.items()
        if environment.get(variable, "").strip()
    }


def wrong_with(connector: Connector, values: Mapping[str, str]) -> str | None:
    """What keeps these values from making a connection, by the names of the variables and never
    with a value; None: nothing.
    """
    try:
        connector.config.model_validate(values)
    except ValidationError as error:
        variables = {field: variable for variable, field in connector.environment.items()}
        found = []
        for item in error.errors(include_input=False, include_url=False):
            field = str(item["loc"][0]) if item["loc"] else ""
            name = variables.get(field, field or "settings")
            said = str(item["msg"]).removeprefix("Value error, ")
            missing = item["type"] == "missing"
            found.append(f"{name} is not set" if missing else f"{name} ({said})")
        return "; ".join(found)
    return None


def needed(connector: Connector) -> list[str]:
    """The variables without which no connection can be made; none where nothing is required."""
    fields = connector.config.model_fields
    return [
        variable
        for variable, field in connector.environment.items()
        if field in fields and fields[field].is_required()
    ]
