"""Whether a provider can reach an address of ours, as far as its spelling tells."""

import ipaddress
from urllib.parse import urlsplit

from uzel.kit.addresses import is_public

# Names that mean something in one network only (RFC 6761, 6762, 8375; ICANN on `.internal`).
HOME = ("localhost", "local", "internal", "lan", "home.arpa")


def leads_inside(url: str) -> bool:
    """Whether this address means this machine, or one in the network around it."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." not in host or host.endswith(tuple(f".{name}" for name in HOME))
