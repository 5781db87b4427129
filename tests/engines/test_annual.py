"""The annual clock over random facilities: books, batches, orders, and second routes.

The engine checks its own books; here they are added up again, flow by flow, without its code.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import (
    AIR_CHILLER,
    WATER_CHILLER,
    designs,
    document,
    facilities,
    outdoor_air,
    weathers,
)

from dctwin.components.component import Place
from dctwin.design import Facility, load_design, parse_design, source_key
from dctwin.document import Document
from dctwin.engines.annual import run_year
from dctwin.engines.fit import fit
from dctwin.engines.flows import Boundary
from dctwin.engines.part import Problem
from dctwin.engines.settle import _held, _short
from dctwin.engines.year import Year
from dctwin.errors import ComputationError, InputError
from dctwin.ledger import GENSET, RENEWABLES, pick
from dctwin.library import entries
from dctwin.metrics import GridYear, Metrics, compute_metrics
from dctwin.plant import Wiring
from dctwin.stacking import stack

GRID = GridYear(
    carbon_kg_per_kwh=0.4, currency="JPY", price_per_kwh=20.0, water_l_per_kwh=1.0,
    carbon_free_frac=0.3,
)  # fmt: skip
# Places whose flows come from or go outside.
OUTSIDE = {
    "grid", *RENEWABLES, "shed", "ambient", "reuse", "shortfall", "water.body", "water.main",
    "water.reclaimed", "water.sea", "fuel.diesel", "fuel.gas",
    "water.drain", "water.atmosphere",
}  # fmt: skip

MAKE_UP = {"water.main", "water.reclaimed", "water.sea"}


def hours_of(boundary: Boundary) -> int:
    return len(boundary.local_hour)


def arrays(year: Year, hours: int) -> list[tuple[str, str, str, str, np.ndarray]]:
    return [
        (f.carrier, f.source, f.target, f.account, np.broadcast_to(f.value, (hours,)))
        for f in year.ledger.flows
    ]


def by_key(year: Year, hours: int, index: int = 0, designs_count: int = 1) -> dict[Any, np.ndarray]:
    """Flows of one design by carrier, ends and account."""
    found: dict[Any, np.ndarray] = defaultdict(lambda: np.zeros(hours))
    for f in year.ledger.flows:
        key = (f.carrier, f.source, f.target, f.account)
        found[key] = found[key] + pick(f.value, index, designs_count, hours)
    return found


def metrics_of(year: Year, hours: int) -> Metrics:
    ledger = year.ledger.pick(0, 1, hours)
    traces = {name: pick(value, 0, 1, hours) for name, value in year.traces.items()}
    return compute_metrics(ledger, traces, GRID, 0.05)


def assert_same_flows(
    one: dict[Any, np.ndarray], other: dict[Any, np.ndarray], relative: float
) -> None:
    """Equal flows, each relative to the largest flow of its carrier."""
    assert one.keys() == other.keys()
    largest = {
        carrier: max(
            (float(np.max(np.abs(v))) for k, v in one.items() if k[0] == carrier), default=0.0
        )
        for carrier in {key[0] for key in one}
    }
    for key, values in one.items():
        gap = float(np.max(np.abs(values - other[key])))
        assert gap <= relative * largest[key[0]], (key, gap, largest[key[0]])


# --- the books --------------------------------------------------------------------------------


@settings(max_examples=150)
@given(facilities(), weathers())
def test_random_facilities_close_their_books(facility: Facility, boundary: Boundary) -> None:
    hours = hours_of(boundary)
    year = run_year(facility, boundary)
    flows = arrays(year, hours)
    for carrier, source, target, account, values in flows:
        assert np.isfinite(values).all(), (source, target)
        largest = max(float(np.max(v)) for c, *_, v in flows if c == carrier)
        assert values.min() >= -1e-9 * largest, (carrier, source, target, account)
    for name, values in year.traces.items():
        assert np.isfinite(values).all(), name
    for carriers in ({"electricity", "heat"}, {"water"}):
        assert_closed(year, flows, carriers, hours)
    assert_electricity_closed(year, flows, hours)
    assert_metrics_sound(year, hours)


def assert_closed(year: Year, flows: Any, carriers: set[str], hours: int) -> None:
    """What enters each node leaves it or is stored there, in every step."""
    entered: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(hours))
    left: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(hours))
    passing: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(hours))
    for carrier, source, target, _, values in flows:
        if carrier in carriers:
            entered[target] += values
            left[source] += values
            passing[source] += np.abs(values)
            passing[target] += np.abs(values)
    if "heat" in carriers:
        for node, stored_kw in year.ledger.stored:
            left[node] += stored_kw
            passing[node] += np.abs(stored_kw)
    for node in (entered.keys() | left.keys()) - OUTSIDE:
        gap = np.abs(entered[node] - left[node])
        floor = 1e-6 * float(passing[node].max())
        assert (gap <= 1e-9 * np.maximum(passing[node], floor)).all(), node


def assert_electricity_closed(year: Year, flows: Any, hours: int) -> None:
    """Drawn from grid and sun = end uses + export + charged into batteries."""
    drawn, used = np.zeros(hours), np.zeros(hours)
    scale = np.zeros(hours)
    for carrier, source, target, account, values in flows:
        outside = source in ("grid", "shed", *RENEWABLES) or source.startswith(GENSET)
        if carrier == "electricity" and outside:
            drawn += values
        if carrier == "electricity" and target == "grid":
            used += values
        if account and carrier != "water":
            used += values
            scale += np.abs(values)
    for node, stored_kw in year.ledger.stored:
        if node.startswith("storage."):
            used += stored_kw
    scale = np.maximum(scale, np.abs(drawn))
    floor = 1e-6 * float(scale.max())
    assert (np.abs(drawn - used) <= 1e-9 * np.maximum(scale, floor)).all()


def assert_metrics_sound(year: Year, hours: int) -> None:
    metrics = metrics_of(year, hours)
    for name, value in metrics.values.items():
        if value is None:
            assert metrics.undefined[name], name
        elif not isinstance(value, str):
            assert math.isfinite(value), name
            assert name not in metrics.undefined
    accounts = year.ledger.pick(0, 1, hours).accounts()
    total_kwh = sum(float(np.sum(v)) for v in accounts.values()) * year.ledger.step_h
    assert metrics.values["facility_kwh"] == pytest.approx(total_kwh, rel=1e-12)
    if metrics.values["pue"] is not None:
        assert metrics.values["pue"] >= 1.0
        assert metrics.values["tue"] is None or metrics.values["tue"] >= metrics.values["pue"]


# --- second routes ----------------------------------------------------------------------------


@settings(max_examples=25)
@given(facilities(), weathers())
def test_flow_times_temperature_difference_is_the_heat(
    facility: Facility, boundary: Boundary
) -> None:
    hours = hours_of(boundary)
    year = run_year(facility, boundary)
    flows = arrays(year, hours)
    for circuit in facility.circuits:
        node = f"loop.{circuit.name}"
        supply_c, return_c, flow_m3_s = (
            year.traces[f"{node}.{name}"] for name in ("supply_c", "return_c", "flow_m3_s")
        )
        capacity = circuit.loop.volume_kj_per_m3_k(boundary.air.pressure_pa)
        carried_kw = flow_m3_s * capacity * (return_c - supply_c)
        # A store's heat comes in among the stages, an absorption chiller of another loop takes its
        # heat before this loop's fluid comes back, as ventilation does; a humidifier's electricity
        # warms its room.
        own = {f"{circuit.name}.{device.name}" for device in circuit.stages}
        ends = {*own, "shortfall"}
        heat = [f for f in flows if f[0] != "water"]
        brought_kw = sum(v for _, s, target, _, v in heat if target == node and s not in own)
        heat_kw = brought_kw - sum(v for _, s, t, _, v in heat if s == node and t not in ends)
        largest = max(float(np.max(brought_kw)), 1e-12)
        # A difference of two temperatures is known to their rounding.
        rounding = 1e-13 * float(np.max(flow_m3_s * capacity))
        atol = 1e-9 * largest + rounding
        np.testing.assert_allclose(carried_kw, heat_kw, rtol=1e-9, atol=atol)
        # What the stages take is what leaves, but for what they leave over.
        taken_kw = sum(v for _, source, t, _, v in heat if source == node and t in ends)
        taken_kw = taken_kw - sum(v for _, s, t, _, v in heat if t == node and s in own)
        np.testing.assert_allclose(taken_kw, heat_kw, rtol=1e-9, atol=1e-9 * largest)


@settings(max_examples=25)
@given(facilities(), weathers())
def test_supply_is_never_colder_than_asked(facility: Facility, boundary: Boundary) -> None:
    year = run_year(facility, boundary)
    for circuit in facility.circuits:
        loop = circuit.loop
        asked_c = loop.setpoint_c(boundary.air)
        if loop.reset == "load":
            asked_c = min(loop.supply_c, loop.reset_supply_c)
        assert np.min(year.traces[f"loop.{circuit.name}.supply_c"] - asked_c) >= -1e-6


@settings(max_examples=25)
@given(facilities(), weathers())
def test_water_in_is_evaporation_drift_and_blowdown(facility: Facility, boundary: Boundary) -> None:
    hours = hours_of(boundary)
    year = run_year(facility, boundary)
    flows = arrays(year, hours)
    drawn = sum((v for c, s, *_, v in flows if c == "water" and s in MAKE_UP), 0.0)
    kinds = ("evaporation", "drift", "blowdown")
    lost = sum((v for c, _, _, a, v in flows if c == "water" and a in kinds), 0.0)
    np.testing.assert_allclose(drawn, lost, rtol=1e-12, atol=1e-15)
    metrics = metrics_of(year, hours).values
    parts = sum(metrics[f"water_{kind}_l"] for kind in ("evaporated", "drift", "blowdown"))
    assert metrics["water_l"] == pytest.approx(parts, rel=1e-12, abs=1e-12)


@settings(max_examples=25)
@given(facilities(), weathers())
def test_every_wire_meets_its_device(facility: Facility, boundary: Boundary) -> None:
    """All electricity that is drawn reaches an end use: each account adds up to its devices."""
    hours = hours_of(boundary)
    year = run_year(facility, boundary)
    flows = arrays(year, hours)
    compute_kw = sum(v for *_, account, v in flows if account == "it.compute")
    expected: Any = 0.0
    for group in facility.racks:
        rack = group.device.component
        share = np.asarray(group.daily_profile_frac)[boundary.local_hour] * group.load_frac
        full_kw = rack.design_kw * (1 - rack.fan_frac)
        asked_kw = full_kw * (rack.idle_frac + (1 - rack.idle_frac) * share)
        withheld = year.traces[f"rack.{group.name}.throttled_frac"]
        expected = expected + group.device.count * asked_kw * (1 - withheld)
    np.testing.assert_allclose(compute_kw, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(facilities(), weathers())
def test_battery_never_charges_and_discharges_at_once(
    facility: Facility, boundary: Boundary
) -> None:
    assume(facility.onsite.battery is not None)
    assert facility.onsite.battery is not None
    hours = hours_of(boundary)
    policy = facility.onsite.policy
    found = by_key(run_year(facility, boundary), hours)
    charge_kw = found["electricity", "bus.facility", "storage.battery", ""]
    discharge_kw = found["electricity", "storage.battery", "bus.facility", ""]
    assert (charge_kw * discharge_kw == 0).all()
    count, battery = facility.onsite.battery.count, facility.onsite.battery.component
    assert charge_kw.max() <= battery.charge_kw * count * (1 + 1e-12)
    assert discharge_kw.max() <= battery.discharge_kw * count * (1 + 1e-12)
    if policy.name not in ("self-consumption", "matching-247") or (
        boundary.grid_available is not None
    ):
        return
    # It never feeds the grid, nor is it fed by it.
    imported, exported = (
        found["electricity", "grid", "bus.facility", ""],
        found["electricity", "bus.facility", "grid", ""],
    )
    assert (imported * charge_kw == 0).all()
    assert (exported * discharge_kw == 0).all()


# --- batches ----------------------------------------------------------------------------------


@st.composite
def variants(draw: st.DrawFn) -> list[Facility]:
    """Two to four designs of one topology that differ in numbers at any place."""
    data = draw(designs())
    first = parse_design(document(data))
    found = [first]
    for _ in range(draw(st.integers(1, 3))):
        scale = draw(st.floats(0.9, 1.1))
        changes: dict[str, Any] = {}
        for name, group in data["it"]["racks"].items():
            changes[f"it.racks.{name}.load_frac"] = group["load_frac"] * draw(st.floats(0.5, 1.0))
            changes[f"it.racks.{name}.count"] = draw(st.integers(1, 30))
        for name, loop in data["cooling"]["loops"].items():
            changes[f"cooling.loops.{name}.design_heat_kw"] = loop["design_heat_kw"] * scale
            warmer_c = loop["supply_c"] + draw(st.floats(0, 2))
            # Brine that makes ice stays below freezing.
            supply_c = min(warmer_c, -0.1) if name == "brine" else warmer_c
            changes[f"cooling.loops.{name}.supply_c"] = supply_c
        changes["building.lighting_kw"] = draw(st.floats(0, 50))
        found.append(first.replace(changes))
    return found


def _searches(facility: Facility, boundary: Boundary) -> bool:
    """Whether any loop falls short at its setpoint, so that a temperature is searched for it."""
    fitted = fit(facility, boundary)
    wiring = Wiring(fitted, boundary.air, boundary.here())
    return bool(np.any(_short(_held(Problem(fitted, wiring, boundary)))))


@settings(max_examples=25)
@given(variants(), weathers())
def test_a_batch_is_its_designs_one_by_one(batch: list[Facility], boundary: Boundary) -> None:
    """To rounding; where a temperature is searched, which ends within 1e-8 K of it and can swing on
    the way, to what that changes."""
    hours = hours_of(boundary)
    together = run_year(stack(batch), boundary)
    for index, facility in enumerate(batch):
        searched = _searches(facility, boundary)
        alone = run_year(facility, boundary)
        flows = by_key(alone, hours), by_key(together, hours, index, len(batch))
        assert_same_flows(*flows, 1e-5 if searched else 1e-11)
        for name, values in alone.traces.items():
            np.testing.assert_allclose(
                pick(together.traces[name], index, len(batch), hours),
                np.broadcast_to(values, (hours,)),
                rtol=1e-4 if searched else 1e-9,
                atol=1e-4 if searched else 1e-9,
                err_msg=name,
            )


def _base() -> dict[str, Any]:
    """An air-cooled hall on a water-cooled chiller and its tower."""
    return {
        "name": "base",
        "title": "Chilled water with a tower",
        "it": {"racks": {"hall": {"kind": "rack", "design_kw": 10.0, "count": 50,
                                  "load_frac": 0.7, "air": "room"}}},
        "cooling": {"loops": {
            "room": {"fluid": "air", "design_heat_kw": 550.0, "supply_c": 24.0, "rise_k": 12.0,
                     "stages": [{"kind": "crah", "sink": "chilled", "count": 5,
                                 "ua_kw_per_k": 20.0, "design_flow_m3_s": 8.0,
                                 "fan_rise_pa": 400.0}]},
            "chilled": {"fluid": "water", "design_heat_kw": 560.0, "supply_c": 10.0, "rise_k": 6.0,
                        "stages": [{**WATER_CHILLER, "reference_kw": 900.0,
                                    "sink": "condenser"}]},
            "condenser": {"fluid": "water", "design_heat_kw": 680.0, "follow": "wet_bulb",
                          "offset_k": 4.0, "rise_k": 5.0,
                          "stages": [{"kind": "tower", "rated_kw": 900.0,
                                      "design_water_m3_s": 0.04, "design_air_m3_s": 22.0,
                                      "fan_kw": 9.0}]},
        }},
        "power": {"it": [{"kind": "converter", "role": "ups", "name": "ups", "rated_kw": 600.0,
                          "load_frac_points": [0.25, 0.5, 1.0],
                          "efficiency_points": [0.9, 0.94, 0.95]}]},
    }  # fmt: skip


def _air_cooled() -> dict[str, Any]:
    data = _base()
    chilled = data["cooling"]["loops"]["chilled"]
    chilled["stages"] = [{**AIR_CHILLER, "reference_kw": 900.0}]
    del data["cooling"]["loops"]["condenser"]
    return data


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("power", "it", 0, "efficiency_points"), [0.8, 0.9, 0.95]),
        (("power", "it", 0, "name"), "another"),
        (("cooling", "loops", "room", "stages", 0, "name"), "handler"),
        (("cooling", "loops", "chilled", "fluid"), "propylene-glycol-25"),
        (("cooling", "loops", "chilled", "flow"), "constant"),
        (("onsite",), {"pv": {"kind": "pv", "rated_kw": 100.0}}),
        (("onsite",), {"export": False}),
    ],
)
def test_designs_of_other_topology_are_refused(place: tuple[Any, ...], value: Any) -> None:
    other = _base()
    here: Any = other
    for key in place[:-1]:
        here = here[key]
    here[place[-1]] = value
    pair = [parse_design(document(_base())), parse_design(document(other))]
    with pytest.raises(InputError):
        stack(pair)


# --- scale, order, weather --------------------------------------------------------------------


def _one_of_twice_the_size(facility: Facility) -> Facility:
    """Every bank of n machines as one machine of n times the size."""

    def joined(device: Any) -> Any:
        component, n = device.component, device.count
        grown = {name: getattr(component, name) * n for name in type(component).extensive}
        return replace(device, component=component.with_values(**grown), count=1)

    return replace(
        facility,
        racks=tuple(
            replace(
                g,
                device=joined(g.device),
                # Supplies stand inside each rack: as many sets as there were racks.
                supply=tuple(joined(replace(s, count=s.count * g.device.count)) for s in g.supply),
            )
            for g in facility.racks
        ),
        circuits=tuple(
            replace(
                c,
                pump=joined(c.pump) if c.pump else None,
                stages=tuple(joined(s) for s in c.stages),
            )
            for c in facility.circuits
        ),
        feeds=tuple(
            replace(feed, path=tuple(joined(d) for d in feed.path)) for feed in facility.feeds
        ),
        mechanical_path=tuple(joined(d) for d in facility.mechanical_path),
        shared_path=tuple(joined(d) for d in facility.shared_path),
        onsite=replace(
            facility.onsite,
            pv=tuple(joined(d) for d in facility.onsite.pv),
            wind=tuple(joined(d) for d in facility.onsite.wind),
            series=tuple(joined(d) for d in facility.onsite.series),
            battery=joined(facility.onsite.battery) if facility.onsite.battery else None,
        ),
    )


def _shuffled(value: Any, random: Any) -> Any:
    """The same data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: _shuffled(value[key], random) for key in keys}
    if isinstance(value, list):
        return [_shuffled(item, random) for item in value]
    return value


