"""Measurements a user can repeat: `uzel bench`, and the load generator behind it."""
