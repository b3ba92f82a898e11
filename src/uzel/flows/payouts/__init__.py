"""Payouts on their way through a provider: the person is made known there, the payout is asked for,
and asked after until it has ended. What the provider tells by itself is a hint to ask at once.
"""
