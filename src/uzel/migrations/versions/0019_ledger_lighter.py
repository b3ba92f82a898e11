"""Postings cost less: one look into the past per group and account, and checks that read less."""

from pathlib import Path

from uzel.migrations.script import run_script

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(Path(__file__).with_suffix(".sql").read_text())
