"""Hypothesis strategies: random valid facilities and random weather.

Facilities are drawn as design documents and parsed by the real reader, so whatever a user could
write in these shapes is what the engine meets: sizes from far too small to far too large, any
load, any order of stages. Nothing is kept from the engine but what the reader refuses.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from air_states import outdoor as outdoor_air
from hypothesis import strategies as st
from power_strategies import REDUNDANCY, converters, floats, power_paths, size

from dctwin.components.component import Place
from dctwin.components.registry import device_class, kinds
from dctwin.design import Facility, parse_design
from dctwin.document import Document
from dctwin.engines.flows import Boundary
from dctwin.library import entries

# An air-cooled and a water-cooled chiller of EnergyPlus's data sets (DOE-2 centrifugal curves and
# the air-cooled set of the reference buildings).
AIR_CHILLER: dict[str, Any] = {
    "kind": "air-chiller",
    "reference_cop": 3.1,
    "capft": [
        1.0428575245, 0.0390769644, 0.0001876955, -0.0031517246, -9.84665e-05, -0.0003385144,
    ],
    "eirft": [
        0.5436161169, -0.0108322959, 0.0004105474, 0.0042214209, 0.0004027623, -0.0005156184,
    ],
    "eirfplr": [0.0493, 0.622, 0.3275],
}  # fmt: skip
WATER_CHILLER: dict[str, Any] = {
    "kind": "chiller",
    "reference_cop": 5.5,
    "capft": [0.257896, 0.0389016, -0.00021708, 0.0468684, -0.00094284, -0.00034344],
    "eirft": [0.933884, -0.058212, 0.00450036, 0.00243, 0.000486, -0.001215],
    "eirfplr": [0.222903, 0.313387, 0.46371],
}
# kJ/m³/K of the fluids, rounded: only to draw pumps and fans of a sensible size.
_VOLUME_KJ_PER_M3_K = {"air": 1.2, "mineral-oil": 1600.0}


def document(data: dict[str, Any]) -> Document:
    """Plain data as a document; its lines are not known."""
    return Document("drawn.yaml", data, {})


# --- racks ----------------------------------------------------------------------------------


@st.composite
def rack_groups(draw: st.DrawFn, liquid_loops: list[str]) -> dict[str, Any]:
    """A group of racks, cooled by the room's air and perhaps by one liquid loop."""
    group: dict[str, Any] = {
        "kind": "rack",
        "design_kw": draw(floats(1.0, 40.0)),
        "count": draw(st.integers(1, 20)),
        "idle_frac": draw(floats(0.0, 1.0)),
        "fan_frac": draw(floats(0.0, 0.4)),
        "air": "room",
        "load_frac": draw(floats(0.0, 1.0)),
    }
    if draw(st.booleans()):
        shape = [draw(floats(0.0, 1.0)) for _ in range(4)]
        most = max(group["load_frac"] * max(shape), 1.0)
        group["daily_profile_frac"] = [shape[hour // 6] / most for hour in range(24)]
    group["air_class"] = draw(st.sampled_from(["none", "A1", "A2", "A3", "A4", "H1"]))
    if liquid_loops:
        group["liquid"] = draw(st.sampled_from(liquid_loops))
        group["liquid_frac"] = draw(floats(0.0, 1.0))
        group["supply_heat"] = draw(st.sampled_from(["air", "liquid"]))
        group["liquid_idle_drop_frac"] = group["liquid_frac"] * draw(floats(0.0, 1.0))
        group["liquid_class"] = draw(st.sampled_from(["none", "W32", "W45", "W+", "S30", "S50"]))
        group["case_lift_k"] = draw(floats(0.0, 60.0))
        group["case_flow_frac"] = draw(floats(0.0, 1.0))
        group["case_flow_exponent"] = draw(floats(0.0, 0.9))
    if draw(st.booleans()):
        group["supply"] = [draw(converters("psu", group["design_kw"]))]
    if draw(st.booleans()):
        group["feed"] = draw(st.sampled_from(["plant", "row"]))
    return group


# --- loops and stages -------------------------------------------------------------------------


@st.composite
def loops(draw: st.DrawFn, fluid: str, design_kw: float, supply_c: float) -> dict[str, Any]:
    """A loop without its stages."""
    entry: dict[str, Any] = {
        "fluid": fluid,
        "design_heat_kw": design_kw,
        "supply_c": supply_c,
        "rise_k": draw(floats(3.0, 15.0)),
        "flow": draw(st.sampled_from(["variable", "constant"])),
        "min_flow_frac": draw(floats(0.05, 1.0)),
    }
    if fluid == "air":
        entry["bypass_frac"] = draw(st.sampled_from([0.0, 0.1, 0.5]))
        entry["recirculation_frac"] = draw(st.sampled_from([0.0, 0.05, 0.3]))
    elif draw(st.booleans()):
        volume = _VOLUME_KJ_PER_M3_K.get(fluid, 4100.0)
        entry["pump"] = {
            "kind": "pump",
            "design_flow_m3_s": design_kw / entry["rise_k"] / volume * draw(size(0.7, 2.0)),
            "design_head_pa": draw(floats(20_000.0, 400_000.0)),
            "static_frac": draw(floats(0.0, 0.9)),
            "redundancy": draw(st.sampled_from(REDUNDANCY)),
        }
    return entry


def _dry_cooler(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    rated_kw = max(0.1, design_kw * draw(size()))
    return {
        "kind": "dry-cooler",
        "rated_heat_kw": rated_kw,
        "rated_range_k": draw(floats(4.0, 12.0)),
        "rated_approach_k": draw(floats(6.0, 20.0)),
        "rated_air_m3_s": rated_kw * draw(floats(0.15, 0.5)),
        "fan_kw": max(0.001, rated_kw * draw(floats(0.005, 0.05))),
        "min_speed_frac": draw(floats(0.05, 1.0)),
        "pad_efficiency_frac": draw(st.sampled_from([0.0, 0.5, 0.95])),
        "wet_above_c": draw(floats(-10.0, 40.0)),
        "cycles": draw(floats(1.1, 20.0)),
    }


def _tower(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    rated_kw = max(1.0, design_kw * draw(size()))
    return {
        "kind": "tower",
        "rated_kw": rated_kw,
        "design_water_m3_s": max(1e-4, rated_kw / 7.0 / 4161.6),
        "design_air_m3_s": max(0.01, rated_kw * 0.022 * draw(floats(0.9, 1.4))),
        "fan_kw": rated_kw * draw(floats(0.004, 0.02)),
        "cycles": draw(floats(1.1, 20.0)),
    }


def _chiller(draw: st.DrawFn, design_kw: float, base: dict[str, Any]) -> dict[str, Any]:
    unload = draw(floats(0.05, 0.5))
    return {
        **base,
        "reference_kw": max(1.0, design_kw * draw(size())),
        "min_unload_frac": unload,
        "min_load_frac": unload * draw(floats(0.2, 1.0)),
        "condenser_min_c": draw(st.sampled_from([-50.0, 15.0, 24.0])),
    }


@cache
def _of_kind(kind: str) -> list[str]:
    """Catalogue names of this kind of machine: their folder is named for it."""
    return [name for name, path in entries("equipment").items() if path.parent.name == kind]


# Machines that are drawn from the catalogue, as their ratings hang together: where they reject to.
_CATALOGUE_KINDS = {
    "cycle-chiller": "condenser",
    "air-cycle-chiller": "",
    "free-cooling-chiller": "",
    "closed-cooler": "",
    "hybrid-cooler": "",
    "thermosyphon-cooler": "",
}


def _from_catalogue(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A few machines of a kind."""
    name = draw(st.sampled_from(_of_kind(kind)))
    return {"equipment": name, "name": kind, "count": draw(st.integers(1, 8))}


def _to_loop(draw: st.DrawFn, kind: str, sink: str, design_kw: float) -> dict[str, Any]:
    """A terminal or exchanger that hands heat to another loop."""
    unit: dict[str, Any] = {"kind": kind, "sink": sink, "count": draw(st.integers(1, 5))}
    share_kw = design_kw / unit["count"]
    unit["ua_kw_per_k"] = max(0.1, share_kw / draw(floats(2.0, 12.0)))
    if kind in ("crah", "rear-door"):
        unit["design_flow_m3_s"] = max(0.01, share_kw / 12.0 / 1.2 * draw(size(0.6, 2.0)))
        unit["fan_rise_pa"] = draw(floats(50.0, 500.0))
        if kind == "crah":
            unit["fans"] = draw(st.sampled_from(["loop", "heat"]))
            unit["trim_rise_k"] = draw(floats(2.0, 20.0))
            unit.update(_wet_coil(draw))
        else:
            unit["fan_rise_pa"] *= draw(st.sampled_from([0.0, 0.5]))
            unit["ua_kw_per_k"] = min(unit["ua_kw_per_k"], 1_000.0)
            unit["design_flow_m3_s"] = min(unit["design_flow_m3_s"], 100.0)
    elif kind == "boiling-tank":
        unit["rated_kw"] = share_kw
        unit["charge_kg"] = draw(floats(0.0, 1_000.0))
    elif kind in ("cdu", "air-cdu", "immersion-tank", "two-phase-cdu"):
        volume = 1600.0 if kind == "immersion-tank" else 4000.0
        if kind == "air-cdu":
            unit["ua_kw_per_k"] = min(unit["ua_kw_per_k"], 10_000.0)
            unit["design_air_m3_s"] = max(0.01, share_kw / 12.0 / 1.2 * draw(size(0.6, 2.0)))
            unit["fan_rise_pa"] = draw(floats(50.0, 500.0))
        if kind == "two-phase-cdu":
            unit["charge_kg"] = draw(floats(0.0, 1_000.0))
        unit["design_flow_m3_s"] = max(1e-5, share_kw / 8.0 / volume * draw(size(0.6, 2.0)))
        unit["design_head_pa"] = draw(floats(20_000.0, 300_000.0))
        if kind == "immersion-tank":
            unit["oil_m3"] = draw(floats(0.0, 10.0))
    return unit


def _wet_coil(draw: st.DrawFn) -> dict[str, Any]:
    """A dry coil, or one whose unit puts back what condenses."""
    if draw(st.booleans()):
        return {}
    humidifier = draw(st.sampled_from(["adiabatic", "steam"]))
    return {"humidifier": humidifier, "sensible_frac": draw(floats(0.5, 1.0))}


def _outside_air(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    return {
        "kind": "outside-air",
        "design_flow_m3_s": max(0.01, design_kw / 12.0 / 1.2 * draw(size(0.6, 2.0))),
        "fan_rise_pa": draw(floats(50.0, 900.0)),
        "pad_efficiency_frac": draw(st.sampled_from([0.0, 0.8])),
        "limits": draw(st.sampled_from(["none", "envelope"])),
        "max_dry_bulb_c": draw(floats(10.0, 40.0)),
        "min_dew_point_c": draw(floats(-30.0, 0.0)),
        "max_dew_point_c": draw(floats(5.0, 25.0)),
        "min_rh_frac": draw(floats(0.0, 0.3)),
        "max_rh_frac": draw(floats(0.5, 1.0)),
    }


def _cold_chain(draw: st.DrawFn, design_kw: float) -> list[dict[str, Any]]:
    """Stages that end at the outdoor air or at the condenser loop, in a random order."""
    chain: list[dict[str, Any]] = []
    if draw(st.booleans()):
        chain.append({**_to_loop(draw, "exchanger", "condenser", design_kw)})
    if draw(st.booleans()):
        chain.append(_dry_cooler(draw, design_kw))
    last = draw(st.sampled_from(["chiller", "air-chiller", "tower", *_CATALOGUE_KINDS, "none"]))
    if last == "chiller":
        chain.append({**_chiller(draw, design_kw, WATER_CHILLER), "sink": "condenser"})
    elif last == "air-chiller":
        chain.append(_chiller(draw, design_kw, AIR_CHILLER))
    elif last == "tower":
        chain.append(_tower(draw, design_kw))
    elif last in _CATALOGUE_KINDS:
        machine = _from_catalogue(draw, last)
        if sink := _CATALOGUE_KINDS[last]:
            machine["sink"] = sink
        chain.append(machine)
    if not chain:
        chain.append(_dry_cooler(draw, design_kw))
    if make := draw(st.sampled_from([None, _natural_water, _tank, _ice, _snow, _lng, _network])):
        chain.append(make(draw, design_kw))
    return draw(st.permutations(chain))


def _natural_water(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    return {
        "kind": "natural-water",
        "water": draw(st.sampled_from(["sea", "river", "ground"])),
        "ua_kw_per_k": max(0.1, design_kw / draw(floats(1.0, 8.0))),
        "design_flow_m3_s": max(1e-5, design_kw / 7.0 / 4100.0 * draw(size())),
        "min_flow_frac": draw(floats(0.05, 1.0)),
        "lift_m": draw(floats(0.0, 40.0)),
        "friction_m": draw(floats(1.0, 40.0)),
        "max_rise_k": draw(floats(1.0, 15.0)),
        "max_discharge_c": draw(floats(10.0, 45.0)),
    }


def _store(draw: st.DrawFn, kind: str, design_kw: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "policy": draw(st.sampled_from(["hour", "price", "dry_bulb"])),
        "charge_from_h": draw(floats(0.0, 24.0)),
        "charge_until_h": draw(floats(0.0, 24.0)),
        "charge_kw": design_kw * draw(size()),
        "discharge_kw": design_kw * draw(size()),
        "plant_kw": design_kw * draw(floats(0.1, 3.0)),
        "leak_kw_per_k": design_kw * draw(floats(0.0, 1e-3)),
        "start_frac": draw(floats(0.0, 1.0)),
        "count": draw(st.integers(1, 3)),
    }


def _tank(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    tank = _store(draw, "chilled-water-tank", design_kw)
    return tank | {"volume_m3": max(0.01, design_kw * draw(floats(0.01, 2.0))), "cold_c": 8.0}


def _ice(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    """Ice that the loop `brine` makes."""
    rate = max(0.01, design_kw * draw(floats(0.02, 0.5)))
    ice = _store(draw, "ice-tank", design_kw)
    ice |= {"latent_kwh": max(0.1, design_kw * draw(floats(0.1, 20.0))), "sink": "brine"}
    return ice | {"freeze_kw_per_k": rate, "melt_kw_per_k": rate}


def _snow(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    return {
        "kind": "snow-store",
        "capacity_kg": max(1.0, design_kw * draw(floats(1.0, 1000.0))),
        "catchment_m2": design_kw * draw(floats(0.0, 100.0)),
        "area_m2": max(0.1, design_kw * draw(floats(0.1, 5.0))),
        "ua_kw_per_k": max(0.1, design_kw * draw(floats(0.05, 0.5))),
        "discharge_kw": design_kw * draw(size()),
        "use_above_c": draw(floats(-20.0, 25.0)),
    }


def _lng(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    return {
        "kind": "lng-cold",
        "rated_kg_s": max(0.01, design_kw / 400.0 * draw(size())),
        "monthly_frac": [draw(floats(0.0, 1.0))] * 6 + [1.0] * 6,
        "fluid_c": draw(floats(-30.0, 10.0)),
        "ua_kw_per_k": max(0.1, design_kw * draw(floats(0.05, 0.5))),
    }


def _network(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    """A heat network, fed directly or by a heat pump."""
    return_c = draw(floats(15.0, 35.0))
    unit: dict[str, Any] = {
        "kind": draw(st.sampled_from(["heat-reuse", "heat-pump"])),
        "demand": draw(st.sampled_from(["degree", "monthly"])),
        "demand_kw": max(0.01, design_kw * draw(size())),
        "network_return_c": return_c,
        "network_supply_c": return_c + draw(floats(1.0, 30.0)),
        "capacity_kw": max(0.01, design_kw * draw(size())),
    }
    if unit["kind"] == "heat-pump":
        unit["refrigerant"] = draw(st.sampled_from(["R1234ze(E)", "R134a"]))
    return unit


def _absorber(draw: st.DrawFn, design_kw: float) -> dict[str, Any]:
    rated_kw = max(0.1, design_kw * draw(floats(0.05, 0.7)))
    return {
        "equipment": "single-effect-300kw",
        "name": "absorber",
        "rated_kw": rated_kw,
        "pump_kw": 0.01 * rated_kw,
        "sink": "condenser",
        "cools": "chilled",
    }


def _control(draw: st.DrawFn, entry: dict[str, Any], design_kw: float) -> None:
    """Perhaps a reset, a fluid that stops, moisture, staged banks, a changeover, a side stream."""
    if "follow" not in entry and draw(st.booleans()):
        entry["reset"] = draw(st.sampled_from(["wet_bulb", "dry_bulb", "load"]))
        entry["reset_supply_c"] = entry["supply_c"] + draw(floats(-4.0, 6.0))
        entry["reset_from_c"] = draw(floats(-20.0, 20.0))
        entry["reset_from_frac"] = draw(floats(0.0, 0.9))
        entry["reset_to_c"] = 25.0
    entry["idle"] = draw(st.sampled_from(["runs", "stops"]))
    if entry["fluid"] == "air":
        entry["ventilation_m3_s"] = draw(st.sampled_from([0.0, 1.0])) * design_kw * 1e-3
        entry["humidifier"] = draw(st.sampled_from(["none", "steam", "adiabatic"]))
    if "pump" in entry and draw(st.booleans()):
        entry["pump"]["staging"] = _staging(draw)
        entry["pump"]["min_flow_frac"] = draw(floats(0.0, 1.0))
    for place, stage in enumerate(entry["stages"]):
        stage["water_source"] = draw(st.sampled_from(["potable", "reclaimed", "sea"]))
        # Of the catalogue a stage is named by its kind here. Stores are not staged.
        kind = stage.get("kind") or stage["name"]
        if kind not in STORES and draw(st.booleans()):
            unit_kw = max(0.001, design_kw * draw(size(0.2, 2.0)))
            stage["staging"] = {"unit_kw": unit_kw, **_staging(draw)}
        if place + 1 < len(entry["stages"]) and draw(st.booleans()):
            stage["changeover"] = {
                "of": draw(st.sampled_from(["dry_bulb", "wet_bulb"])),
                "below_c": draw(floats(-10.0, 30.0)),
                "hysteresis_k": draw(floats(0.0, 5.0)),
                "exclusive": draw(st.booleans()),
            }
        if place + 1 < len(entry["stages"]) and draw(st.booleans()):
            stage["parallel_flow_frac"] = draw(floats(0.05, 1.0))


STORES = {kind for kind in kinds() if hasattr(device_class(kind), "start_kwh")}


def _staging(draw: st.DrawFn) -> dict[str, float]:
    load = draw(floats(0.1, 1.2))
    return {"load_frac": load, "off_load_frac": load * draw(floats(0.5, 1.0))}


def _follow(draw: st.DrawFn, entry: dict[str, Any]) -> None:
    """Perhaps let the setpoint follow the outdoor air."""
    if draw(st.booleans()):
        entry["follow"] = draw(st.sampled_from(["wet_bulb", "dry_bulb"]))
        entry["offset_k"] = draw(floats(2.0, 10.0))


# --- whole designs ----------------------------------------------------------------------------


@st.composite
def designs(draw: st.DrawFn) -> dict[str, Any]:
    """The plain data of a valid design."""
    liquids = draw(st.sampled_from([[], ["tcs"], ["tank"], ["tcs", "tank"]]))
    groups = {f"g{k}": draw(rack_groups(liquids)) for k in range(draw(st.integers(1, 3)))}
    it_kw = sum(group["design_kw"] * group["count"] for group in groups.values())
    design_kw = it_kw * draw(size(0.5, 2.0))
    plant: dict[str, dict[str, Any]] = {}

    room = draw(loops("air", design_kw, draw(floats(18.0, 32.0))))
    room["stages"] = _room_stages(draw, design_kw)
    plant["room"] = room
    for name in liquids:
        kinds = {"tank": ["immersion-tank", "boiling-tank"],
                 "tcs": ["cdu", "exchanger", "air-cdu", "two-phase-cdu"]}[name]  # fmt: skip
        kind = draw(st.sampled_from(kinds))
        boils = kind in ("boiling-tank", "two-phase-cdu")
        fluids = {"immersion-tank": ["mineral-oil", "silicone-oil", "paraffinic-oil-thin"],
                  "boiling-tank": ["novec-649"],
                  "two-phase-cdu": ["R515B", "R1233zd(E)", "R134a"]}  # fmt: skip
        fluid = draw(st.sampled_from(fluids.get(kind, ["water", "propylene-glycol-25"])))
        loop = draw(loops(fluid, design_kw, draw(floats(20.0, 45.0))))
        if boils:
            loop |= {"phase": "two", "rise_k": draw(floats(1.0, 5.0))}
            loop["exit_quality_frac"] = draw(floats(0.05, 0.95))
            loop["follow"] = "boiling" if kind == "boiling-tank" else "nothing"
        waters = ["facility-water", "chilled"]
        sink = "room" if kind == "air-cdu" else draw(st.sampled_from(waters))
        loop["stages"] = [_to_loop(draw, kind, sink, design_kw)]
        plant[name] = loop
    for name, supply_c in (("facility-water", floats(15.0, 40.0)), ("chilled", floats(6.0, 22.0))):
        if _is_sink(plant, name):
            loop = draw(loops("water", design_kw, draw(supply_c)))
            loop["stages"] = _cold_chain(draw, design_kw)
            plant[name] = loop
    if draw(st.booleans()) and "facility-water" in plant and "chilled" in plant:
        plant["facility-water"]["stages"].insert(0, _absorber(draw, design_kw))
    if _is_sink(plant, "brine"):
        loop = draw(loops("propylene-glycol-40", design_kw, draw(floats(-8.0, -1.0))))
        loop["stages"] = [_chiller(draw, design_kw, AIR_CHILLER)]
        plant["brine"] = loop
    if _is_sink(plant, "condenser"):
        loop = draw(loops("water", design_kw * 1.2, draw(floats(15.0, 32.0))))
        _follow(draw, loop)
        make = draw(st.sampled_from([_tower, _dry_cooler]))
        loop["stages"] = [make(draw, design_kw * 1.2)]
        plant["condenser"] = loop
    if draw(st.booleans()):
        for entry in plant.values():
            _control(draw, entry, design_kw)
    data: dict[str, Any] = {
        "name": "drawn",
        "title": "Drawn by a strategy",
        "it": {"racks": groups},
        "cooling": {"loops": plant},
        "power": draw(power_paths(it_kw, list(plant))),
        "building": {
            "lighting_kw": draw(floats(0.0, 50.0)),
            "heat_to": draw(st.sampled_from(["outdoors", *plant])),
        },
    }
    data["onsite"] = _onsite(draw, it_kw)
    return data


def _room_stages(draw: st.DrawFn, design_kw: float) -> list[dict[str, Any]]:
    crah = _to_loop(draw, "crah", draw(st.sampled_from(["chilled", "facility-water"])), design_kw)
    kinds = ["crah", "rear-door", "outside-air", "indirect-evaporative", "dx-unit"]
    first, last = draw(st.sampled_from(kinds)), draw(st.sampled_from([*kinds, "none"]))
    stages = {
        "crah": crah,
        "rear-door": _to_loop(draw, "rear-door", crah["sink"], design_kw),
        "outside-air": _outside_air(draw, design_kw),
        "indirect-evaporative": _from_catalogue(draw, "indirect-evaporative"),
        "dx-unit": {**_from_catalogue(draw, "dx-unit"), **_wet_coil(draw)},
    }
    return [stages[kind] for kind in dict.fromkeys((first, last)) if kind != "none"]


def _is_sink(plant: dict[str, dict[str, Any]], name: str) -> bool:
    return any(stage.get("sink") == name for loop in plant.values() for stage in loop["stages"])


def _onsite(draw: st.DrawFn, it_kw: float) -> dict[str, Any]:
    onsite: dict[str, Any] = {"export": draw(st.booleans())}
    if draw(st.booleans()):
        onsite["pv"] = {"kind": "pv", "rated_kw": it_kw * draw(floats(0.0, 5.0))}
        if draw(st.booleans()):
            east_west = {"kind": "pv", "name": "roof", "mount": "east-west"}
            east_west["rated_kw"] = it_kw * draw(floats(0.0, 2.0))
            onsite["pv"] = [onsite["pv"], east_west]
    if draw(st.booleans()):
        onsite["wind"] = {
            "kind": "wind",
            "rated_kw": max(0.1, min(it_kw * draw(floats(0.0, 2.0)), 30_000.0)),
            "hub_height_m": draw(floats(20.0, 160.0)),
            "rotor_diameter_m": 100.0,
            "wind_points_m_s": [3.0, 8.0, 12.0, 25.0],
            "power_points_frac": [0.0, 0.4, 1.0, 1.0],
            "count": draw(st.integers(1, 5)),
        }
    if draw(st.booleans()):
        onsite["series"] = {
            "kind": "series",
            "source": draw(st.sampled_from(["hydro", "geothermal"])),
            "rated_kw": it_kw * draw(floats(0.0, 1.0)),
            "monthly_frac": [0.5] * 12,
        }
    if draw(st.booleans()):
        onsite["battery"] = {
            "kind": "battery",
            "capacity_kwh": max(0.001, it_kw * draw(floats(0.0, 20.0))),
            "charge_kw": it_kw * draw(floats(0.0, 2.0)),
            "discharge_kw": it_kw * draw(floats(0.0, 2.0)),
            "start_frac": draw(floats(0.0, 1.0)),
            "count": draw(st.integers(1, 3)),
        }
        battery = onsite["battery"]
        battery["reserve_frac"] = battery["start_frac"] * draw(st.sampled_from([0.0, 0.3, 1.0]))
        most = max(battery["charge_kw"], battery["discharge_kw"]) / battery["capacity_kwh"]
        battery["ohmic_loss_h"] = min(0.5, 0.24 / max(most, 1e-6)) * draw(floats(0.0, 1.0))
        battery["auxiliary_kw"] = it_kw * draw(st.sampled_from([0.0, 0.01]))
        battery["chemistry"] = draw(st.sampled_from(["lfp", "nmc"]))
    if draw(st.booleans()):
        onsite["hydrogen"] = _hydrogen(draw, it_kw)
    if draw(st.booleans()):
        sets = draw(st.lists(gensets(it_kw), min_size=1, max_size=2))
        onsite["gensets"] = [entry | {"name": f"set-{k}"} for k, entry in enumerate(sets)]
        onsite["gensets"] = draw(st.sampled_from([onsite["gensets"], onsite["gensets"][0]]))
    if draw(st.booleans()):
        onsite["heat_demand_kw"] = it_kw * draw(floats(0.0, 2.0))
        onsite["heat_monthly_frac"] = draw(st.sampled_from([[1.0] * 12, [1.0, 0.5, 0.0] * 4]))
    if draw(st.booleans()):
        onsite["connection_kw"] = it_kw * draw(floats(0.0, 4.0))
    onsite["policy"] = draw(policies(it_kw))
    return onsite


@st.composite
def gensets(draw: st.DrawFn, it_kw: float) -> dict[str, Any]:
    """Standby sets, or engines that follow or run at a share of their rating."""
    mode = draw(st.sampled_from(["standby", "base-load"]))
    entry = {
        "equipment": draw(st.sampled_from(["diesel-1mw", "diesel-2mw", "gas-1500kw"])),
        "mode": mode,
        "rated_kw": max(1.0, it_kw * draw(floats(0.0, 2.0))),
        "min_load_frac": draw(floats(0.0, 0.9)),
        "heater_kw": it_kw * draw(st.sampled_from([0.0, 0.004, 0.1])),
        "heat_recovery_frac": draw(floats(0.0, 0.9)),
        "redundancy": draw(st.sampled_from(REDUNDANCY)),
        "count": draw(st.integers(1, 3)),
    }
    if mode == "base-load" and draw(st.booleans()):
        entry["load_frac"] = draw(floats(0.1, 1.0))
    return entry


@st.composite
def onsites(draw: st.DrawFn, it_kw: float) -> dict[str, Any]:
    """Sources, stores, engines and a policy for a facility of this size."""
    return _onsite(draw, it_kw)


def _hydrogen(draw: st.DrawFn, it_kw: float) -> dict[str, Any]:
    path: dict[str, Any] = {
        "tank": {
            "kind": "hydrogen-tank",
            "capacity_kg": max(0.001, it_kw * draw(floats(0.0, 2.0))),
            "start_frac": draw(floats(0.0, 1.0)),
        }
    }
    if draw(st.booleans()):
        path["electrolyser"] = {
            "equipment": "pem-1mw",
            "rated_kw": max(0.1, it_kw * draw(floats(0.0, 2.0))),
            "count": draw(st.integers(1, 4)),
        }
    if draw(st.booleans()):
        path["fuel_cell"] = {
            "equipment": draw(st.sampled_from(["pem-500kw", "solid-oxide-300kw"])),
            "rated_kw": max(0.1, it_kw * draw(floats(0.0, 2.0))),
            "redundancy": draw(st.sampled_from(REDUNDANCY)),
        }
    return path


@st.composite
def policies(draw: st.DrawFn, it_kw: float) -> dict[str, Any]:
    """A policy that is no plan, with any parameters."""
    name = draw(
        st.sampled_from(
            ["self-consumption", "peak-shaving", "price", "carbon", "matching-247", "islanded"]
        )
    )
    if name == "peak-shaving":
        return {"name": name, "target_kw": it_kw * draw(floats(0.0, 3.0))}
    if name in ("price", "carbon"):
        return {
            "name": name,
            "charge_h": draw(floats(0.0, 23.0)),
            "discharge_h": draw(floats(0.0, 23.0)),
            "sell": draw(st.booleans()),
        }
    if name == "matching-247":
        return {"name": name, "match_frac": draw(floats(0.0, 1.0))}
    if name == "islanded":
        return {
            "name": name,
            "grid_connected": draw(st.booleans()),
            "outage_start_h": draw(st.lists(floats(0.0, 72.0), max_size=2)),
            "outage_h": draw(floats(0.0, 30.0)),
        }
    return {"name": name}


def facilities() -> st.SearchStrategy[Facility]:
    """Random valid facilities."""
    return designs().map(lambda data: parse_design(document(data)))


@st.composite
def weathers(draw: st.DrawFn) -> Boundary:
    """One to three days of outdoor air through a few random points, -40 to 50 °C, 2 to 100 %."""
    hours = draw(st.integers(24, 72))
    points = draw(
        st.lists(st.tuples(floats(-40.0, 50.0), floats(0.02, 1.0)), min_size=1, max_size=6)
    )
    at = np.linspace(0.0, len(points) - 1.0, hours)
    dry_c, humid = (
        np.interp(at, np.arange(len(points)), column) for column in zip(*points, strict=True)
    )
    # Standard atmosphere, 0 to 4000 m: ASHRAE Handbook Fundamentals 2021, ch. 1, eq. 3.
    altitude_m = draw(floats(0.0, 4000.0))
    pressure_pa = 101_325.0 * (1.0 - 2.25577e-5 * altitude_m) ** 5.2559
    clock = (np.arange(hours) + draw(st.integers(0, 23))) % 24
    sun = np.maximum(np.sin((clock - 6.0) / 12.0 * np.pi), 0.0) * draw(floats(0.0, 0.9))
    return Boundary(
        air=outdoor_air(dry_c, humid, np.full(hours, pressure_pa)),
        local_hour=clock,
        step_h=draw(st.sampled_from([0.25, 0.5, 1.0])),
        onsite_frac={
            "pv.pv": sun,
            "pv.roof": 0.7 * sun,
            "wind.wind": np.full(hours, draw(floats(0.0, 1.0))),
            "series.series": np.full(hours, 0.5),
        },
        place=Place(
            site="drawn",
            year_frac=(draw(floats(0.0, 0.99)) + np.arange(hours) / 8760.0) % 1.0,
            waters={
                name: np.full(hours, draw(floats(0.0, 32.0))) for name in ("sea", "river", "ground")
            },
            snowfall_m_per_h=np.full(hours, draw(floats(0.0, 0.02))),
            price_frac=1.0 + 0.5 * np.sin(clock / 12.0 * np.pi),
        ),
        price_per_kwh=np.resize(draw(st.lists(floats(-0.5, 1.0), min_size=1, max_size=9)), hours),
        carbon_kg_per_kwh=np.resize(
            draw(st.lists(floats(0.0, 1.0), min_size=1, max_size=9)), hours
        ),
        grid_available=draw(
            st.sampled_from([None, np.ones(hours), (np.arange(hours) % 19 < 14) * 1.0])
        ),
    )
