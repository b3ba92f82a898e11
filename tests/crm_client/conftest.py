"""Fixtures of the parts, with a CRM."""

from parts import module_dsn, sandbox, sandbox_server
from vtiger_room import program

__all__ = ["module_dsn", "program", "sandbox", "sandbox_server"]