@settings(max_examples=15)
@given(designs(), weathers(), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(
    data: dict[str, Any], boundary: Boundary, random: Any
) -> None:
    hours = hours_of(boundary)
    one = run_year(parse_design(document(data)), boundary)
    other = run_year(parse_design(document(_shuffled(data, random))), boundary)
    assert_same_flows(by_key(one, hours), by_key(other, hours), 1e-12)


@settings(max_examples=15)
@given(
    st.sampled_from([_base, _air_cooled]),
    st.floats(12.0, 38.0),
    st.floats(0.5, 8.0),
    st.floats(0.2, 0.9),
    st.floats(0.1, 1.0),
)
def test_hotter_air_is_never_cheaper_for_chillers(
    make: Any, dry_c: float, warmer_k: float, humid: float, load: float
) -> None:
    data = make()
    data["it"]["racks"]["hall"]["load_frac"] = load
    facility = parse_design(document(data))
    air = outdoor_air(np.array([dry_c, dry_c + warmer_k]), np.full(2, humid), 101_325.0)
    year = run_year(facility, Boundary(air, np.zeros(2, dtype=int), 1.0))
    imported = by_key(year, 2)["electricity", "grid", "bus.facility", ""]
    assert imported[1] >= imported[0] * (1 - 1e-9)


@settings(max_examples=25)
@given(facilities(), weathers())
def test_an_hour_does_not_know_its_neighbours(facility: Facility, boundary: Boundary) -> None:
    """Without a store, a year is its hours: half of the weather gives half of the flows."""
    assume(not any(hasattr(s.component, "start_kwh") for c in facility.circuits for s in c.stages))
    bare = replace(facility.onsite, battery=None, electrolyser=None, tank=None, fuel_cell=None)
    facility = _forgetful(replace(facility, onsite=bare))
    hours = hours_of(boundary)
    half = slice(0, hours // 2)
    part = replace(
        boundary,
        air=type(boundary.air)(
            *(getattr(boundary.air, name)[half] for name in type(boundary.air).__slots__[:6])
        ),
        local_hour=boundary.local_hour[half],
        onsite_frac={name: share[half] for name, share in boundary.onsite_frac.items()},
        place=replace(
            boundary.place,
            year_frac=boundary.place.year_frac[half],
            waters={name: water_c[half] for name, water_c in boundary.place.waters.items()},
            snowfall_m_per_h=boundary.place.snowfall_m_per_h[half],
            price_frac=boundary.place.price_frac[half],
        ),
        grid_available=None if boundary.grid_available is None else boundary.grid_available[half],
    )
    whole = {k: v[half] for k, v in by_key(run_year(facility, boundary), hours).items()}
    alone = by_key(run_year(facility, part), hours // 2)
    assert_same_flows(whole, alone, 1e-10)


def _unstaged(facility: Facility) -> Facility:
    """The facility with all units on: a staged bank of two is not one machine of twice the size."""

    def plain(device: Any) -> Any:
        return replace(device, control=replace(device.control, staging=None))

    circuits = tuple(
        replace(c, pump=c.pump and plain(c.pump), stages=tuple(plain(s) for s in c.stages))
        for c in facility.circuits
    )
    return replace(facility, circuits=circuits)


def _forgetful(facility: Facility) -> Facility:
    """The facility without hysteresis in its controls."""

    def plain(device: Any) -> Any:
        control = device.control
        if control.staging:
            control = replace(control, staging=replace(control.staging, low=control.staging.high))
        if control.changeover:
            control = replace(control, changeover=replace(control.changeover, hysteresis_k=0.0))
        return replace(device, control=control)

    circuits = tuple(
        replace(c, pump=c.pump and plain(c.pump), stages=tuple(plain(s) for s in c.stages))
        for c in facility.circuits
    )
    return replace(facility, circuits=circuits)


# --- bundled designs and the other array backend ----------------------------------------------


def _bundled() -> list[str]:
    return list(entries("designs"))


def _two_days(hours: int = 48) -> Boundary:
    """From frost to heat, dry to humid."""
    at = np.arange(hours)
    dry_c = 14.0 + 22.0 * np.sin(at / 7.3)
    humid = 0.55 + 0.4 * np.sin(at / 5.1)
    sun = np.maximum(np.sin((at % 24 - 6) / 12 * np.pi), 0.0) * 0.7
    place = Place(
        year_frac=0.5 + at / 8760.0,
        waters={"sea": 15.0 + 5.0 * np.sin(at / 9.0), "ground": np.full(hours, 12.0)},
        snowfall_m_per_h=np.full(hours, 0.001),
    )
    air = outdoor_air(dry_c, humid, np.full(hours, 101_000.0))
    price = 20.0 + 15.0 * np.sin(at / 24 * 2 * np.pi)
    sources = {source_key(d) for name in _bundled() for d in load_design(name).onsite.sources()}
    return Boundary(
        air, at % 24, 1.0, dict.fromkeys(sources, sun), place=place, price_per_kwh=price,
        carbon_kg_per_kwh=0.02 * price,
    )  # fmt: skip


@pytest.mark.parametrize("name", _bundled())
def test_bundled_designs_close_and_meet_their_load(name: str) -> None:
    boundary = _two_days()
    year = run_year(load_design(name), boundary)
    assert max(year.closure.values()) <= 1e-9
    # Outdoor air is warmer than the servers' limit here, and this design has nothing else.
    if name != "outside-air-evaporative-ac":
        assert metrics_of(year, 48).values["unmet_cooling_h"] == 0.0


@pytest.mark.parametrize("name", _bundled())
def test_many_small_machines_are_one_large_one(name: str) -> None:
    """On bundled designs: a random one can stand at a threshold (a pump that just stops) where a
    rounding decides."""
    boundary = _two_days()
    facility = _unstaged(load_design(name))
    many = by_key(run_year(facility, boundary), 48)
    one = by_key(run_year(_one_of_twice_the_size(facility), boundary), 48)
    assert_same_flows(many, one, 1e-9)


def _with_jax(boundary: Boundary, jnp: Any) -> Boundary:
    air = boundary.air
    return replace(
        boundary,
        air=type(air)(*(jnp.asarray(getattr(air, name)) for name in type(air).__slots__[:6])),
        onsite_frac={name: jnp.asarray(v) for name, v in boundary.onsite_frac.items()},
    )


@pytest.fixture(scope="module")
def jax_numpy() -> Any:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax.numpy
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("name", _bundled() or ["base"])
def test_jax_agrees_with_numpy(name: str, jax_numpy: Any) -> None:
    facility = load_design(name) if _bundled() else parse_design(document(_base()))
    boundary = _two_days()
    year = run_year(facility, _with_jax(boundary, jax_numpy))
    assert any(type(f.value).__module__.startswith("jax") for f in year.ledger.flows)
    assert_same_flows(by_key(run_year(facility, boundary), 48), by_key(year, 48), 1e-9)


def test_document_lines_are_not_needed() -> None:
    assert isinstance(document(_base()), Document)
    assert parse_design(document(_base())).design_it_kw == 500.0


def _thin_feeder(load: float) -> Facility:
    """A long thin feeder that carries a tenth of the racks, and never all of them."""
    data = _base()
    data["it"]["racks"]["hall"].update(load_frac=load, idle_frac=0.0, fan_frac=0.0)
    data["power"]["it"] = [{"kind": "busway", "system": "dc", "rated_kw": 500.0, "source_v": 400.0,
                            "length_m": 500.0, "section_mm2": 200.0}]  # fmt: skip
    return parse_design(document(data))


def test_a_feeder_past_its_power_is_named_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_year(_thin_feeder(0.1), _two_days())
        with pytest.raises(
            ComputationError,
            match=r"power\.it\.busway.*cannot deliver 5\d\d kW, it is past",
        ):
            run_year(_thin_feeder(1.0), _two_days())
