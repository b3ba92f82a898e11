import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uzel.bench.usage import Machine, Meter, cores_busy_s, cpu_s, fsync_ms, own_s

WORK = "while True: pass"
CHILD_WORKS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORK!r}])"
linux = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc here")


@contextmanager
def running(code: str) -> Iterator[int]:
    """A group of its own, so that what it started ends with it."""
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, 9)


def compute_until(pid: int, seconds: float) -> None:
    while cpu_s(pid) < seconds:
        pass


@linux
@pytest.mark.parametrize("code", [WORK, CHILD_WORKS])
def test_the_work_of_a_process_and_of_its_children_counts(code: str) -> None:
    with running(code) as pid:
        compute_until(pid, 0.2)
        meter = Meter({"it": pid})
        before = cpu_s(pid)
        compute_until(pid, before + 0.1)
        assert meter.used_s()["it"] >= 0.1


@linux
def test_who_is_named_is_no_other() -> None:
    own_before, machine = own_s(), Machine()
    with running(WORK) as pid:
        compute_until(pid, 1.0)
        named, unnamed = machine.others_share([pid]), machine.others_share([])
    assert own_s() > own_before
    assert 0 <= named < unnamed <= 1.05, "ticks are coarse"


def test_what_the_system_does_not_tell_is_nan() -> None:
    assert math.isnan(cpu_s(2**30))


@linux
def test_the_cores_have_worked() -> None:
    assert cores_busy_s() > 0


def test_an_fsync_takes_its_time(tmp_path: Path) -> None:
    assert fsync_ms(tmp_path) > 0
