"""Money out to people: what is to be paid, what holds it, how far it got. Who pays is a provider's
connector; talking to it is the flow's (flows/payouts).
"""
