"""What a CRM has that several flows need: contacts by phone, goods by SKU, each found or made once.

Whoever needs one says so (`store.want`) and comes back when it is known.
"""
