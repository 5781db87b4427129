"""Thin air, over every device with a fan: what fans draw, and that no coil gains by it.

A fan that moves the same mass through the same duct moves 1/density of the volume against a friction
that goes with density · flow²: 1/density² of the power. Air of an altitude is air of the same state
at a lower pressure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import air_states
import pytest

from dctwin.components.component import RATED_AIR_KG_PER_M3, Air, Duty, Service, Stage
from dctwin.components.cooling.dry_cooler import FAN_FLOOR_FRAC
from dctwin.equipment import load_equipment
from dctwin.library import entries
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K, STANDARD_PRESSURE_PA

THIN = 0.804  # 1,800 m over sea level
WATER_KJ_PER_M3_K = 4150.0
LOAD = 0.6
# Room air, and outdoor air warm enough that machines compress and cold enough for coils.
ROOM_C, WARM_C, COOL_C = 36.0, 35.0, 18.0
COOLANT_C = 48.0  # of a loop that an air-cdu cools


def _has_fan(stage: Any) -> bool:
    return isinstance(stage, Stage) and any("fan" in name for name in type(stage).model_fields)


MACHINES: dict[str, Any] = {
    name: stage
    for name, path in entries("equipment").items()
    if _has_fan(stage := load_equipment(str(path)).component)
}
ROOM_KINDS = ("crah", "outside-air", "indirect-evaporative", "rear-door", "dx-unit")
# What has an outdoor condenser and no reach of its own.
COMPRESSES = ("air-cycle-chiller", "free-cooling-chiller", "dx-unit")
# Towers: power of the curve at any density, and of a wet surface the thin air takes more vapour.
WET = ("tower", "closed-cooler", "hybrid-cooler")


def outdoors(stage: Any, thin: float) -> Air:
    """The same air, of this density over that at sea level."""
    warm = stage.kind in COMPRESSES or stage.kind in ("air-chiller", "tower", "closed-cooler")
    air = air_states.outdoor(WARM_C if warm else COOL_C, 0.3, STANDARD_PRESSURE_PA)
    if stage.kind == "hybrid-cooler":  # dry
        air = air_states.outdoor(10.0, 0.3, STANDARD_PRESSURE_PA)
    return replace(
        air,
        pressure_pa=air.pressure_pa * thin,
        density_kg_per_m3=air.density_kg_per_m3 * thin,
        wet_bulb_enthalpy_kj_per_kg=None,
    )


def duty(stage: Any, thin: float) -> Duty:
    """LOAD of what the machine is built for; the same mass flow of its fluid at any density."""
    air = outdoors(stage, thin)
    match stage.kind:
        case "crah" | "outside-air" | "indirect-evaporative" | "rear-door":
            rate = LOAD * stage.design_flow_m3_s * RATED_AIR_KG_PER_M3 * CP_AIR_KJ_PER_KG_K
            heat_kw = 9.0 * rate
        case "air-cdu":
            rate = LOAD * stage.design_flow_m3_s * WATER_KJ_PER_M3_K
            heat_kw = 5.0 * rate
        case "dx-unit":
            heat_kw = LOAD * stage.reference_kw
            rate = LOAD * stage.design_flow_m3_s * RATED_AIR_KG_PER_M3 * CP_AIR_KJ_PER_KG_K
        case "dry-cooler" | "thermosyphon-cooler":
            heat_kw = LOAD * stage.rated_heat_kw
            rate = stage.rated_heat_kw / stage.rated_range_k
        case "tower" | "closed-cooler" | "hybrid-cooler":
            heat_kw, rate = LOAD * stage.rated_kw, stage.design_water_m3_s * WATER_KJ_PER_M3_K
        case _:
            heat_kw, rate = LOAD * stage.reference_kw, stage.reference_kw / 6.0
    room = stage.kind in ROOM_KINDS
    volume_kj = thin * RATED_AIR_KG_PER_M3 * CP_AIR_KJ_PER_KG_K if room else WATER_KJ_PER_M3_K
    # What leaves a chiller is at its rating.
    chilled_c = getattr(stage, "rated_leaving_c", 8.0) + heat_kw / rate
    return Duty(
        heat_kw=heat_kw,
        return_c=chilled_c
        if "chiller" in stage.kind
        else COOLANT_C
        if stage.kind == "air-cdu"
        else ROOM_C,
        flow_kw_per_k=rate,
        flow_m3_s=rate / volume_kj,
        air=air,
        sink_c=20.0 if stage.kind == "air-cdu" else 14.0,
        sink_kw_per_k=100.0 if stage.kind == "air-cdu" else 1.3 * rate,
    )


def _room(stage: Any, one: Duty, _: Service, thin: float) -> float:
    """Held pressure costs 1/density at equal mass flow, friction 1/density²."""
    sea_frac = one.flow_m3_s * thin / stage.design_flow_m3_s
    held = getattr(stage, "static_frac", 0.0)
    full_kw = stage.design_flow_m3_s * stage.fan_rise_pa / 1000.0
    full_kw /= stage.fan_efficiency_frac * stage.motor_efficiency_frac
    return full_kw * sea_frac * (held / thin + (1 - held) * sea_frac**2 / thin**2)


def _scavenger(stage: Any, one: Duty, service: Service, thin: float) -> float:
    full_kw = stage.outdoor_flow_m3_s * stage.outdoor_rise_pa / 1000.0
    full_kw /= stage.fan_efficiency_frac * stage.motor_efficiency_frac
    frac = service.traces["outdoor_flow_frac"]
    assert frac > stage.min_speed_frac
    return full_kw * thin * frac**3


def _hall(stage: Any, one: Duty, service: Service, thin: float) -> float:
    full_kw = stage.design_air_m3_s * stage.fan_rise_pa / 1000.0
    full_kw /= stage.fan_efficiency_frac * stage.motor_efficiency_frac
    kg_per_m3 = one.air.pressure_pa / 1000.0 / (0.287042 * (one.sink_c + 273.15))
    kg_s = one.heat_kw / stage.air_rise_k / CP_AIR_KJ_PER_KG_K
    frac = kg_s / kg_per_m3 / stage.design_air_m3_s
    assert stage.min_flow_frac < frac < 1.0
    return full_kw * frac**3 * thin


def _cube(speed: float) -> float:
    return FAN_FLOOR_FRAC + (1 - FAN_FLOOR_FRAC) * speed**3


def _dry_cooler(stage: Any, one: Duty, service: Service, thin: float) -> float:
    density = one.air.density_kg_per_m3 / RATED_AIR_KG_PER_M3
    pads = 1 + getattr(stage, "pad_fan_frac", 0.0)
    return stage.fan_kw * pads * density * _cube(service.traces["fan_speed_frac"])


def _thermosyphon(stage: Any, one: Duty, service: Service, thin: float) -> float:
    return stage.fan_kw * thin * _cube(service.traces["fan_speed_frac"])


def _condenser(stage: Any, one: Duty, service: Service, thin: float) -> float:
    load = max(service.traces["load_frac"], stage.least_fan_frac)
    return stage.fan_kw * thin * _cube(min(load, 1.0))


def _tower(stage: Any, one: Duty, service: Service, thin: float) -> float:
    """EnergyPlus's convention: the curve at this share of the volume, at any density."""
    curve = getattr(stage, "_wet", lambda: stage)()
    return stage.fan_kw * curve._fan_frac(service.traces["air_frac"])


