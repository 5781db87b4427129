"""The spec and its points: what is counted, sampled, and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.sweeps.space import Space, quantiles
from dctwin.sweeps.spec import Span, Spread, load_spec

BASE: dict[str, Any] = {"name": "trial", "designs": ["a", "b"], "sites": ["inzai", "osaka"]}


def space(**changes: Any) -> Space:
    return Space(load_spec({**BASE, **changes}))


def test_a_grid_is_every_combination_in_every_world() -> None:
    found = space(
        vary={"x": {"from": 30, "to": 42, "step": 4}, "y": [0.5, 0.9]},
        scenarios={"now": {}, "hot": {"design": {"x": 1}}},
    )
    assert found.samples == 8
    assert len(found) == 2 * 2 * 2 * 8
    seen = {(*found.world(point), *found.values(point).values()) for point in range(len(found))}
    assert len(seen) == len(found)
    assert found.columns["x"][:3] == [30.0, 30.0, 34.0]


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


def test_blocks_hold_every_point_once_and_never_two_worlds() -> None:
    found = space(vary={"x": list(range(7))})
    blocks = list(found.blocks(3))
    assert [p for block in blocks for p in block] == list(range(28))
    assert all(len({found.world(p) for p in block}) == 1 for block in blocks)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vary: {x: {from: 3, to: 1, step: 1}}", ["vary.x", "from must be below to"]),
        ("vary: {x: {uniform: [1, 2]}}", ["vary.x", "grid"]),
        ("vary: {x: []}", ["vary.x", "at least one value"]),
        ("sampling: {method: sobol}", ["sampling", "points is missing"]),
        ("sampling: {method: sobool, points: 3}", ["sampling.method", "sobool"]),
        ("constraints: [{metric: pue}]", ["constraints", "give min, max or both"]),
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
