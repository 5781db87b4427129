"""The spec and its points: what is counted, sampled, and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.sweeps.file import Span, Spread
from dctwin.sweeps.space import Space, quantiles
from dctwin.sweeps.spec import load_spec

BASE: dict[str, Any] = {"name": "trial", "designs": ["a", "b"], "sites": ["inzai", "osaka"]}


def space(**changes: Any) -> Space:
    return Space(load_spec({**BASE, **changes}))


def test_a_grid_is_every_combination_in_every_world() -> None:
    found = space(
        vary={"x": {"from": 30, "to": 42, "step": 4}, "y": [0.5, 0.9]},
        scenarios={"now": {}, "hot": {"design": {"z": 1}}},
    )
    assert found.samples == 8
    assert len(found) == 2 * 2 * 2 * 8
    seen = {(*found.world(point), *found.values(point).values()) for point in range(len(found))}
    assert len(seen) == len(found)
    assert found.columns["x"][:3] == [30.0, 30.0, 34.0]


def test_a_column_has_the_type_of_all_its_values() -> None:
    vary = {
        "x": [1, None, 2.5],
        "y": [1, "two"],
        "z": [True, 1.5],
        "c": {"choices": {"a": {}}},
        "r": {"from": 1, "to": 2, "count": 2},
        "n": [None, {"equipment": "e"}],
    }
    found = space(vary=vary)
    assert [path for path in vary if found.numeric(path)] == ["x", "r"]


@pytest.mark.parametrize("method", ["saltelli", "morris"])
@pytest.mark.parametrize("second_order", [False, True])
def test_rows_of_salib_are_counted_as_they_are_laid_out(method: str, second_order: bool) -> None:
    if second_order and method == "morris":
        return
    found = space(
        vary={path: {"uniform": [0, 1]} for path in "xyz"},
        sampling={"method": method, "points": 4, "second_order": second_order},
    )
    assert found.samples == len(found.cube)


def test_points_are_counted_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    vary = {path: {"from": 0, "to": 1, "count": 65_536} for path in "vwxy"}
    assert space(vary=vary).points == 4 * 65_536**4
    monkeypatch.setattr(Space, "cube", None)  # no row is laid out to be counted
    vary = {path: {"uniform": [0, 1]} for path in "xyz"}
    for method in ("saltelli", "morris", "sobol"):
        assert space(vary=vary, sampling={"method": method, "points": 2_000_000}).points > 2e6


def test_nothing_varied_is_one_point_a_world() -> None:
    assert len(space()) == 4
    assert space().changes(3) == {}


def test_scenario_and_choice_are_written_out() -> None:
    found = space(
        designs=["a"],
        sites=["inzai"],
        scenarios={"hot": {"design": {"it.x": 1}}},
        vary={"chain": {"choices": {"ac": {"power.it": []}, "dc": {"power.it": [1]}}}},
    )
    assert found.changes(1) == {"it.x": 1, "power.it": [1]}
    assert found.values(1) == {"chain": "dc"}


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube", "random"])
def test_samples_depend_on_the_seed_alone_and_fill_the_range(method: str) -> None:
    vary = {"x": {"uniform": [10, 20]}, "y": {"triangular": [0, 1, 4]}, "z": ["p", "q"]}
    sampling = {"method": method, "points": 500}
    one = space(vary=vary, sampling=sampling, seed=3)
    assert one.columns == space(vary=vary, sampling=sampling, seed=3).columns
    assert one.columns != space(vary=vary, sampling=sampling, seed=4).columns
    x = np.array(one.columns["x"])
    assert 10 <= x.min() < 10.3
    assert 19.7 < x.max() <= 20
    assert abs(x.mean() - 15) < 0.4
    assert abs(np.mean(one.columns["y"]) - 5 / 3) < 0.12  # (low + mode + high) / 3
    assert abs(one.columns["z"].count("p") / 500 - 0.5) < 0.08


def test_normal_is_cut_off() -> None:
    how = Spread.model_validate({"normal": {"mean": 5, "sd": 2, "low": 4, "high": 9}})
    values = np.array(quantiles(how, np.linspace(0, 1, 1001)))
    assert values.min() == 4
    assert values.max() == 9
    assert np.all(np.diff(values) >= 0)


def test_span_ends_where_steps_lead() -> None:
    assert Span.model_validate({"from": 0, "to": 1, "step": 0.1}).values()[-1] == 1.0
    assert Span.model_validate({"from": 0, "to": 1, "step": 0.3}).values() == [0, 0.3, 0.6, 0.9]
    assert Span.model_validate({"from": 2, "to": 3, "count": 3}).values() == [2, 2.5, 3]


def test_ranges_of_whole_numbers_give_whole_numbers() -> None:
    found = Span.model_validate({"from": 2, "to": 6, "step": 2}).values()
    assert [(v, type(v)) for v in found] == [(2, int), (4, int), (6, int)]
    assert Span.model_validate({"from": 1, "to": 9, "count": 3}).values() == [1, 5, 9]
    shares = np.linspace(0, 1, 601)
    even = quantiles(Spread.model_validate({"uniform": [2, 4]}), shares, whole=True)
    assert [even.count(v) for v in (2, 3, 4)] == [200, 200, 201]
    normal = Spread.model_validate({"normal": {"mean": 3, "sd": 1, "low": 1, "high": 5}})
    assert set(quantiles(normal, shares, whole=True)) == {1, 2, 3, 4, 5}


def test_weather_years_go_with_their_site() -> None:
    found = space(designs=["a"], weather={"osaka": ["1.epw", "2.epw"]})
    assert [(w.site, w.weather) for w in found.worlds] == [
        ("inzai", ""),
        ("osaka", "1.epw"),
        ("osaka", "2.epw"),
    ]
    assert len(space(designs=["a"], sites=["inzai"], weather=["1.epw", "2.epw"]).worlds) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vary: {x: {from: 3, to: 1, step: 1}}", ["vary.x.from: from must be below to, 1 (got 3)"]),
        ("vary: {x: {from: 3, too: 9, step: 1}}", ["vary.x.too: unknown key, did you mean 'to'?"]),
        ("vary: {x: {form: 3, to: 9, step: 1}}", ["vary.x.form", "did you mean 'from'?"]),
        ("vary: {x: {from: 3, to: 9, count: 1}}", ["vary.x.count", "allowed 2 to 100000 (got 1)"]),
        ("vary: {x: {from: a, to: 9, count: 2}}", ["vary.x.from: must be a number (got 'a')"]),
        ("vary: {x: {from: 0, to: 9, step: 1e-9}}", ["vary.x.step", "at most 100000 values"]),
        ("vary: {x: {unifrom: [1, 2]}}", ["vary.x.unifrom: unknown key, did you mean 'uniform'?"]),
        ("vary: {x: {uniform: [2, 1]}}", ["vary.x.uniform: the lowest value", "(got [2, 1])"]),
        ("vary: {x: {triangular: [1, 2]}}", ["vary.x.triangular: must have 3 values (got 2)"]),
        ("vary: {x: {choises: {a: {}}}}", ["vary.x.choises", "did you mean 'choices'?"]),
        ("vary: {x: 5}", ["vary.x: must be a list of values, a range", "(got 5)"]),
        ("vary: {x: [1, 2, 1]}", ["vary.x.2: is given twice (got 1)"]),
        ("vary: {x: {uniform: [1, 2]}}", ["vary.x", "grid"]),
        ("vary: {x: []}", ["vary.x", "at least one value"]),
        ("sampling: {method: sobol}", ["sampling", "points is missing"]),
        ("sampling: {method: sobool, points: 3}", ["sampling.method", "sobool"]),
        ("constraints: [{metric: pue}]", ["constraints", "give min, max or both"]),
        ("constraints: [{metric: pui, max: 1}]", ["constraints.0.metric", "did you mean 'pue'?"]),
        ("constraints: [{metric: currency, max: 1}]", ["is text, not a number"]),
        ("constraints: [{metric: worst_flag, max: 1}]", ["is text, not a number"]),
        ("metrics: [pui]", ["metrics.0: no such metric, did you mean 'pue'? (got 'pui')"]),
        ("traces: {top: 1, by: wue}", ["traces.by: no such metric", "(got 'wue')"]),
        ("weather: {c: [x.epw]}", ["weather.c: is not among the sites"]),
        ("sited: [inzai]", ["sited", "unknown"]),
    ],
)
def test_a_fault_names_file_line_and_field(tmp_path: Path, line: str, words: list[str]) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(f"name: bad\ndesigns: [a]\nsites: [b]\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError) as problem:
        load_spec(file)
    text = str(problem.value)
    assert f"{file}:4" in text
    for word in words:
        assert word in text


def test_what_is_ranked_must_be_kept_and_weather_has_its_site() -> None:
    bound = [{"metric": "pue", "max": 1.3}]
    with pytest.raises(InputError, match="is not kept, name it in `metrics` too"):
        space(metrics=["it_kwh"], constraints=bound)
    space(metrics=["it_kwh", "pue"], constraints=bound)
    space(metrics=["it_kwh"], constraints=[{"metric": "flagged_h", "max": 0}])
    with pytest.raises(InputError, match="which files belong to which of the 2 sites"):
        space(weather=["1.epw"])
    with pytest.raises(InputError, match=r"designs\.2: is given twice"):
        space(designs=["a", "b", "a"])
