"""Fixtures of the parts, with a vtiger."""

from vtiger_room import program

__all__ = ["program"]
