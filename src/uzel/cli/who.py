"""Who types a command, as the audit is told."""

from typing import Any

from uzel.errors import ConfigError


def add_by(parser: Any) -> None:
    """The option of commands whose doer is kept."""
    parser.add_argument(
        "--by",
        metavar="LOGIN",
        help="who does it, as the console knows them; default: this shell's account",
    )


async def who(connection: Any, login: str | None) -> str:
    """A person of the console, else the account that types. Raises ConfigError."""
    from uzel.cli.recipients import me
    from uzel.partners.proposal_store import is_known

    if login is None:
        return me()
    if ":" in login or not await is_known(connection, login, as_admin=False):
        raise ConfigError(
            f"--by: nobody is called {login}; add a person: uzel user add {login} --role operator"
        )
    return f"command:{login}"
