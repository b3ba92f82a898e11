"""The old addresses of robots: the list of leads, and reports on them."""
