"""Who may use the console and the API: people, sessions, tokens, and what they did."""
