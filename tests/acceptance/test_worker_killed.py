"""The worker is killed in the middle of a run over all sources: nothing is lost or doubled."""

import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acceptance_demo import Demo, running_demo, until

COUNT, PER_S, KILLS = 20, 12, 2
FIRST = 79_995_000_000
RUNS: dict[str, dict[str, Any]] = {
    "iiko": {"statuses": ["OnWay", "Delivered", "Closed"], "duplicates": 0.2},
    "rkeeper": {"statuses": ["Доставлен", "Выполнен"], "duplicates": 0.2},
    "yclients": {"several": 0.3, "duplicates": 0.2},
    "amocrm": {},
}


def phones(source: str) -> list[str]:
    first = FIRST + 1000 * list(RUNS).index(source)
    return [f"+{first + index}" for index in range(COUNT)]


def kill_worker(demo: Demo) -> None:
    pid = until(demo.worker)
    os.kill(pid, signal.SIGKILL)
    until(lambda: demo.worker() not in (0, pid))


def texted(demo: Demo) -> Counter[str]:
    """Phone → how many SMS the provider took for it: the outside judge."""
    journal = demo.journal("smsru", "send_sms")
    return Counter(entry["request"]["phone"] for entry in journal if entry["effect"])


def with_a_message(demo: Demo, state: str) -> set[str]:
    """The phones whose message is in this state."""
    found: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        page = demo.api("/messages", state=state, limit="100", **cursor)
        found |= {message["phone"] for message in page["items"]}
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.long
def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with running_demo(tmp_path / "data") as demo:
        runs = [
            f"/{source}/_run/" + demo.door(
                f"/{source}/_run",
                hook=demo.told["hooks"][source],
                count=COUNT,
                per_s=PER_S,
                first_phone=phones(source)[0],
                **more,
            )["run"]
            for source, more in RUNS.items()
        ]  # fmt: skip
        for _ in range(KILLS):
            time.sleep(0.6)  # somewhere in the run, wherever that is
            kill_worker(demo)
        until(lambda: all(demo.look(run)["finished"] for run in runs), 60)
        wanted = {phone for source in RUNS for phone in phones(source)}
        # A text that may have gone out when the worker died waits for a person, and is not lost.
        until(lambda: wanted <= set(texted(demo)) | with_a_message(demo, "unknown"), 60)
        until(lambda: not with_a_message(demo, "planned"), 60)
        assert texted(demo).keys() <= wanted
        assert [phone for phone, count in texted(demo).items() if count > 1] == []
