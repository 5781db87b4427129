"""Steps taken out of a year, or of a batch, and put back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.design import Facility, load_design
from dctwin.engines.annual import run_year, year_of, years_of
from dctwin.engines.fit import fit
from dctwin.engines.flows import Boundary
from dctwin.engines.part import Part, joined
from dctwin.physics import fixed_point
from dctwin.stacking import stack
from dctwin.surroundings import boundary_of, prepare

MASK = np.array([[True, False, True], [False, False, True]])


@dataclass(frozen=True)
class _State:
    supply: dict[str, Any]
    note: str = "kept"


def test_values_of_every_shape_at_the_pairs() -> None:
    part = Part(MASK)
    assert len(part) == 3
    assert part.of(7.0) == 7.0
    assert part.of(np.array([[5.0]])) == 5.0
    np.testing.assert_array_equal(part.of(np.array([1.0, 2.0, 3.0])), [1.0, 3.0, 3.0])
    np.testing.assert_array_equal(part.of(np.array([[10.0], [20.0]])), [10.0, 10.0, 20.0])
    np.testing.assert_array_equal(part.of(np.arange(6.0).reshape(2, 3)), [0.0, 2.0, 5.0])


def test_put_back_changes_the_pairs_alone() -> None:
    whole = _State({"a": np.array([[1.0], [2.0]]), "b": 4.0})
    found = Part(MASK).put_back(whole, _State({"a": np.array([7.0, 8.0, 9.0]), "b": 4.0}))
    np.testing.assert_array_equal(found.supply["a"], [[7.0, 1.0, 8.0], [2.0, 2.0, 9.0]])
    assert found.supply["b"] == 4.0  # the same in all steps: it keeps its shape
    np.testing.assert_array_equal(whole.supply["a"], [[1.0], [2.0]])


def test_several_parts_are_one_and_find_their_span() -> None:
    parts = [_State({"a": np.array([1.0, 2.0])}), _State({"a": 5.0})]
    together = joined([part.supply for part in parts], [2, 1])
    np.testing.assert_array_equal(together["a"], [1.0, 2.0, 5.0])
    whole = _State({"a": np.zeros((2, 3))})
    found = Part(MASK[1:]).put_back(_State({"a": np.zeros((1, 3))}), _State(together), slice(2, 3))
    np.testing.assert_array_equal(found.supply["a"], [[0.0, 0.0, 5.0]])
    assert whole.supply["a"].sum() == 0.0


def _flows(facility: Facility, boundary: Boundary) -> dict[Any, np.ndarray]:
    year = run_year(facility, boundary)
    found: dict[Any, Any] = {}
    for flow in year.ledger.flows:
        key = flow.carrier, flow.source, flow.target, flow.account
        found[key] = found.get(key, 0.0) + flow.value
    return found


@pytest.mark.parametrize(
    "name",
    [
        "lei-masanet-02-water-side-economiser-large",
        "dtc-45c-dry-cooler-ac",
        "outside-air-evaporative-ac",
        "chilled-water-controls-ac",
    ],
)
def test_a_year_is_the_same_in_one_piece(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facility = load_design(name)
    boundary = boundary_of([facility], prepare(dctwin.load_site("inzai")))
    apart = _flows(facility, boundary)
    monkeypatch.setattr(fixed_point, "_ENOUGH", 10**9)
    whole = _flows(facility, boundary)
    assert apart.keys() == whole.keys()
    largest = {key[0]: 0.0 for key in whole}
    for key, value in whole.items():
        largest[key[0]] = max(largest[key[0]], float(np.max(np.abs(value))))
    for key, value in whole.items():
        assert np.max(np.abs(value - apart[key])) <= 1e-11 * largest[key[0]], key


def test_blocks_of_designs_are_the_designs_alone() -> None:
    """Of these halls some fall short in hot hours, whose search they then share."""
    base = load_design("dtc-warm-water-800vdc")
    designs = [
        base.replace({"cooling.loops.fws.supply_c": supply_c, "it.racks.gpu.load_frac": load})
        for supply_c, load in ((32.0, 1.0), (41.0, 0.6), (33.0, 0.97), (38.0, 0.9), (36.0, 1.0))
    ]
    boundary = boundary_of(designs, prepare(dctwin.load_site("phoenix")))
    designs = [fit(design, boundary) for design in designs]
    blocks = [stack(designs[:2]), stack(designs[2:4]), designs[4]]
    years = list(years_of(blocks, stack(designs), boundary, lean=True))
    short_kwh = 0.0
    for number, design in enumerate(designs):
        alone = year_of(design, boundary, lean=True)
        block, row = years[number // 2], number % 2
        for one, many in zip(alone.ledger.flows, block.ledger.flows, strict=True):
            assert replace(one, value=0) == replace(many, value=0)
            value = np.broadcast_to(many.value, (np.shape(many.value) or (1,)))
            value = value[min(row, len(value) - 1)] if np.ndim(value) == 2 else value
            scale = float(np.max(np.abs(one.value)))
            assert np.max(np.abs(value - one.value)) <= 1e-11 * scale, one
            short_kwh += float(np.sum(one.value)) if one.target == "shortfall" else 0.0
    assert short_kwh <= 1e-3
