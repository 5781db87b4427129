"""Banks of equal units: what they serve and lose, and which of them run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import outdoor_air

from dctwin.banks import carry, range_limits, reach_c, serve
from dctwin.components.component import Duty
from dctwin.components.cooling.crah import Crah
from dctwin.components.power.converter import Converter
from dctwin.components.power.transformer import Transformer
from dctwin.design import Device
from dctwin.equipment import load_equipment

AIR = outdoor_air(np.array([10.0, 30.0]), np.array([0.5, 0.5]), 101_325.0)
CRAH = Crah(ua_kw_per_k=20.0, design_flow_m3_s=8.0, fan_rise_pa=400.0)


def duty(heat_kw: Any = 300.0) -> Duty:
    flow = 300.0 / 12.0
    return Duty(
        heat_kw=np.asarray(heat_kw, dtype=float), return_c=np.array([36.0]), flow_kw_per_k=flow,
        flow_m3_s=flow / 1.2, air=AIR, sink_c=10.0, sink_kw_per_k=50.0,
    )  # fmt: skip


@given(st.integers(1, 50))
def test_a_bank_is_its_units_side_by_side(count: int) -> None:
    bank = serve(Device("crah", CRAH, count), duty())
    one = CRAH.serve(duty().scaled(1 / count))
    np.testing.assert_allclose(bank.heat_kw, count * one.heat_kw, rtol=1e-12)
    np.testing.assert_allclose(bank.reject_kw, count * one.reject_kw, rtol=1e-12)
    np.testing.assert_allclose(
        reach_c(Device("crah", CRAH, count), duty()), CRAH.reach_c(duty().scaled(1 / count))
    )


def test_what_a_unit_reports_stays_a_units() -> None:
    bank = serve(Device("crah", CRAH, 4), duty())
    np.testing.assert_allclose(bank.traces["flow_frac"], duty().flow_m3_s / 4 / 8.0)


def test_a_path_adds_its_losses_from_the_load_to_the_source() -> None:
    ups = Converter(role="ups", rated_kw=200.0, load_frac_points=[0.1, 1.0],
                    efficiency_points=[0.9, 0.96])  # fmt: skip
    transformer = Transformer(rated_kw=1000.0, no_load_kw=1.0, load_loss_kw=8.0)
    path = (Device("transformer", transformer), Device("ups", ups, 2))
    drawn, steps = carry(path, np.array([0.0, 150.0, 400.0]))
    assert [s.device.name for s in steps] == ["transformer", "ups"]
    np.testing.assert_array_equal(steps[0].output_kw, steps[1].input_kw)
    np.testing.assert_array_equal(drawn, steps[0].input_kw)
    for step in steps:
        np.testing.assert_allclose(step.output_kw + step.loss_kw, step.input_kw, rtol=1e-15)
    # Two units at 200 kW each, 96 %.
    assert steps[1].input_kw[2] == pytest.approx(400.0 / 0.96)


def test_an_empty_path_is_a_wire() -> None:
    assert carry((), 5.0) == (5.0, [])


def test_range_of_the_equipment_file_is_watched() -> None:
    device = Device("crah", CRAH, valid={"flow_frac": (0.3, 1.1), "unknown": (0.0, 1.0)})
    (limit,) = range_limits(device, {"flow_frac": np.array([0.2, 0.5, 1.5])})
    assert limit.name == "flow_frac"
    np.testing.assert_allclose(limit.beyond, [0.1, 0.0, 0.4])


def test_a_distance_of_temperatures_is_in_kelvin() -> None:
    device = Device("crah", CRAH, valid={"supply_c": (15.0, 35.0)})
    (limit,) = range_limits(device, {"supply_c": np.array([40.0])})
    assert (limit.unit, float(limit.beyond[0])) == ("K", 5.0)


@st.composite
def staged_banks(draw: st.DrawFn) -> tuple[Device, float]:
    """A staged bank of any curve, and a load it can carry."""
    loads = sorted(draw(st.lists(st.integers(1, 120), min_size=2, max_size=6, unique=True)))
    unit = Converter(
        role="rectifier", rated_kw=draw(st.floats(0.5, 50.0)),
        load_frac_points=[load / 100 for load in loads],
        efficiency_points=[draw(st.floats(0.7, 0.999)) for _ in loads],
    )  # fmt: skip
    buses, each = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    load_kw = draw(st.floats(0.0, 1.0)) * buses * each * unit.rated_kw
    return Device("bank", unit, buses * each, sharing="staged", bus_count=buses), load_kw


@given(staged_banks())
def test_no_other_number_of_units_loses_less(drawn: tuple[Device, float]) -> None:
    """Against every whole number of units that carries the load, one after the other."""
    device, load_kw = drawn
    unit, buses = device.component, int(device.bus_count)
    bus_kw = load_kw / buses
    _, (step,) = carry((device,), load_kw)
    possible = [
        n for n in range(1, int(device.count) // buses + 1)
        if bus_kw <= n * unit.rated_kw * (1 + 1e-9)
    ]  # fmt: skip
    least = min(buses * n * float(unit.loss_kw(bus_kw / n)) for n in possible)
    assert float(step.loss_kw) == pytest.approx(least, rel=1e-9, abs=1e-12)
    assert float(step.on_count) / buses in possible


@given(staged_banks())
def test_staging_never_loses_more_than_sharing(drawn: tuple[Device, float]) -> None:
    staged, load_kw = drawn
    equal = replace(staged, sharing="equal", bus_count=1)
    assert carry((staged,), load_kw)[0] <= carry((equal,), load_kw)[0] * (1 + 1e-12)


def test_staged_rectifiers_sit_on_their_maximum() -> None:
    """Four rectifiers of a chassis, best at 7.5 kW: one, two, three, four are on as load grows."""
    unit = load_equipment("rectifier-cray-ex-15kw-peaked").component
    chassis = Device("rectifier", unit, 4, sharing="staged")
    _, (step,) = carry((chassis,), np.array([0.0, 7.5, 15.0, 22.5, 30.0, 60.0]))
    np.testing.assert_array_equal(step.on_count, [1, 1, 2, 3, 4, 4])
    at_best = 7.5 + unit.loss_kw(7.5)
    np.testing.assert_allclose(step.input_kw[1:5], np.arange(1, 5) * at_best)


def test_an_overloaded_bank_has_all_units_on() -> None:
    unit = load_equipment("rectifier-cray-ex-15kw-peaked").component
    _, (step,) = carry((Device("r", unit, 4, sharing="staged"),), 70.0)
    assert float(step.on_count) == 4.0
