import json

import pytest

from uzel.cli import benches, build_parser, main


@pytest.mark.parametrize("what", ["ingest", "reviews"])
def test_seconds_must_be_a_time_that_can_pass(
    what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("0", "-1", "nan", "inf", "soon"):
        with pytest.raises(SystemExit):
            build_parser().parse_args(["bench", what, "--seconds", wrong])
    assert "--seconds" in capsys.readouterr().err
    assert build_parser().parse_args(["bench", what, "--seconds", "2.5"]).seconds == 2.5


def test_the_past_is_counted_in_rows() -> None:
    parse = build_parser().parse_args
    assert parse(["bench", "ingest", "--stored", "10_000_000"]).stored == 10**7
    assert parse(["bench", "ingest"]).stored == 0
    with pytest.raises(SystemExit):
        parse(["bench", "ingest", "--stored", "-1"])


@pytest.mark.parametrize(("void", "status"), [(False, 0), (True, 1)])
def test_a_void_run_shows_in_the_exit_status(
    void: bool, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"bench": "ingest", "void": void, "void_because": ["lost: 3"] * void, "lost": 3}
    parse = build_parser().parse_args
    as_json, as_table = parse(["bench", "ingest", "--json"]), parse(["bench", "ingest"])
    assert benches.show(lambda: figures, {"lost": "lost"}, as_json) == status
    assert json.loads(capsys.readouterr().out) == figures
    assert benches.show(lambda: figures, {"lost": "lost"}, as_table) == status
    assert ("VOID" in capsys.readouterr().out) == void


def test_an_interrupted_run_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> dict[str, object]:
        raise KeyboardInterrupt

    parsed = build_parser().parse_args(["bench", "reviews"])
    assert benches.show(interrupted, {}, parsed) == benches.INTERRUPTED
    assert capsys.readouterr().out == ""


def test_a_disk_too_small_is_said_before_anything_is_filled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "ingest", "--stored", "1_000_000_000_000"]) == 1
    assert "GB left" in capsys.readouterr().err
