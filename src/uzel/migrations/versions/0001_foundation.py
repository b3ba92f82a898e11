"""Foundation: connections, raw events, events, review requests, messages, calls, people."""

from pathlib import Path

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from uzel.jobs.queue import PGQUEUER
from uzel.migrations.script import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file, then PgQueuer's own schema."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
    run_script(QueryBuilderEnvironment(PGQUEUER).build_install_query())
    # PostgreSQL makes all commits that notify wait for each other, fsync included. Only new jobs
    # are news; PgQueuer's trigger would also tell of every job taken, kept alive and done.
    run_script(
        f"drop trigger {PGQUEUER.trigger} on {PGQUEUER.queue_table};"
        f"create trigger {PGQUEUER.trigger} after insert on {PGQUEUER.queue_table} "
        f"execute function {PGQUEUER.function}();"
    )
