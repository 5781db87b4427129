"""`dctwin sweep` from the command line: plan, run, resume, look, and one clear line on bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
    plan = json.loads(out)
    assert (code, plan["points"], plan["topologies"], plan["impossible"]) == (0, 2, 1, 0)
    assert plan["rate_per_s"] > 0
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
        (["--limit", "pui<=1.2"], "--limit: no such metric, did you mean 'pue'?"),
        (["--top", "pu"], "--top: no such metric, did you mean 'pue'? (got 'pu')"),
        (["--top", "pu", "--dry-run"], "--top: no such metric"),
        (["--traces", "7", "--dry-run"], "traces.points.0: no such point, allowed 0 to 1 (got 7)"),
        (["--optimize", "pue,wui", "--dry-run"], "--optimize: no such metric"),
        (["--optimize", "pue", "--workers", "2"], "--workers: --optimize runs its trials"),
        (["--optimize", "pue", "--scheduler", "tcp://h:1"], "--scheduler: --optimize runs"),
        (["--optimize", "pue", "--shard", "1/2"], "--shard: --optimize runs its trials"),
        (["--optimize", "pue", "--traces", "0"], "--traces: --optimize runs its trials"),
        (["--trials", "9"], "--trials: belongs to --optimize"),
        (["--scheduler", "junk"], "--scheduler: 'junk' cannot be reached"),
        (["--scheduler", "tcp://h:1", "--workers", "2"], "--workers: the cluster"),
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


def test_points_are_ranked_by_what_is_kept(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(SPEC + "metrics: [currency, wue_l_per_kwh]\n", encoding="utf-8")
    code, out, _ = run(capsys, spec, "--out", tmp_path / "out", "--workers", 1)
    assert code == 0
    assert "Best by wue_l_per_kwh" in out
    code, _, err = run(capsys, spec, "--out", tmp_path / "out", "--top", "pue")
    assert code == 2
    assert "is not kept, name it in `metrics` too" in err


def test_a_plan_tells_what_cannot_be(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peaky = ", ".join(["1.2"] * 24)
    spec.write_text(
        SPEC + "  form:\n    choices:\n      even: {}\n"
        f"      high: {{it.racks.servers.daily_profile_frac: [{peaky}]}}\n"
        "  room: {choices: {as-is: {}, full: {it.racks.servers.count: 1}}}\n",
        encoding="utf-8",
    )
    code, out, _ = run(capsys, spec, "--dry-run")
    assert code == 0
    assert "8 points: 1 world x 8 samples, 4 topologies, 4 parts" in out
    assert "with 1 worker" in run(capsys, spec, "--dry-run", "--workers", 1)[1]


def test_indices_are_told_of_samples_that_are_laid_out_for_them(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("SALib")
    text = SPEC.replace("[0.5, 0.8]", "{uniform: [0.5, 0.8]}")
    text += (
        "  cooling.loops.chw.supply_c: {uniform: [6, 10]}\nsampling: {method: morris, points: 2}\n"
    )
    spec.write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, spec, "--out", tmp_path / "out", "--workers", 1)
    assert code == 0
    assert "Elementary effects of pue:" in out
    assert "mu_star" in out
    _, out, _ = run(capsys, spec, "--out", tmp_path / "out", "--json")
    assert len(json.loads(out)["sensitivity"]) == 2
