"""`uzel demo`: everything at once, on a sandbox instead of providers, with visits coming in.

`business`  what the demo's business is: connections, places, texts, rules
`life`      what the sandbox is told: where its providers post, and whose visits come in
`start`     the command
"""

from uzel.demo.start import Demo, run

__all__ = ["Demo", "run"]