def _closed_cooler(stage: Any, one: Duty, service: Service, thin: float) -> float:
    if stage.kind == "closed-cooler":
        return _tower(stage, one, service, thin)
    density = one.air.density_kg_per_m3 / RATED_AIR_KG_PER_M3
    return stage.fan_kw * density * _cube(service.traces["air_frac"])


LAWS: dict[str, Callable[[Any, Duty, Service, float], float]] = {
    "crah_fan": _room,
    "outside_air_fan": _room,
    "room_fan": _room,
    "rear_door_fan": _room,
    "dx_fan": _room,
    "scavenger_fan": _scavenger,
    "cdu_fan": _hall,
    "dry_cooler_fan": _dry_cooler,
    "thermosyphon_fan": _thermosyphon,
    "condenser_fan": _condenser,
    "tower_fan": _tower,
    "closed_cooler_fan": _closed_cooler,
}


@pytest.mark.parametrize("thin", [1.0, THIN])
@pytest.mark.parametrize("name", sorted(MACHINES))
def test_fans_draw_what_the_density_asks(name: str, thin: float) -> None:
    stage = MACHINES[name]
    one = duty(stage, thin)
    service = stage.serve(one)
    assert service.heat_kw == pytest.approx(one.heat_kw)
    fans = {key: kw for key, kw in service.power_kw.items() if key.endswith("fan")}
    assert fans or stage.kind == "air-chiller"
    for key, kw in fans.items():
        assert kw == pytest.approx(LAWS[key](stage, one, service, thin), rel=1e-6), key


