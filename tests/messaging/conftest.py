"""Fixtures of the parts."""

from parts import sandbox, sandbox_server

__all__ = ["sandbox", "sandbox_server"]
