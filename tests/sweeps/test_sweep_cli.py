"""`dctwin sweep` from the command line: plan, run, resume, look, and one clear line on bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import dctwin
from dctwin.cli import main
from dctwin.errors import InputError
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
    assert "in 2024 JPY:" in out
    assert "cost_total_per_year* [2024 JPY/year]" in out
    assert re.search(r"penalty \[\d{4} USD/year\]", out)
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
    assert re.search(r"JPY and \d{4} USD", err)


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
        (["--limit", "pue<=nan"], "--limit: must end in a number (got 'nan')"),
        (["--limit", "pue>=inf"], "--limit: must end in a number (got 'inf')"),
        (["--traces", "top:2000"], "--traces: K is at most 1000 (got 'top:2000')"),
        (["--traces", "²"], "--traces: must be numbers"),
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
    assert code == 2
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


RANGE = SPEC.replace("[0.5, 0.8]", "{from: 0.5, to: 0.8, count: 3}")


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (RANGE, ["--top", "unmet_cooling_h"], "--refine: unmet_cooling_h has no slope to follow"),
        (SPEC, [], "vary: names no range that --refine could move along"),
        (
            RANGE.replace("[ishikari]", "[ishikari, ashburn]"),
            ["--top", "cost_total_per_year"],
            "choose sites of one currency",
        ),
        (
            RANGE.replace("[ishikari]", "[ishikari, inzai]"),
            ["--optimize", "pue"],
            "--refine: follows the slope in one world, --optimize searches the mean over 2",
        ),
    ],
)
def test_what_cannot_be_refined_is_told_before_the_sweep(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    words: list[str],
    told: str,
) -> None:
    pytest.importorskip("jax")
    spec.write_text(text, encoding="utf-8")
    for how in ("--dry-run", "--refine"):
        code, _, err = run(capsys, spec, "--out", tmp_path / "out", "--refine", how, *words)
        assert (code, told in err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_refinement_that_fails_leaves_the_ranking(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("jax")

    def untraceable(*_: Any) -> Any:
        raise InputError("--refine: JAX cannot trace it")

    monkeypatch.setattr("dctwin.sweeps.refine.refine", untraceable)
    spec.write_text(RANGE, encoding="utf-8")
    words = [spec, "--out", tmp_path / "out", "--workers", 1, "--refine"]
    code, out, err = run(capsys, *words)
    assert code == 2
    assert "Best by pue" in out
    assert "JAX cannot trace it" in err
    code, out, _ = run(capsys, *words, "--json")
    assert (code, len(json.loads(out)["best"]), json.loads(out)["refined"]) == (2, 3, None)
