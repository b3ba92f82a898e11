"""Messages to people: planned once, sent through a call, settled by receipts."""
