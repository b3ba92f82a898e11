"""`uzel demo`: everything at once, on a sandbox instead of providers, with visits coming in.

`apart`     what keeps it from touching an installation
`business`  what the demo's business is: connections, places, texts, rules
`life`      what the sandbox is told: where its providers post, and whose visits come in
`orders`    the Kaspi shop: its settings, its orders, and what becomes of them
`visits`    what a person may post by hand
`start`     the command
"""

from uzel.demo.start import Demo, run

__all__ = ["Demo", "run"]
