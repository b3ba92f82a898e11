"""Running SQL files in a migration."""

from alembic import op
from sqlalchemy import text
from sqlalchemy.util import await_only


def run_script(script: str) -> None:
    """Run several statements at once by the driver's simple protocol, in Alembic's transaction."""
    bind = op.get_bind()
    bind.execute(text("select 1"))  # SQLAlchemy begins its transaction with its first statement
    driver = bind.connection.driver_connection
    assert driver is not None
    await_only(driver.execute(script))
