"""What the business wants to happen when something happened; one folder a flow.

A flow is a function of (database connection, new events) that returns a decision with its reason
for each, having planned what follows in the same transaction. No flow knows another.
"""
