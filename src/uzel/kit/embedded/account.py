"""Which system account runs `postgres`: it refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from uzel.errors import ConfigError

UNPRIVILEGED = "nobody"
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """`drop`: we are root and have to become this account first."""

    uid: int
    gid: int
    drop: bool

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"

    def run(
        self, command: list[str], *, cwd: Path, feed: str = "", keep_fds: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end as this account; stdout and stderr as one text.

        The child enters `cwd` before it gives up root, so folders above may stay closed to it.
        Raises OSError where the command cannot be run at all.
        """
        return subprocess.run(
            command,
            cwd=cwd,
            input=feed,
            user=self.uid if self.drop else None,
            group=self.gid if self.drop else None,
            extra_groups=() if self.drop else None,
            pass_fds=keep_fds,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def take(self, path: Path) -> None:
        """Gives one file or folder to this account, if that takes root and we are."""
        if self.drop:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(data_dir: Path, folder: Path) -> Account:
    """Ourselves; for root the owner of what is there already, else `nobody`.

    No account is created and no folder's permissions are widened.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), drop=False)
    for path in (folder, data_dir):
        if path.exists() and (there := path.stat()).st_uid != 0:
            return Account(there.st_uid, there.st_gid, drop=True)
    try:
        nobody = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise ConfigError(
            f"PostgreSQL does not run as root and there is no account {UNPRIVILEGED!r} to drop to. "
            "Run Uzel as an ordinary account, or set UZEL_DATABASE_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid, drop=True)
