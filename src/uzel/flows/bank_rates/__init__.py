"""Rates of banks: asked for once a day of each connection that has them."""
