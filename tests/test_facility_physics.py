"""Physics that must hold for whole facilities, bundled and random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import facilities, outdoor_air, weathers

import dctwin
from dctwin.components.component import Place
from dctwin.design import Facility, load_design
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.engines.year import Year
from dctwin.library import entries

DESIGNS = sorted(entries("designs"))


def totals(year: Year, hours: int) -> dict[Any, np.ndarray]:
    found: dict[Any, np.ndarray] = {}
    for f in year.ledger.flows:
        key = (f.carrier, f.source, f.target, f.account)
        found[key] = found.get(key, 0.0) + np.broadcast_to(f.value, (hours,))
    return found


def electricity_kw(year: Year, hours: int, prefix: str = "") -> np.ndarray:
    parts = [kw for name, kw in year.ledger.accounts().items() if name.startswith(prefix)]
    return np.broadcast_to(sum(parts), (hours,))


# --- scale ------------------------------------------------------------------------------------


def doubled(facility: Facility) -> Facility:
    """Two of everything: racks, machines, loops, lights."""

    def twice(device: Any) -> Any:
        if device is None:
            return None
        counts = {"count", "bus_count", "survivors_count", "standby_count"}
        values = {name: getattr(device, name) for name in counts}
        return replace(device, **{n: v if v is None else 2 * v for n, v in values.items()})

    def all_twice(devices: Any) -> Any:
        return tuple(twice(device) for device in devices)

    def loop(circuit: Any) -> Any:
        names = {*type(circuit.loop).extensive, "ventilation_m3_s"}
        return circuit.loop.with_values(**{n: 2 * getattr(circuit.loop, n) for n in names})

    return replace(
        facility,
        racks=tuple(replace(g, device=twice(g.device)) for g in facility.racks),
        circuits=tuple(
            replace(c, loop=loop(c), pump=twice(c.pump), stages=all_twice(c.stages))
            for c in facility.circuits
        ),
        feeds=tuple(replace(f, path=all_twice(f.path)) for f in facility.feeds),
        mechanical_path=all_twice(facility.mechanical_path),
        shared_path=all_twice(facility.shared_path),
        lighting_kw=2 * facility.lighting_kw,
    )


def plain(facility: Facility) -> Facility:
    """Without sources and stores of its own, whose policies name powers of the whole plant."""
    onsite = replace(
        facility.onsite, pv=(), wind=(), series=(), battery=None, electrolyser=None, tank=None,
        fuel_cell=None, gensets=(), connection_kw=None,
    )  # fmt: skip
    feeds = tuple(replace(feed, sources=None) for feed in facility.feeds)
    return replace(facility, onsite=onsite, feeds=feeds)


def unstaged(facility: Facility) -> Facility:
    """All units on: the second bank of a staged plant stops at another load than the first."""

    def plain(device: Any) -> Any:
        return device and replace(device, control=replace(device.control, staging=None))

    circuits = tuple(
        replace(c, pump=plain(c.pump), stages=tuple(plain(s) for s in c.stages))
        for c in facility.circuits
    )
    return replace(facility, circuits=circuits)


@settings(max_examples=25)
@given(facilities(), weathers())
def test_two_plants_are_one_of_twice_the_size(facility: Facility, boundary: Boundary) -> None:
    """Powers of two scale without rounding, so nothing can tip at a threshold."""
    hours = len(boundary.local_hour)
    facility = unstaged(plain(facility))
    one = totals(run_year(facility, boundary), hours)
    two = totals(run_year(doubled(facility), boundary), hours)
    assert one.keys() == two.keys()
    for key, value in one.items():
        largest = max(float(np.max(np.abs(v))) for k, v in one.items() if k[0] == key[0])
        np.testing.assert_allclose(two[key], 2 * value, rtol=1e-9, atol=1e-9 * largest)


# --- hotter is never cheaper ------------------------------------------------------------------

# Drops that are true, as a control that knows the optimum is not what these designs have.
FANS_FOR_NOTHING = "coolers at full speed for the last kelvin stop where outdoor air passes return"
CLAMP = "condenser water held at its lowest setpoint: warmer air frees tower fans, chiller the same"
STAGING = "a second chiller, a third tower starts, and at less load each they draw less together"
BASINS = "the basins of towers that are off need less heat in milder frost"
PADS = "pads are wetted, fans slow down"
RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "air-cooled-chiller-ac": ((-15, 45),),
    "dtc-45c-dry-cooler-ac": ((-15, 45),),
    "outside-air-evaporative-ac": ((-15, 45),),
    "chilled-water-tower-ac": ((-15, 5), (11, 42)),  # CLAMP
    "chilled-water-controls-ac": ((-9, 2), (3, 5), (11, 17), (18, 42)),  # BASINS, STAGING, CLAMP
    "dtc-warm-water-ac": ((-15, 28), (29, 45)),  # FANS_FOR_NOTHING
    "dtc-warm-water-800vdc": ((-15, 28), (29, 45)),  # FANS_FOR_NOTHING
    "immersion-adiabatic-800vdc": ((-15, 22), (23, 32)),  # PADS; above 33 °C it floats
}


@pytest.mark.parametrize("humid", [0.3, 0.6])
@pytest.mark.parametrize("name", sorted(set(RANGES) & set(DESIGNS)))
def test_hotter_is_never_cheaper_at_equal_load(name: str, humid: float) -> None:
    """Constant weather, kelvin by kelvin, at equal relative humidity."""
    for low, high in RANGES[name]:
        dry_c = np.arange(low, high + 0.5)
        hours = len(dry_c)
        air = outdoor_air(dry_c, humid + 0.0 * dry_c, np.full(hours, 101_325.0))
        facility = load_design(name)
        facility = replace(facility, onsite=replace(facility.onsite, battery=None))
        year = run_year(facility, Boundary(air, np.full(hours, 12), 1.0))
        total = electricity_kw(year, hours)
        drops = np.diff(total) / total[:-1]
        assert drops.min() >= -1e-6, (name, dry_c[int(np.argmin(drops))])


# --- nothing to do ----------------------------------------------------------------------------


def _keeps_cold(name: str) -> bool:
    """Whether a design has a store, which charges by the clock, load or no load."""
    circuits = load_design(name).circuits
    return any(hasattr(s.component, "start_kwh") for c in circuits for s in c.stages)


@pytest.mark.parametrize("name", [name for name in DESIGNS if not _keeps_cold(name)])
def test_a_dark_hall_needs_no_compressor(name: str) -> None:
    """No load and no light: books close, nothing is evaporated but for what pumps still stir."""
    facility = plain(load_design(name))
    dark = replace(
        facility,
        lighting_kw=0.0,
        racks=tuple(
            replace(
                g,
                load_frac=0.0,
                device=replace(
                    g.device,
                    component=g.device.component.with_values(idle_frac=0.0, fan_frac=0.0),
                ),
            )
            for g in facility.racks
        ),
        circuits=tuple(
            replace(c, loop=c.loop.with_values(idle="stops", frost_run_c=-60.0, ventilation_m3_s=0.0))
            for c in facility.circuits
        ),
        feeds=tuple(replace(f, path=(), sources=None) for f in facility.feeds),
        mechanical_path=(),
        shared_path=(),
    )  # fmt: skip
    dark = replace(dark, racks=tuple(replace(g, supply=()) for g in dark.racks))
    dry_c = np.linspace(-20.0, 45.0, 24)
    air = outdoor_air(dry_c, 0.5 + 0.0 * dry_c, np.full(24, 101_325.0))
    place = Place(waters={"sea": 15.0, "river": 15.0, "ground": 15.0})
    year = run_year(dark, Boundary(air, np.arange(24), 1.0, place=place))
    assert max(year.closure.values()) <= 1e-9
    for flow in year.ledger.flows:
        assert np.isfinite(flow.value).all(), flow
        if flow.account and "basin_heater" not in flow.account:
            assert np.max(np.abs(flow.value)) == 0.0, flow.account
    for name_, values in year.traces.items():
        assert np.isfinite(values).all(), name_


# --- 45 °C ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("site", "chills"), [
    ("ishikari", False), ("nagano", False), ("phoenix-record", True),
])  # fmt: skip
def test_45_c_coolant_needs_a_chiller_in_record_heat_only(site: str, chills: bool) -> None:
    run = dctwin.simulate("dtc-45c-dry-cooler-ac", site)
    compressor_kw = np.broadcast_to(run.ledger.accounts()["cooling.chiller"], (8760,))
    hours = int((compressor_kw > 0).sum())
    assert (hours > 0) is chills
    assert hours < 1000
    assert run.metrics["unmet_cooling_h"] == 0.0
    coolant_c = np.broadcast_to(run.traces["loop.tcs.supply_c"], (8760,))
    assert coolant_c.max() <= 45.0 + 1e-6
