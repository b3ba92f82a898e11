"""Figures and states that the pages name are those of the code."""

import re

import pytest

from markdown_pages import ROOT, markdown, read
from uzel.calls import closing, outcome, recover, runner
from uzel.events import door, receive, replay
from uzel.jobs import worker
from uzel.kit.secrets import KEY_BYTES
from uzel.messages import store as messages
from uzel.people import manage
from uzel.views.overview import TARGETS
from uzel.web import framing
from uzel.web.deadlines import Limits

HOW = "docs/how-it-works.md"
NUMBER_WORDS = {5: "five", 10: "ten", 15: "fifteen", 30: "thirty", 50: "fifty"}
LIMITS = Limits()
FACTS = [
    (HOW, f"larger than {door.MOST_BYTES // 1024 // 1024} MiB"),
    (HOW, f"`Retry-After: {door.RETRY_AFTER_S}`"),
    (HOW, f"more than {LIMITS.most_under_way} requests are under way"),
    (HOW, f"up to {outcome.MOST_ATTEMPTS} attempts"),
    (HOW, f"after {outcome.FIRST_RETRY_S:.0f} s, {outcome.FIRST_RETRY_S * 2:.0f} s"),
    (HOW, f"at most {outcome.LONGEST_RETRY_S / 60:.0f} minutes, {outcome.MOST_ATTEMPTS} attempts"),
    (HOW, f"`unknown` after {NUMBER_WORDS[int(recover.WORKER_SILENT_S)]} seconds of its silence"),
    (HOW, f"more than {NUMBER_WORDS[int(recover.WORKER_SILENT_S)]} seconds, the"),
    (HOW, f"have {NUMBER_WORDS[int(runner.FINISH_WITHIN_S)]} seconds"),
    (HOW, f"After {NUMBER_WORDS[closing.BREAKER_THRESHOLD]} failures in a row"),
    (
        "docs/decisions/0002-group-commit-without-a-timer.md",
        f"At most two commits are under way, of at most {receive.MOST_PER_COMMIT} requests",
    ),
    (
        "docs/decisions/0002-group-commit-without-a-timer.md",
        f"No more than {LIMITS.most_under_way} requests are under way",
    ),
    ("SECURITY.md", f"{LIMITS.most_under_way} requests under way"),
    ("SECURITY.md", f"{framing.MOST_HEAD_BYTES // 1024} KiB and {framing.MOST_HEADERS} headers"),
    ("SECURITY.md", f"{door.MOST_KEPT_BYTES // 1024} KiB of headers stored"),
    (
        "SECURITY.md",
        f"{NUMBER_WORDS[int(LIMITS.head_s)]} seconds for a head, "
        f"{NUMBER_WORDS[int(LIMITS.body_s)]} for a body, "
        f"{NUMBER_WORDS[int(LIMITS.unread_s)]} for an answer",
    ),
    ("docs/reference/http.md", f"longer than {LIMITS.head_s:.0f} seconds, or its body"),
    ("docs/reference/http.md", f"body longer than {LIMITS.body_s:.0f} (408)"),
    (
        "docs/reference/http.md",
        f"more than {framing.MOST_HEAD_BYTES // 1024} KiB or {framing.MOST_HEADERS} headers",
    ),
    (
        "docs/decisions/0002-group-commit-without-a-timer.md",
        f"longer than {NUMBER_WORDS[int(receive.LONGEST_COMMIT_S)]} seconds",
    ),
    (
        "docs/decisions/0003-the-queue-only-wakes.md",
        f"nobody has read for {NUMBER_WORDS[int(replay.LEFT_BEHIND_S)]} seconds",
    ),
    (
        "docs/decisions/0007-pacing-in-the-database.md",
        f"At most {runner.AT_ONCE} calls of one connection",
    ),
    ("SECURITY.md", f"session: {manage.SESSION.seconds // 3600} hours"),
    ("SECURITY.md", f"after {NUMBER_WORDS[manage.FREE_FAILURES]} failures"),
    ("SECURITY.md", f"after {manage.FREE_FAILURES_OF_LOGIN} from anywhere the login"),
    ("SECURITY.md", f"{manage.MOST_AT_ONCE} at once in a process"),
    ("docs/reference/settings.md", f"{KEY_BYTES} bytes in base64"),
]
SCHEMA = "src/uzel/migrations/versions"
METRIC = re.compile(r"\buzel_(?!test_)[a-z_]*[a-z]\b(?=[ {`])")
KIND = re.compile(r'kind="(\w+)"')


@pytest.mark.parametrize(("path", "said"), FACTS)
def test_a_figure_is_the_codes(path: str, said: str) -> None:
    assert said in " ".join(read(path).split())


def test_the_commits_under_way_are_two() -> None:
    assert receive.COMMITS_AT_ONCE == 2
    assert worker.WATCH_EVERY_S == 1.0  # "Every second it asks the server", decision 0003


def test_receipts_are_asked_for_as_long_as_the_page_says() -> None:
    asked = messages.WORTH_ASKING
    page = read(HOW)
    for interval in ("3 days", "5 minutes"):
        assert f"interval '{interval}'" in asked or f"'{interval}'" in asked
        assert interval in page


def test_every_state_is_in_the_glossary() -> None:
    glossary = read("docs/glossary.md")
    known = {heading.lower() for heading in re.findall(r"^## (.+)$", glossary, re.MULTILINE)}
    known |= set(re.findall(r"`([a-z_]+)`", glossary))
    schema = "".join(path.read_text() for path in sorted((ROOT / SCHEMA).glob("*.sql")))
    lists = re.findall(r"(?:state|decision) in\s*\(([^)]+)\)", schema)
    states = {state for listed in lists for state in re.findall(r"'(\w+)'", listed)}
    assert {"parked", "unknown", "request", "paused"} <= states
    assert {state for state in states if state.replace("_", " ") not in known} == set()


def test_every_metric_that_pages_name_is_one() -> None:
    code = read("src/uzel/web/metrics.py")
    names = {match for path in markdown() for match in METRIC.findall(read(path))}
    kinds = {match for path in markdown() for match in KIND.findall(read(path))}
    assert {"uzel_stuck", "uzel_workers"} <= names
    assert {name for name in names if f'"{name}"' not in code} == set()
    assert kinds <= set(TARGETS)
