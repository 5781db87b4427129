"""Free-cooling chiller: coil rating, the three modes, and the devices that it is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.cycle_chiller import AirCycleChiller
from dctwin.components.cooling.free_cooling_chiller import FreeCoolingChiller
from dctwin.equipment import load_equipment


def machine(name: str) -> FreeCoolingChiller:
    component = load_equipment(name).component
    assert isinstance(component, FreeCoolingChiller)
    return component


UNIT = machine("free-cooling-scroll-500kw")


def duty(load: Any, outdoor_c: Any) -> Duty:
    rate = UNIT.reference_kw / UNIT.rated_rise_k
    heat_kw = load * UNIT.reference_kw
    return Duty(
        heat_kw, UNIT.rated_leaving_c + heat_kw / rate, rate, rate / 4180, outdoor(outdoor_c)
    )


def used_kw(service: Any) -> Any:
    return sum(service.power_kw.values())


def test_full_free_cooling_10_k_below_the_return() -> None:
    """The coil's rating: 12 °C back, 2 °C air (of 1.2 kg/m³; cold air is denser), all the heat."""
    cold = UNIT.serve(duty(1.0, 2.0))
    assert cold.traces["free_frac"] == pytest.approx(1.0)
    assert cold.power_kw["chiller"] == 0.0
    warmer = UNIT.serve(duty(1.0, 3.5))
    assert 0.8 < warmer.traces["free_frac"] < 1.0
    assert warmer.power_kw["chiller"] > 0.0


def test_without_cold_air_it_is_an_air_cooled_chiller() -> None:
    plain = AirCycleChiller(
        **{k: v for k, v in dict(UNIT).items() if k in AirCycleChiller.model_fields}
    )
    for outdoor_c in (20.0, 35.0, 42.0):
        ours, theirs = UNIT.serve(duty(0.8, outdoor_c)), plain.serve(duty(0.8, outdoor_c))
        assert used_kw(ours) == pytest.approx(used_kw(theirs), rel=1e-12)
        assert ours.heat_kw == pytest.approx(theirs.heat_kw, rel=1e-12)


def test_modes_are_ordered_and_never_dearer_than_compressing() -> None:
    air_c = np.linspace(-20.0, 40.0, 241)
    service = UNIT.serve(duty(0.8, air_c))
    share = service.traces["free_frac"]
    assert share[0] == 1.0
    assert share[-1] == 0.0
    assert np.any((share > 0.3) & (share < 0.95))
    assert np.all(np.diff(share) <= 1e-9)
    assert np.all(np.diff(used_kw(service)) >= -1e-9)
    first = air_c[share > 0][-1]
    assert UNIT.rated_leaving_c + 0.8 * UNIT.rated_rise_k - first == pytest.approx(2.0, abs=0.25)


def test_incredible_coils_are_refused() -> None:
    with pytest.raises(ValidationError, match="rated_rise_k"):
        FreeCoolingChiller.model_validate(dict(UNIT) | {"free_full_k": 5.5})
    with pytest.raises(ValidationError, match="effectiveness"):
        FreeCoolingChiller.model_validate(dict(UNIT) | {"free_full_k": 6.5})
