"""What is left of an earlier server: found, given time to end, then ended."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from uzel.errors import ConfigError
from uzel.kit.embedded.account import ENVIRONMENT

POLL_S = 0.02

# (signal, to the leading process alone, seconds to wait after it). A guardian left behind by its
# owner is stopping the server already, and a backend without its leader ends by itself, except in
# the middle of a long computation. SIGQUIT costs a replay of the log, no data.
STEPS = (
    (None, True, 0.5),
    (signal.SIGINT, True, 10.0),
    (signal.SIGQUIT, False, 5.0),
    (signal.SIGKILL, False, 5.0),
)


def tag_of(data_dir: Path) -> str:
    """The name of a server, the same at each start and shared with no other on this machine.

    Device and inode, not the path: a copied or mounted folder has another one, a renamed one keeps
    it, so nobody takes a stranger's server for his own.
    """
    there = data_dir.stat()
    return f"uzel-{there.st_dev:x}-{there.st_ino:x}"


def open_private(path: Path) -> int:
    """A file to lock or to append to; not inherited by programs unless passed on.

    As root in another account's folder: that account's own, and never through a link it planted.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd


def try_lock(fd: int) -> bool:
    """The kernel frees it when the last process that has `fd` from us is gone."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_out_leftovers(lock: int, tag: str) -> None:
    """Takes the lock every process of a server holds; ends those of an earlier one if need be.

    At most 21 seconds; raises ConfigError if something still holds it then.
    """
    for number, leader_only, patience_s in STEPS:
        if number is not None and not _signal(tag, number, leader_only) and leader_only:
            continue
        if _lock_within(lock, patience_s):
            return
    left = sorted(server_processes(tag)) or "none this account can see"
    raise ConfigError(
        f"An earlier PostgreSQL works on this data folder and does not end (processes: {left}). "
        "End them, or restart the machine or container they run in."
    )


def _lock_within(fd: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not (locked := try_lock(fd)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return locked


def _signal(tag: str, number: signal.Signals, leader_only: bool) -> bool:
    """Whether there was somebody to signal."""
    found = [pid for pid, leads in server_processes(tag).items() if leads or not leader_only]
    for pid in found:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return bool(found)


def server_processes(tag: str) -> dict[int, bool]:
    """Processes of the server `tag` by pid; True for the leading one (and for its guardian)."""
    found = {}
    for pid, command in _commands():
        if command.startswith(f"postgres: {tag}: "):
            found[pid] = False
        elif "postgres -D " in command and f" -c cluster_name={tag} " in command:
            found[pid] = True
    return found


def _commands() -> Iterator[tuple[int, str]]:
    """Pid and command line of every process this account can see."""
    if sys.platform == "linux":
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:  # gone in the meantime
                    continue
                yield int(entry.name), line.replace(b"\0", b" ").decode(errors="replace")
    else:
        command = ["ps", "-axww", "-o", "pid=,command="]
        for row in subprocess.run(
            command,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            check=True,
        ).stdout.splitlines():
            pid, _, line = row.strip().partition(" ")
            yield int(pid), line
