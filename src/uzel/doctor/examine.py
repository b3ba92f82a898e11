"""All checks together, and how they are printed."""

import asyncio
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from uzel.doctor.finding import Finding, State, wrong
from uzel.doctor.inside import of_database
from uzel.doctor.machine import of_folder, of_key, of_public_url, of_python, of_web
from uzel.errors import ConfigError
from uzel.kit.embedded import running
from uzel.kit.settings import Settings, read_settings

MARKS = {State.GOOD: "ok   ", State.WARNING: "look ", State.WRONG: "WRONG"}
WIDTH = 96
COMMAND, GLUE = re.compile(r"\buzel(?: [\w=-]+)+"), "\0"


def run(*, as_json: bool, environment: Mapping[str, str] | None = None) -> int:
    """Examine the installation of these settings and print the findings. Returns the exit status:
    1 if anything is wrong.
    """
    try:
        settings = read_settings(environment)
    except ConfigError as error:
        meaning, advice = "No command of Uzel can work with this.", "Do what the message says."
        findings = [wrong("settings", str(error), meaning, advice)]
    else:
        findings = asyncio.run(examine(settings))
    print(to_json(findings) if as_json else to_text(findings))
    return 1 if any(finding.state is State.WRONG for finding in findings) else 0


async def examine(settings: Settings) -> list[Finding]:
    """All checks, from the ground up."""
    findings = [*of_python(), *of_folder(settings), *of_key(settings)]
    dsn = settings.database_url
    if dsn is None and (server := running(settings.data_dir)):
        dsn = server.dsn
    if dsn is None:
        findings.append(
            wrong(
                "database",
                f"the embedded database in {settings.data_dir} is not running",
                "Uzel is stopped: webhooks are turned away and nothing is sent.",
                "Start it: uzel serve. Or set UZEL_DATABASE_URL if another server is meant.",
            )
        )
    else:
        findings += [finding async for finding in of_database(settings, dsn)]
    findings += await asyncio.to_thread(lambda: list(of_web(settings)))
    return [*findings, *of_public_url(settings)]


def to_json(findings: Iterable[Finding]) -> str:
    """`{"good": …, "findings": [{"check", "state", "what", "meaning", "advice"}, …]}`."""
    listed = [asdict(finding) for finding in findings]
    fine = all(finding["state"] is not State.WRONG for finding in listed)
    return json.dumps({"good": fine, "findings": listed}, ensure_ascii=False, indent=2)


def to_text(findings: Iterable[Finding]) -> str:
    """A line for each finding; what is not good is explained below it."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{MARKS[finding.state]}  {finding.check}: {finding.what}")
        for label, text in (("Means:", finding.meaning), ("Do:", finding.advice)):
            if text:
                lines += wrapped(f"{label:<7}{text}")
    return "\n".join(lines)


def wrapped(text: str) -> list[str]:
    """Lines of it, indented. A command of ours stays in one piece, to be copied."""
    glued = COMMAND.sub(lambda found: found[0].replace(" ", GLUE), text)
    lines = textwrap.wrap(
        glued,
        WIDTH,
        initial_indent=" " * 7,
        subsequent_indent=" " * 14,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace(GLUE, " ") for line in lines]
