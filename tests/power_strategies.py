"""Hypothesis strategies of power paths: converters, laws, feeders, stores and trees of feeds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dctwin.physics.electrical import conductor_resistance_ohm

REDUNDANCY = ["N", "N+1", "N+2", "2N", "2(N+1)", "3N/2", "4N/3", "block"]


def size(low: float = 0.4, high: float = 3.0) -> st.SearchStrategy[float]:
    """Size of a machine over what it needs: too small to far too large."""
    return st.floats(low, high)


def floats(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of a device: nothing, or enough that products with it stay numbers."""
    found = st.floats(low, high, allow_subnormal=False)
    return found.map(lambda x: 0.0 if abs(x) < 1e-12 and low <= 0.0 else x)


@st.composite
def converters(draw: st.DrawFn, role: str, needed_kw: float) -> dict[str, Any]:
    """A converter with a random efficiency curve."""
    loads = sorted(draw(st.lists(st.integers(1, 120), min_size=2, max_size=6, unique=True)))
    device: dict[str, Any] = {
        "kind": "converter",
        "name": role,
        "role": role,
        "in_rack": role == "psu",
        "rated_kw": max(0.05, needed_kw * draw(size(0.7, 3.0))),
        "load_frac_points": [load / 100 for load in loads],
        "efficiency_points": [draw(floats(0.7, 1.0)) for _ in loads],
        **draw(banks()),
    }
    if role == "ups" and draw(st.booleans()):
        device.pop("sharing", None), device.pop("bus_count", None)  # eco mode cannot be staged
        device["eco_efficiency_points"] = [draw(floats(0.7, 1.0)) for _ in loads]
        device["eco_frac"] = draw(floats(0.0, 1.0))
        device["eco_min_load_frac"] = draw(st.sampled_from([0.0, 0.1]))
    return device


@st.composite
def banks(draw: st.DrawFn) -> dict[str, Any]:
    """How many units there are and how they share their load."""
    count = draw(st.integers(1, 6))
    if draw(st.booleans()):
        return {"count": count, "redundancy": draw(st.sampled_from(REDUNDANCY))}
    buses = draw(st.integers(1, 4))
    return {"count": count * buses, "sharing": "staged", "bus_count": buses}


@st.composite
def loss_laws(draw: st.DrawFn, role: str, needed_kw: float) -> dict[str, Any]:
    """A device with a loss law, each of its three terms perhaps nothing."""
    rated_kw = max(0.05, needed_kw * draw(size(0.7, 3.0)))
    some = st.one_of(st.just(0.0), floats(1e-4, 0.02))
    return {
        "kind": "loss-law",
        "name": f"{role}-law",
        "role": role,
        "rated_kw": rated_kw,
        "no_load_kw": rated_kw * draw(some),
        "proportional_frac": draw(some),
        "load_loss_kw": rated_kw * draw(some),
        **draw(banks()),
    }


@st.composite
def ride_throughs(draw: st.DrawFn, needed_kw: float) -> dict[str, Any]:
    """A store that stands by on a path."""
    return {
        "kind": "ride-through",
        "store": draw(st.sampled_from(["vrla", "li-ion", "lfp", "supercapacitor", "flywheel"])),
        "rated_kw": max(0.05, needed_kw * draw(size(0.7, 3.0))),
        "runtime_s": draw(floats(1.0, 900.0)),
        "rate_exponent": draw(floats(1.0, 1.4)),
        "round_trip_frac": draw(floats(0.6, 1.0)),
        "standby_kw": needed_kw * draw(floats(0.0, 0.01)),
        "count": draw(st.integers(1, 4)),
    }


@st.composite
def straight_lines(draw: st.DrawFn, role: str, needed_kw: float) -> dict[str, Any]:
    """A device with input = (output + fixed)/efficiency, worse than any in the catalogue."""
    rated_kw = max(0.05, needed_kw * draw(size(0.7, 3.0)))
    fixed_kw = rated_kw * draw(floats(0.0, 0.05))
    efficiency_frac = draw(floats(0.7, 1.0))
    return {
        "kind": "loss-law",
        "name": role,
        "role": role,
        "rated_kw": rated_kw,
        "no_load_kw": fixed_kw / efficiency_frac,
        "proportional_frac": 1.0 / efficiency_frac - 1.0,
        "redundancy": draw(st.sampled_from(REDUNDANCY)),
    }


