"""What a run costs the machine: processor time by process, and the price of one fsync."""

import math
import os
import resource
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
FSYNCS = 30
FSYNC_BYTES = 8192

# In /proc/stat: user, nice, system, then idle and waiting, which are no work, then the rest.
BUSY = (0, 1, 2, 5, 6, 7)
# In /proc/PID/stat after the name: state, parent, …; times are fields 14 to 17 of proc(5).
PARENT, TIMES = 1, slice(11, 15)


def cpu_s(pid: int) -> float:
    """Seconds a process, its living children and its ended ones have computed so far; nan where
    the system does not tell (no /proc).
    """
    try:
        own = _fields(pid)
    except OSError:
        return math.nan
    children = (fields for fields in _all_fields() if int(fields[PARENT]) == pid)
    return sum(int(ticks) for fields in (own, *children) for ticks in fields[TIMES]) / TICKS_PER_S


def postmaster(data_dir: Path) -> int:
    """The leading process of the embedded PostgreSQL of this folder."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


class Meter:
    """Processor time of named processes since the meter was made."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._before = {name: cpu_s(pid) for name, pid in pids.items()}

    def used_s(self) -> dict[str, float]:
        """Seconds by name."""
        return {name: cpu_s(pid) - self._before[name] for name, pid in self._pids.items()}


class Machine:
    """What the cores of this process have been busy with since now."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy_s, self._own_s = cores_busy_s(), own_s()

    def others_share(self, pids: Iterable[int]) -> float:
        """The share of the cores that went to anybody but this process, what it started and waited
        for, and `pids`, which it started too; nan where the system does not tell. More than a few
        hundredths, and the machine was not ours alone: figures are too low.
        """
        cores = len(own_cores())
        ours_s = own_s() - self._own_s + sum(cpu_s(pid) for pid in pids)
        others_s = cores_busy_s() - self._busy_s - ours_s
        return (
            max(0.0, others_s / ((time.monotonic() - self._began) * cores)) if cores else math.nan
        )


def own_s() -> float:
    """Seconds this process and its ended children have computed."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def own_cores() -> list[int]:
    """The cores this process may use; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def cores_busy_s() -> float:
    """Seconds these cores have worked for anybody, a hypervisor's other guests included."""
    cores = {f"cpu{core}" for core in own_cores()}
    if not cores:
        return math.nan
    rows = (line.split() for line in (PROC / "stat").read_text().splitlines())
    ticks = (row[1:] for row in rows if row and row[0] in cores)
    return sum(int(row[field]) for row in ticks for field in BUSY) / TICKS_PER_S


def fsync_ms(folder: Path) -> float:
    """The median of a few small durable writes: near nothing on a disk that only pretends."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as stream:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            stream.write(bytes(FSYNC_BYTES))
            os.fsync(stream.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1000


def _fields(pid: int) -> list[str]:
    """The name, in brackets, may hold spaces and brackets of its own."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _all_fields() -> list[list[str]]:
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                found.append(_fields(int(entry.name)))
            except OSError:  # gone in the meantime
                continue
    return found
