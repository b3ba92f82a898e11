"""The samples: an answer as servers give it, and what it means for the operation that asked."""

import json
from pathlib import Path
from typing import Any

import pytest

import uzel.connectors.vtiger
from uzel.errors import CallFailed
from uzel.kit.http_file import read_http_file

FOLDER = Path(uzel.connectors.vtiger.__path__[0]) / "samples"
SAMPLES = sorted(FOLDER.glob("*.http"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_means_what_stands_beside_it(client: Any, provider: Any, path: Path) -> None:
    sample = read_http_file(path.read_bytes())
    told = json.loads(path.with_suffix(".json").read_text())
    provider.answers.append((200, sample.headers, sample.body))
    if "error" in told:
        with pytest.raises(CallFailed) as caught:
            client.run(told["operation"], **told["arguments"])
        assert (type(caught.value).__name__, caught.value.code) == (told["error"], told["code"])
        return
    answer = client.run(told["operation"], **told["arguments"])
    assert (answer.reference, dict(answer.data)) == (told.get("reference"), told["data"])
    method, target = path.read_text().split()[:2]
    asked, operation = provider.asked[0], target.partition("=")[2]
    assert (asked[0], asked[1]) == (method, target.partition("?")[0])
    assert asked[2].get("operation", "") == operation


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 7
