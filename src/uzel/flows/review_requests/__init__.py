"""Asking a guest for a review after a visit: once per visit, once per phone within N days.

`judge`  what a visit alone says: ask, skip or cancel, and why; pure
`flow`   what our memory adds: earlier requests, places, templates; and the message
"""
