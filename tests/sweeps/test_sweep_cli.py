"""`dctwin sweep` from the command line: plan, run, resume, look, and one clear line on bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dctwin.cli import main

SPEC = """\
name: small
designs: [air-cooled-chiller-ac]
sites: [ishikari]
vary:
  it.racks.servers.load_frac: [0.5, 0.8]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    try:
        code = main(["sweep", *map(str, words)])
    except SystemExit as end:
        code = end.code  # type: ignore[assignment]
    told = capsys.readouterr()
    return int(code or 0), told.out, told.err


def test_plan_run_and_status(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, spec, "--dry-run", "--json")
    assert (code, json.loads(out)["points"]) == (0, 2)
    home = tmp_path / "out"
    code, out, _ = run(capsys, spec, "--out", home, "--workers", 1, "--traces", "top:1", "--json")
    found = json.loads(out)
    assert (code, found["points"], found["failed"], found["feasible"]) == (0, 2, 0, 2)
    assert len(list((home / "traces").iterdir())) == 1
    code, out, _ = run(capsys, spec, "--out", home, "--status", "--json")
    assert json.loads(out)["complete"] is True
    code, out, _ = run(capsys, spec, "--out", home, "--limit", "pue<=1.0", "--json")
    assert json.loads(out)["feasible"] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--shard", "3/2"], "--shard"),
        (["--backend", "jaxx"], "did you mean 'jax'"),
        (["--traces", "best"], "--traces"),
        (["--limit", "pue"], "--limit"),
        (["--max-runs", "1"], "--max-runs"),
    ],
)
def test_bad_options_are_one_line(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    code, _, err = run(capsys, spec, "--out", tmp_path / "out", *words)
    assert code != 0
    assert told in err
    assert "Traceback" not in err


def test_costs_are_shown_with_their_money() -> None:
    from dctwin.cli.sweep import _head

    found = pd.DataFrame({"currency": ["JPY"], "price_year": [2024.0]})
    assert _head("cost_total_per_year", found) == "cost_total_per_year* [2024 JPY/year]"
    assert _head("pue", found) == "pue"
