"""Tools with no knowledge of the business: database, secrets, settings, logs, HTTP."""
