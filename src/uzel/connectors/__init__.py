"""The outside systems, one folder each. Adding a folder edits nothing else."""

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from uzel.connector import Connector


@functools.cache
def connectors() -> Mapping[str, Connector]:
    """Every connector by name: each package here that exports CONNECTOR."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            package = importlib.import_module(f"{__name__}.{module.name}")
            if (connector := getattr(package, "CONNECTOR", None)) is not None:
                found[connector.name] = connector
    return MappingProxyType(found)
