"""Money by double entry: accounts, entries, holds, running balances, and a chain over all of it."""
