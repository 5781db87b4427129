"""Every power device of the catalogue: losses rise with load, efficiencies are credible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dctwin.components.power.stage import PowerStage
from dctwin.components.registry import device_class, kinds
from dctwin.equipment import load_equipment
from dctwin.library import entries

KINDS = [kind for kind in kinds() if issubclass(device_class(kind), PowerStage)]
NAMES = [name for name, path in entries("equipment").items() if path.parent.name in KINDS]
LOADS = np.linspace(0.0, 1.0, 101)


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_those_of_a_real_device(name: str) -> None:
    unit: Any = load_equipment(name).component
    loss_kw = unit.loss_kw(LOADS * unit.rated_kw)
    assert np.all(np.isfinite(loss_kw))
    assert np.all(loss_kw >= 0.0)
    steps = np.diff(loss_kw)
    if getattr(unit, "eco_frac", 0.0) > 0:  # where eco mode begins, the loss falls at once
        steps = np.delete(steps, np.searchsorted(LOADS, unit.eco_min_load_frac) - 1)
    assert np.all(steps >= -1e-12), "more load, less loss"
    at_half = 0.5 / (0.5 + loss_kw[50] / unit.rated_kw)
    assert 0.84 <= at_half <= 1.0
    np.testing.assert_allclose(unit.load_frac(LOADS * unit.rated_kw), LOADS, atol=1e-12)
    assert all(np.all(limit.beyond <= 0.0) for limit in unit.limits(LOADS * unit.rated_kw))


@pytest.mark.parametrize("name", NAMES)
def test_the_best_load_is_where_it_says(name: str) -> None:
    unit: Any = load_equipment(name).component
    peaks = unit.peak_load_fracs()
    if not peaks:
        return
    loads = np.concatenate([LOADS[1:], peaks])
    loss_frac = unit.loss_kw(loads * unit.rated_kw) / loads
    assert np.argmin(loss_frac) >= 100 or np.min(loss_frac[:100]) == pytest.approx(
        np.min(loss_frac[100:]), rel=1e-9
    )


def test_a_later_class_of_supplies_is_never_worse() -> None:
    """80 PLUS, 230 V: Bronze, Silver, Gold, Platinum, Titanium."""
    classes = ["psu-bronze-230v-3kw", "psu-silver-230v-3kw", "psu-gold-230v-3kw",
               "psu-platinum-230v-3kw", "psu-titanium-3kw"]  # fmt: skip
    units: list[Any] = [load_equipment(name).component for name in classes]
    losses = np.array([unit.loss_kw(LOADS * 3.0) for unit in units])
    assert np.all(np.diff(losses[:, 10:], axis=0) <= 1e-12)


def test_the_peaked_rectifier_is_best_at_half_load() -> None:
    """96.3 % at 7.5 kW, less on both sides."""
    unit: Any = load_equipment("rectifier-cray-ex-15kw-peaked").component
    assert unit.peak_load_fracs() == (0.5,)
    assert 7.5 / (7.5 + unit.loss_kw(7.5)) == pytest.approx(0.963, abs=5e-5)
