"""The providers in miniature: one server for the demo, the tests and a user's own trials."""
