"""Fixtures of the parts."""

from parts import module_dsn, sandbox, sandbox_server

__all__ = ["module_dsn", "sandbox", "sandbox_server"]
