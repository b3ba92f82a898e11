"""Fixtures of the parts."""

from door_server import door
from parts import module_dsn, sandbox, sandbox_server

__all__ = ["door", "module_dsn", "sandbox", "sandbox_server"]
