"""Settings of one iiko connection."""

from uzel.connector import Config


class IikoConfig(Config):
    """One API login of iiko Cloud. There is nothing to set: the address iiko posts to carries the
    connection's key, and every event names its organization.
    """