@st.composite
def power_paths(draw: st.DrawFn, needed_kw: float, loops: list[str]) -> dict[str, Any]:
    """Three paths of random devices."""
    paths: dict[str, list[dict[str, Any]]] = {"it": [], "mechanical": [], "shared": []}
    for path, roles in (("it", ["ups", "rectifier", "sst", "pdu"]), ("mechanical", ["ups"])):
        for role in draw(st.lists(st.sampled_from(roles), max_size=2, unique=True)):
            device = draw(converters(role, needed_kw))
            device["heat_to"] = draw(st.sampled_from(["outdoors", *loops]))
            paths[path].append(device)
    for role in draw(st.lists(st.sampled_from(["switchgear", "sts", "rpp"]), max_size=2)):
        law = draw(loss_laws(role, needed_kw))
        place = draw(st.sampled_from(["it", "shared"]))
        if all(device.get("name") != law["name"] for device in paths[place]):
            paths[place].append(law)
    if draw(st.booleans()):
        paths["it"].append({**draw(ride_throughs(needed_kw)), "heat_to": loops[0]})
    if draw(st.booleans()):
        paths["it"].append(draw(busways(needed_kw)))
    paths["feeds"] = draw(feed_trees(needed_kw, loops))
    if draw(st.booleans()):
        rated_kw = max(1.0, needed_kw * draw(size(0.8, 3.0)))
        paths["shared"].append(
            {
                "kind": "transformer",
                "rated_kw": rated_kw,
                "no_load_kw": rated_kw * draw(floats(0.0, 0.005)),
                "load_loss_kw": rated_kw * draw(floats(0.0, 0.02)),
                "redundancy": draw(st.sampled_from(REDUNDANCY)),
                "heat_to": draw(st.sampled_from(["outdoors", *loops])),
            }
        )
    return paths


@st.composite
def feed_trees(draw: st.DrawFn, needed_kw: float, loops: list[str]) -> dict[str, Any]:
    """A feed `plant`, perhaps with sources of its own, and `row`, hung from it, it or the grid."""
    rectifier = draw(straight_lines("rectifier", needed_kw))
    rectifier["heat_to"] = draw(st.sampled_from(["outdoors", *loops]))
    plant: dict[str, Any] = {"stages": [rectifier]}
    if draw(st.booleans()):
        plant["sources"] = {
            "utility_v": 340.0,
            "utility_limit_kw": max(1.0, needed_kw * draw(size(0.5, 2.0))),
            "droop_frac": draw(floats(0.001, 0.3)),
            "battery_v": draw(floats(200.0, 400.0)),
            "battery": {
                "kind": "battery",
                "capacity_kwh": max(0.001, needed_kw * draw(floats(0.0, 5.0))),
                "charge_kw": needed_kw * draw(floats(0.0, 2.0)),
                "discharge_kw": needed_kw * draw(floats(0.0, 2.0)),
                "start_frac": draw(floats(0.0, 1.0)),
            },
        }
    row: dict[str, Any] = {"fed_from": draw(st.sampled_from(["main", "it", "plant"]))}
    if draw(st.booleans()):
        row["stages"] = [draw(radial_feeders(needed_kw))]
    return {"plant": plant, "row": row}


@st.composite
def radial_feeders(draw: st.DrawFn, needed_kw: float) -> dict[str, Any]:
    """A trunk with branches, wide enough for its load: a tenth of what one feeder could carry."""
    count = draw(st.integers(1, 4))
    source_v = draw(st.sampled_from([380.0, 800.0]))
    length_m = [draw(floats(1.0, 100.0)) for _ in range(count)]
    of_1_mm2 = float(conductor_resistance_ohm(sum(length_m), 1.0, "copper", 120.0)) * 2.0
    section_mm2 = 10.0 * 4.0 * 1000.0 * needed_kw * of_1_mm2 / source_v**2
    units = 1 + int(section_mm2 / 50_000.0)
    return {
        "kind": "radial-feeder",
        "system": "dc",
        "source_v": source_v,
        "min_v": 0.9 * source_v,
        "rated_kw": max(1.0, needed_kw * draw(size(0.8, 3.0))),
        "segment_from": [-1, *(draw(st.integers(-1, k - 1)) for k in range(1, count))],
        "length_m": length_m,
        "section_mm2": [max(1.0, section_mm2 / units) * draw(size(1.0, 2.0)) for _ in length_m],
        "rated_a": [max(1.0, 1000.0 * needed_kw / source_v)] * count,
        "load_share_frac": [1.0 / count] * count,
        "count": units,
    }


@st.composite
def busways(draw: st.DrawFn, needed_kw: float) -> dict[str, Any]:
    """A feeder that can carry its load: at most a fifth of the power at which voltage collapses."""
    source_v = draw(st.sampled_from([415.0, 800.0, 10_000.0]))
    length_m = draw(floats(1.0, 500.0))
    system = draw(st.sampled_from(["dc", "ac3"]))
    of_1_mm2 = float(conductor_resistance_ohm(length_m, 1.0, "aluminium", 120.0)) * 2.0
    enough_mm2 = 5.0 * 4.0 * 1000.0 * needed_kw * of_1_mm2 / source_v**2
    return {
        "kind": "busway",
        "system": system,
        "material": draw(st.sampled_from(["copper", "aluminium"])),
        "rated_kw": needed_kw * draw(size(0.8, 3.0)),
        "source_v": source_v,
        "length_m": length_m,
        "section_mm2": min(max(1.0, enough_mm2 * draw(floats(1.0, 5.0))), 100_000.0),
        "power_factor": 1.0,
        "poles_count": 3,
        "skin_frac": draw(floats(0.0, 0.3)) if system == "ac3" else 0.0,
        "count": 1 + int(enough_mm2 / 100_000.0),
    }
