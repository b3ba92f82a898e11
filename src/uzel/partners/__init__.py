"""Partners: who may use the API, what they pay, and what becomes of it."""
