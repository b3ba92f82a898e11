"""Requests on their way to a provider that counts them by the second."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