@pytest.mark.parametrize("name", sorted(n for n in MACHINES if MACHINES[n].kind not in WET))
def test_no_coil_gains_by_thin_air(name: str) -> None:
    stage = MACHINES[name]
    sea, high = (duty(stage, thin) for thin in (1.0, THIN))
    if stage.kind in COMPRESSES:
        here, there = (stage.serve(one).traces for one in (sea, high))
        assert there["condensing_c"] >= here["condensing_c"]
        assert there["evaporating_c"] <= here["evaporating_c"] + 1e-9
    elif stage.kind == "air-chiller":
        here, there = (stage.serve(one).traces for one in (sea, high))
        assert there["condenser_entering_c"] > here["condenser_entering_c"]
    else:
        assert stage.reach_c(high) >= stage.reach_c(sea) - 1e-9


@pytest.mark.parametrize("name", sorted(n for n in MACHINES if MACHINES[n].kind in ROOM_KINDS))
def test_coils_in_room_air_answer_mass_flow(name: str) -> None:
    """With fans that take nothing, what a coil reaches is the same at the same mass of air."""
    stage = MACHINES[name].with_values(fan_rise_pa=0.0)
    if stage.kind in ("outside-air", "dx-unit"):
        return  # no water coil; the condenser is tested above
    sea, high = (duty(stage, thin) for thin in (1.0, THIN))
    if stage.kind == "indirect-evaporative":  # less outdoor air at full speed on the other side
        film_kw_per_k = [stage._room_film_kw_per_k(one) for one in (sea, high)]
        assert film_kw_per_k[0] == pytest.approx(film_kw_per_k[1], rel=1e-12)
        return
    assert stage.reach_c(high) == pytest.approx(stage.reach_c(sea), abs=1e-9)


@pytest.mark.parametrize("kind", ["dry-cooler", "thermosyphon-cooler", "indirect-evaporative"])
def test_coils_outdoors_ask_for_the_same_mass_of_air(kind: str) -> None:
    """The same heat between the same temperatures: 1/density of the speed."""
    for stage in (m for m in MACHINES.values() if m.kind == kind):
        free = stage.with_values(**({"fan_rise_pa": 0.0} if kind in ROOM_KINDS else {}))
        sea, high = (free.serve(duty(free, thin)) for thin in (1.0, THIN))
        key = "outdoor_flow_frac" if kind in ROOM_KINDS else "fan_speed_frac"
        assert sea.traces[key] > 0.2
        assert high.traces[key] * THIN == pytest.approx(sea.traces[key], rel=1e-5)


def test_the_radiator_of_a_cdu_answers_mass_flow() -> None:
    stage = next(m for m in MACHINES.values() if m.kind == "air-cdu")
    sea, high = (stage.reach_c(duty(stage, thin)) for thin in (1.0, THIN))
    assert high == pytest.approx(sea, abs=1e-9)
