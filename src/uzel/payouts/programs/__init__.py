"""Payouts that programs ask for: what they say, what they are told, and their invoices."""
