"""`dctwin sweep` from the command line: plan, run, resume, look, and one clear line on bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dctwin
from dctwin.cli import main
from dctwin.sweeps import kernel

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


def test_money_is_told_by_currency_and_points_tell_their_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "two.yaml"
    text = SPEC.replace("[ishikari]", "[ishikari, ashburn]").replace(
        "[0.5, 0.8]", "[0.5, 0.6, 0.7]"
    )
    bound = "constraints:\n- {metric: pue, max: 1.0, penalty_per_unit: 2}\n"
    spec.write_text(text + "scenarios: {now: {}, next: {}}\n" + bound, encoding="utf-8")
    words = [spec, "--out", tmp_path / "out", "--workers", 1, "--top", "cost_total_per_year"]
    _, out, _ = run(capsys, *words)
    assert "12 points, 0 failed" in out
    assert "in JPY:" in out
    assert "cost_total_per_year [JPY/year]" in out
    assert "penalty [USD/year]" in out
    assert "scenario" in out
    assert "flagged_h" in out
    code, out, _ = run(capsys, *words, "--json")
    best = json.loads(out)["best"]
    assert (code, [row["currency"] for row in best]) == (0, ["JPY"] * 6 + ["USD"] * 6)
    row = best[0]
    path = "it.racks.servers.load_frac"
    whole = dctwin.simulate(row["design"], row["site"], set={path: row[path]})
    assert row["flagged_h"] <= sum(flag.count_h for flag in whole.flags)
    assert (row["worst_flag"] == "") == (not whole.flags)
    _, _, err = run(capsys, *words, "--limit", "cost_total_per_year<=1")
    assert "JPY and USD" in err


def test_a_cut_ranking_says_so_and_what_fails_everywhere_is_an_error(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec.write_text(SPEC.replace("[0.5, 0.8]", "{from: 0.3, to: 0.85, step: 0.05}"))
    words = [spec, "--workers", 1, "--out"]
    code, out, _ = run(capsys, *words, tmp_path / "out")
    assert code == 0
    assert "Best by pue (10 of 12):" in out
    code, out, _ = run(capsys, *words, tmp_path / "out", "--status")
    assert out.startswith("small: 12 of 12 points, 1 of 1 parts; complete")

    def broken(_: Any) -> Any:
        raise ValueError("no such thing")

    monkeypatch.setattr(kernel.Bench, "boundary", property(broken))
    code, _, err = run(capsys, *words, tmp_path / "broken")
    assert code == 1
    assert "none of the 12 points could be run: ValueError: no such thing" in err


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
