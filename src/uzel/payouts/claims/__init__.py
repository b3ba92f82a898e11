"""Claims: somebody asks to be paid, others approve it, and a payout follows."""
