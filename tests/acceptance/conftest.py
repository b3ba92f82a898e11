"""The demo for the acceptance tests."""

from acceptance_demo import demo

__all__ = ["demo"]
