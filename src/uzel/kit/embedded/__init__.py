"""Uzel's own PostgreSQL: the binaries of a wheel, one server per data folder, no set-up.

    with EmbeddedPostgres(settings.data_dir) as postgres:
        connection = await asyncpg.connect(postgres.dsn)

One process owns the folder and keeps the server (`EmbeddedPostgres`); others of the same account
find it (`running`, `opened`). Between the owner and `postgres` stands a guardian: a few lines of
Python that stop the server once the owner has ended, however it ended.

What lies in the data folder:

    lock            held (flock) by the owning process; its pid in plain text
    postgres.lock   held by the guardian and every process of the server, so that who gets it
                    knows all are gone
    postgres/       the cluster
    postgres.log    short; no statements, no values of users

Only the standard library is imported here: the process that supervises the others stays small.
Linux and macOS.
"""

from uzel.kit.embedded.server import EmbeddedPostgres, Server, opened, running

__all__ = ["EmbeddedPostgres", "Server", "opened", "running"]
