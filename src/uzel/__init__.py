"""Uzel: a self-hosted integration hub. Nothing lost, nothing doubled, everything explained."""

__version__ = "0.1.0"
