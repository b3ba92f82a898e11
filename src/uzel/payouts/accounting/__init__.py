"""Payouts beside other books: the provider's, and those of accounting."""
