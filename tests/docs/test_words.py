"""What has no business in a public repository: paths of a machine, registries, traces of tools."""

import re
from collections.abc import Iterator

import pytest

from markdown_pages import ROOT, tracked

# Put together here, so that this file is not its own first finding.
HOSTS = ("py" + "pi.org", "pythonhost" + "ed.org", "npm" + "js.org", "npm" + "js.com")
PATHS = tuple("/" + word + "/" for word in ("work", "root", "shared"))
TOOLS = ("chat" + "gpt", "cla" + "ude", "co" + "pilot", "anth" + "ropic", "open" + "ai", "l" + "lm")
TRACES = ("ai " + "assistant", "language " + "model", "the " + "brief", "co-authored" + "-by")
FORBIDDEN = re.compile(
    "|".join(
        (
            *(re.escape(host) for host in HOSTS),
            *(rf"(?<![\w.\]]){path}" for path in PATHS),
            *(rf"\b{word}\b" for word in (*TOOLS, *TRACES)),
        )
    ),
    re.IGNORECASE,
)
# What partners' programs read on the wire, and what accounts of a CRM call a field and a value of
# theirs, word for word.
ON_THE_WIRE = re.compile(
    f"{TOOLS[0]} payment|статус оплаты {TOOLS[0]}|(?<=оплаченный сервис).{{1,6}}{TOOLS[0]}",
    re.IGNORECASE,
)
BINARY = (".png", ".ico", ".woff2", ".mo")


def findings(text: str) -> Iterator[str]:
    """Forbidden words with their lines."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := FORBIDDEN.search(ON_THE_WIRE.sub("", line)):
            yield f"line {number}: {match[0]!r} in {line.strip()[:80]!r}"


def test_no_file_says_what_it_should_not() -> None:
    texts = ((path, ROOT / path) for path in tracked() if not path.endswith(BINARY))
    said = {path: list(findings(file.read_text("utf-8", "replace"))) for path, file in texts}
    assert {path: found for path, found in said.items() if found} == {}


@pytest.mark.parametrize("text", [HOSTS[0], f"see {PATHS[0]}main", TOOLS[1], TRACES[0].upper()])
def test_the_search_finds(text: str) -> None:
    assert list(findings(text))


def test_it_reads_the_repository() -> None:
    assert {"README.md", "Makefile", "pyproject.toml"} <= set(tracked())
