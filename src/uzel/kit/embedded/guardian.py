"""Keeps one `postgres` for as long as its owner lives. A script, not a module:

    python -I -S guardian.py UID GID LOCK_FD STOP_TIMEOUT_S SOCKET_FOLDER POSTGRES ARGUMENT...

stdin is a pipe whose other end the owner alone holds and never writes to. The kernel closes it
when the owner ends, kill -9 included, on Linux and macOS alike; the owner closes it to stop the
server. The working directory is the data folder, stderr the log, UID -1 means: stay who you are.
Exits as `postgres` did (128 + signal number where a signal ended it).
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress

OWNER_FD, LOG_FD = 0, 2
LOG_CHECK_S = 600.0
LOG_LIMIT_BYTES = 8 * 1024 * 1024
IMMEDIATE_STOP_S = 10.0

# Meant for the owner (a terminal's Ctrl-C, an init system that signals a whole group): were the
# guardian to obey, the server would be left without one.
NOT_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str]) -> int:
    uid, gid, lock = (int(text) for text in arguments[:3])
    for number in NOT_OURS:
        signal.signal(number, signal.SIG_IGN)
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pid = os.fork()
    if pid == 0:
        _become_postgres(arguments[5:], uid, gid, lock)
    code = os.waitstatus_to_exitcode(_keep(pid, bell, float(arguments[3])))
    _remove_socket_folder(arguments[4])
    return code if code >= 0 else 128 - code


def _remove_socket_folder(path: str) -> None:
    """While we hold the lock, so that no other start relies on it. A killed server leaves its
    socket in there, and clients wait for the next one.
    """
    with suppress(OSError):
        os.rmdir(path)  # noqa: PTH106 (pathlib costs a megabyte)


def _become_postgres(command: list[str], uid: int, gid: int, lock: int) -> None:
    try:
        for number in NOT_OURS:
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDWR), OWNER_FD)
        os.set_inheritable(lock, True)
        if uid != -1:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        # The owner's environment holds secrets, and PG* variables meant for other servers.
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        os.execve(command[0], command, environment)  # noqa: S606 (no shell is the point)
    except OSError as error:
        os.write(LOG_FD, f"cannot run {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _keep(pid: int, bell: int, stop_timeout_s: float) -> int:
    """Waits for the server or its owner to end, stops the server in the second case."""
    status = _ended(pid, [bell, OWNER_FD], None)
    for number, patience_s in (
        (signal.SIGINT, stop_timeout_s),  # fast: checkpoint, then out
        (signal.SIGQUIT, IMMEDIATE_STOP_S),  # immediate: the next start replays the log
        (signal.SIGKILL, None),
    ):
        if status is None:
            os.kill(pid, number)
            status = _ended(pid, [bell], patience_s)
    assert status is not None
    return status


def _ended(pid: int, sources: list[int], patience_s: float | None) -> int | None:
    """The server's wait status; None when the owner has ended or patience has."""
    deadline = None if patience_s is None else time.monotonic() + patience_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        left_s = LOG_CHECK_S if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            return None
        ready, _, _ = select.select(sources, [], [], min(left_s, LOG_CHECK_S))
        if OWNER_FD in ready:
            return None
        if ready:
            os.read(ready[0], 512)
        _limit_log()


def _limit_log() -> None:
    """A log that fills the disk costs more than the old lines are worth."""
    if os.fstat(LOG_FD).st_size > LOG_LIMIT_BYTES:
        os.ftruncate(LOG_FD, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
