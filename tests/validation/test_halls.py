"""Whole halls: what their design files take from the reference's own input."""

from __future__ import annotations

import pytest
from dctwin.validation import halls, harness, runners

from dctwin.components.component import Air, Duty
from dctwin.components.cooling.indirect_evaporative import IndirectEvaporative
from dctwin.design import load_design
from dctwin.physics import moist_air

TWO_ZONES = "two-zone-datacenter.yaml"
CHILLER = {"design": TWO_ZONES, "loop": "chw", "stage": "chiller"}
POINTS = "two-zone-chiller-points.csv"
# Design flow of that chiller and the specific heat of its water.
DESIGN_KW_PER_K = 27.11 * 4.195


def points(flow_mode: str) -> list[dict[str, float]]:
    rows = harness.read_rows(POINTS, {"flow_mode": flow_mode})
    return [{k: float(v) for k, v in row.items() if k != "flow_mode"} for row in rows]


@pytest.mark.parametrize("flow_mode", ["NotModulated", "LeavingSetpointModulated"])
def test_the_chiller_is_energyplus_at_the_water_where_it_reads_its_curves(flow_mode):
    for row in points(flow_mode):
        power_kw = runners.design_chiller_point(
            **CHILLER, **{k: row[k] for k in ("heat_kw", "leaving_c", "condenser_c")}
        )
        assert power_kw == pytest.approx(row["power_kw"], rel=0.01)


def test_flow_not_modulated_is_read_at_the_outlet_of_the_design_flow():
    """There the water is 6 K warmer than what leaves: ten percent of its power is missing."""
    missing = []
    for row in points("NotModulated"):
        node_c = row["return_c"] - row["heat_kw"] / DESIGN_KW_PER_K
        assert row["leaving_c"] == pytest.approx(node_c, abs=1e-3)
        at_7_kw = runners.design_chiller_point(
            **CHILLER, heat_kw=row["heat_kw"], leaving_c=7.0, condenser_c=row["condenser_c"]
        )
        missing.append(at_7_kw / row["power_kw"] - 1.0)
    assert min(missing) > 0.05
    assert 0.10 < sum(missing) / len(missing) < 0.14
    assert {row["leaving_c"] for row in points("LeavingSetpointModulated")} == {7.0}


def test_the_indirect_cooler_has_the_wet_effectiveness_of_the_input_file():
    """0.70 at equal flows, times the file's 1.080 at 1.4 times as much outdoor air."""
    room = next(c for c in load_design(halls.of_data(TWO_ZONES)).circuits if c.name == "room")
    cooler = next(s.component for s in room.stages if s.component.kind == "indirect-evaporative")
    assert isinstance(cooler, IndirectEvaporative)
    assert cooler.outdoor_flow_m3_s / cooler.design_flow_m3_s == pytest.approx(1.4)
    pressure_pa = moist_air.STANDARD_PRESSURE_PA
    dry_bulb_c, humidity = 24.0, 0.01043
    wet_bulb_c = float(moist_air.wet_bulb_c(dry_bulb_c, humidity, pressure_pa))
    assert wet_bulb_c == pytest.approx(18.0, abs=0.05)
    density = (1.0 + humidity) / moist_air.specific_volume_m3_per_kg(
        dry_bulb_c, humidity, pressure_pa
    )
    enthalpy = moist_air.enthalpy_kj_per_kg(dry_bulb_c, humidity)
    outdoor = Air(dry_bulb_c, wet_bulb_c, humidity, enthalpy, pressure_pa, density)
    flow_kw_per_k, return_c = 13.3, 25.0
    most = cooler.serve(Duty(200.0, return_c, flow_kw_per_k, cooler.design_flow_m3_s, outdoor))
    passed_kw = most.heat_kw + most.power_kw["room_fan"]
    effectiveness = passed_kw / flow_kw_per_k / (return_c - wet_bulb_c)
    assert effectiveness == pytest.approx(0.70 * 1.080, abs=0.003)
