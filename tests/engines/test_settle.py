"""Where heat and temperatures agree: floating loops, controls, losses that warm loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from strategies import AIR_CHILLER, document, outdoor_air

import dctwin
from dctwin.design import Facility, load_design, parse_design
from dctwin.engines import passes as passes_module
from dctwin.engines import settle as settle_module
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.engines.heat import heat_flows
from dctwin.engines.settle import settle
from dctwin.engines.transient import run_transient, steady_state
from dctwin.engines.year import Year
from dctwin.errors import ComputationError, InputError
from dctwin.physics.fluids import freezing_point_c
from dctwin.plant import Wiring
from dctwin.surroundings import boundary_of, prepare

HOURS = 48


def boundary(low_c: float = -8.0, high_c: float = 36.0, altitude_m: float = 0.0) -> Boundary:
    at = np.arange(HOURS)
    dry_c = 0.5 * (low_c + high_c) + 0.5 * (high_c - low_c) * np.sin(at / 7.3)
    pressure_pa = 101_325.0 * (1.0 - 2.25577e-5 * altitude_m) ** 5.2559
    air = outdoor_air(dry_c, 0.5 + 0.0 * dry_c, np.full(HOURS, pressure_pa))
    return Boundary(air, at % 24, 1.0)


def hall(**loop: Any) -> dict[str, Any]:
    """A hall on chilled water from a dry cooler and an air-cooled chiller."""
    return {
        "name": "hall",
        "title": "Dry cooler, then chiller",
        "it": {"racks": {"a": {"kind": "rack", "design_kw": 10.0, "count": 40, "load_frac": 1.0,
                               "air": "room"}}},
        "cooling": {"loops": {
            "room": {"fluid": "air", "design_heat_kw": 420.0, "supply_c": 24.0, "rise_k": 12.0,
                     "volume_m3": 500.0, "mass_kwh_per_k": 0.3,
                     "stages": [{"kind": "crah", "sink": "chw", "count": 5, "ua_kw_per_k": 20.0,
                                 "design_flow_m3_s": 7.0, "fan_rise_pa": 400.0}]},
            "chw": {"fluid": "propylene-glycol-25", "design_heat_kw": 440.0, "supply_c": 12.0,
                    "rise_k": 6.0, "volume_m3": 8.0,
                    "pump": {"kind": "pump", "design_flow_m3_s": 0.006, "design_head_pa": 200e3,
                             "count": 4},
                    "stages": [
                        {"kind": "dry-cooler", "rated_heat_kw": 450.0, "rated_range_k": 6.0,
                         "rated_air_m3_s": 60.0, "fan_kw": 9.0},
                        {**AIR_CHILLER, "name": "chiller", "reference_kw": 200.0, "count": 3}],
                    **loop},
        }},
    }  # fmt: skip


def chiller(data: dict[str, Any], **values: Any) -> dict[str, Any]:
    data["cooling"]["loops"]["chw"]["stages"][1].update(values)
    return data


def cooler(data: dict[str, Any], **values: Any) -> dict[str, Any]:
    data["cooling"]["loops"]["chw"]["stages"][0].update(values)
    return data


def run(data: dict[str, Any], outside: Boundary | None = None) -> Year:
    year = run_year(parse_design(document(data)), outside or boundary())
    assert max(year.closure.values()) <= 1e-9
    return year


def flow(year: Year, account: str) -> np.ndarray:
    found = [f.value for f in year.ledger.flows if f.account == account]
    return np.broadcast_to(sum(found), (HOURS,))


def flow_to(year: Year, node: str) -> np.ndarray:
    """Heat into a node."""
    found = [f.value for f in year.ledger.flows if f.target == node and f.carrier == "heat"]
    return np.broadcast_to(sum(found), (HOURS,))


def shortfall(year: Year) -> np.ndarray:
    found = [f.value for f in year.ledger.flows if f.target == "shortfall"]
    return np.broadcast_to(sum(found), (HOURS,))


# --- loops that fall short --------------------------------------------------------------------


def test_a_loop_of_several_stages_floats_to_what_they_do_together() -> None:
    year = run(chiller(hall(), reference_kw=100.0))
    supply_c = np.broadcast_to(year.traces["loop.chw.supply_c"], (HOURS,))
    warm = supply_c > 12.0 + 1e-6
    assert 0 < warm.sum() < HOURS
    assert supply_c.max() < 25.0
    assert shortfall(year).max() <= 1e-6
    # In those hours every machine gives all that it has: any colder, and heat would be left over.
    facility = parse_design(document(chiller(hall(), reference_kw=100.0)))
    outside = boundary()
    found = settle(facility, Wiring(facility, outside.air, outside.here()), outside)
    loop = found.loops["chw"]
    served = Wiring(facility, outside.air, outside.here()).serve_chain(
        loop.circuit, loop.heat_kw,
        loop.circuit.loop.return_c(found.point.supply["chw"] - 0.01, loop.heat_kw,
                                   loop.flow_kw_per_k),
        loop.flow_kw_per_k, found.point.supply, {}, {},
    )  # fmt: skip
    assert (served.shortfall_kw > 0)[warm].all()


def test_a_colder_loop_of_one_stage_agrees_with_the_closed_form() -> None:
    """A chiller that does nothing changes nothing: the dry cooler floats as it does alone."""
    alone = hall()
    del alone["cooling"]["loops"]["chw"]["stages"][1]
    beside = chiller(hall(), reference_kw=1.0, count=1)
    one, two = run(alone), run(beside)
    gap_k = one.traces["loop.chw.supply_c"] - two.traces["loop.chw.supply_c"]
    # The tiny chiller takes some 0.25 % of the heat.
    assert (gap_k >= -1e-6).all()
    assert gap_k.max() < 0.3


def test_a_loop_without_any_steady_state_says_so() -> None:
    data = chiller(hall(), reference_kw=5.0, count=1)
    del data["cooling"]["loops"]["chw"]["stages"][0]
    year = run(data)
    assert shortfall(year).min() > 0
    assert np.asarray(year.traces["unmet_k"]).min() > 0


def test_a_float_is_where_the_transient_settles() -> None:
    facility = parse_design(document(chiller(hall(), reference_kw=100.0)))
    air = outdoor_air(33.0, 0.5, 101_325.0)
    moment = Boundary(air, 12, 20 / 3600)
    steady = steady_state(facility, moment)
    assert steady.loops["chw"].supply_c > 12.5
    after = run_transient(facility, moment, [], 4 * 3600, 20).state
    assert after is not None
    for name, loop in after.loops.items():
        assert loop.supply_c == pytest.approx(steady.loops[name].supply_c, abs=2e-4)


def test_hours_float_one_by_one() -> None:
    facility = parse_design(document(chiller(hall(), reference_kw=100.0)))
    whole = boundary()
    year = run_year(facility, whole)
    for hour in (3, 11, 12, 40):
        part = replace(
            whole,
            air=outdoor_air(
                whole.air.dry_bulb_c[hour : hour + 1],
                np.full(1, 0.5),
                whole.air.pressure_pa[hour : hour + 1],
            ),
            local_hour=whole.local_hour[hour : hour + 1],
        )
        alone = run_year(facility, part)
        assert alone.traces["loop.chw.supply_c"][0] == pytest.approx(
            year.traces["loop.chw.supply_c"][hour], abs=1e-8
        )


# --- controls ---------------------------------------------------------------------------------


def test_setpoint_reset_by_outdoor_air_and_by_load() -> None:
    line = {"reset_supply_c": 8.0, "reset_from_c": 0.0, "reset_to_c": 20.0}
    year = run(hall(reset="dry_bulb", **line))
    dry_c = boundary().air.dry_bulb_c
    expected = 12.0 - 4.0 * np.clip(dry_c / 20.0, 0.0, 1.0)
    np.testing.assert_allclose(year.traces["loop.chw.supply_c"], expected, atol=1e-6)
    by_load = run(hall(reset="load", reset_supply_c=8.0, reset_from_frac=0.5, reset_to_frac=1.0))
    supply_c = float(np.max(by_load.traces["loop.chw.supply_c"]))
    heat_kw = float(np.max(sum(
        f.value for f in by_load.ledger.flows
        if f.target == "loop.chw" and f.source == "room.crah"
    )))  # fmt: skip
    assert supply_c == pytest.approx(12.0 - 4.0 * (heat_kw / 440.0 - 0.5) / 0.5, abs=1e-6)


def test_staged_chillers_run_as_the_load_needs_them() -> None:
    staging = {"unit_kw": 200.0, "load_frac": 0.9, "off_load_frac": 0.7}
    year = run(chiller(hall(), staging=staging))
    units = np.broadcast_to(year.traces["chw.chiller.units_count"], (HOURS,))
    assert set(np.unique(units)) == {1.0, 2.0, 3.0}
    heat_kw = sum(f.value for f in year.ledger.flows if f.target == "chw.chiller" and
                  f.carrier == "heat")  # fmt: skip
    assert (heat_kw <= 180.0 * units + 1e-6)[units < 3].all()
    # A unit that runs alone at 70 % costs less than three at a quarter.
    assert flow(year, "cooling.chiller").sum() < flow(run(hall()), "cooling.chiller").sum()


def test_all_units_run_where_the_staged_ones_cannot() -> None:
    """Staged for more than a unit can do: no heat is left that the whole bank could take."""
    staging = {"unit_kw": 100_000.0, "load_frac": 0.9, "off_load_frac": 0.7}
    staged, whole = run(chiller(hall(), staging=staging)), run(hall())
    np.testing.assert_allclose(
        staged.traces["loop.chw.supply_c"], whole.traces["loop.chw.supply_c"], atol=1e-6
    )


def test_staged_pumps_meet_the_same_head_with_fewer_machines() -> None:
    data = hall()
    for rack in data["it"]["racks"].values():
        rack["load_frac"] = 0.3
    few = hall()
    few["it"] = data["it"]
    few["cooling"]["loops"]["chw"]["pump"]["staging"] = {"load_frac": 0.95, "off_load_frac": 0.8}
    all_on, staged = run(data), run(few)
    assert np.max(staged.traces["chw.pump.units_count"]) < 4
    # The hydraulic work is the same, motors and drives lose less.
    assert flow(staged, "cooling.pump.chw").sum() < flow(all_on, "cooling.pump.chw").sum()
    shaft = [sum(f.value for f in y.ledger.flows if (f.source, f.target) == ("chw.pump", "loop.chw"))
             for y in (all_on, staged)]  # fmt: skip
    np.testing.assert_allclose(shaft[0], shaft[1], rtol=1e-6)


def test_exclusive_changeover_runs_one_machine_at_a_time() -> None:
    change = {"below_c": 4.0, "hysteresis_k": 2.0, "exclusive": True}
    year = run(cooler(hall(), changeover=change))
    fans, compressors = flow(year, "cooling.dry_cooler_fan"), flow(year, "cooling.chiller")
    assert (fans > 0).any()
    assert (compressors > 0).any()
    assert (fans * compressors == 0).all()
    # The integrated plant pre-cools in between and needs less of the chiller.
    assert flow(run(hall()), "cooling.chiller").sum() < compressors.sum()


def test_a_parallel_branch_takes_what_it_brings_to_the_setpoint() -> None:
    series, parallel = run(hall()), run(cooler(hall(), parallel_flow_frac=1.0))
    compressors = [flow(year, "cooling.chiller") for year in (series, parallel)]
    np.testing.assert_allclose(parallel.traces["loop.chw.supply_c"], 12.0, atol=1e-6)
    # What is cold enough for all of the water is free in both; the chiller only ever helps, and
    # never makes up for water that the branch left too warm.
    free = compressors[0] == 0
    assert 0 < free.sum() < HOURS
    np.testing.assert_array_equal(compressors[1] == 0, free)
    busy = ~free
    leaving_c = np.broadcast_to(parallel.traces["chw.chiller.leaving_c"], (HOURS,))
    np.testing.assert_allclose(leaving_c[busy], 12.0, atol=1e-6)
    # In between, part of the water passes the branch; series pre-cools all of it and needs less.
    taken = [flow_to(year, "chw.dry-cooler") for year in (series, parallel)]
    assert ((taken[1] > 0) & busy).any()
    assert (taken[1] <= taken[0] + 1e-6).all()
    assert compressors[0].sum() < compressors[1].sum()


def test_cold_hours_are_free_beside_the_chillers() -> None:
    run = dctwin.simulate("screw-parallel-economiser-ac", "ishikari")
    asleep = np.asarray(run.traces["chw.chiller.load_frac"]) == 0
    assert 0.4 < asleep.mean() < 0.6
    assert run.metrics["free_cooling_h_frac"] == pytest.approx(asleep.mean())
    leaving_c = np.asarray(run.traces["chw.chiller.leaving_c"])[~asleep]
    supply_c = np.asarray(run.traces["loop.chw.supply_c"])[~asleep]
    np.testing.assert_allclose(leaving_c, supply_c, atol=0.01)
    # The supply is reset by load: colder the more is asked.
    assert 7.0 <= supply_c.min() < supply_c.max() <= 8.8


def test_a_parallel_branch_passes_no_more_than_its_pipe() -> None:
    year = run(cooler(hall(), parallel_flow_frac=0.5))
    total = sum(f.value for f in year.ledger.flows if f.target == "loop.chw")
    taken = flow_to(year, "chw.dry-cooler")
    assert (taken <= 0.5 * total + 1e-6).all()
    np.testing.assert_allclose(taken.max(), 0.5 * np.max(total), rtol=1e-6)
    assert (flow(year, "cooling.chiller") > 0).all()


def test_an_idle_loop_stops_but_in_frost() -> None:
    data = hall(idle="stops", frost_run_c=3.0)
    for rack in data["it"]["racks"].values():
        rack["idle_frac"], rack["load_frac"], rack["fan_frac"] = 0.0, 0.0, 0.0
    data["cooling"]["loops"]["room"]["idle"] = "stops"
    year = run(data)
    pump = flow(year, "cooling.pump.chw")
    cold = boundary().air.dry_bulb_c < 3.0
    assert (pump[cold] > 0).all()
    assert (pump[~cold] == 0).all()
    assert (flow(year, "cooling.crah_fan") == 0).all()


# --- losses of the mechanical and shared path in a loop ---------------------------------------


@pytest.mark.parametrize("path", ["mechanical", "shared"])
def test_a_loss_in_the_hall_is_cooled_there(path: str) -> None:
    ups = {"kind": "converter", "role": "ups", "name": "ups", "rated_kw": 800.0,
           "load_frac_points": [0.25, 1.0], "efficiency_points": [0.9, 0.94]}  # fmt: skip
    outdoors, inside = hall(), hall()
    outdoors["power"] = {path: [ups]}
    inside["power"] = {path: [{**ups, "heat_to": "room"}]}
    out, within = run(outdoors), run(inside)
    loss = flow(within, "power.ups_loss")
    to_room = sum(f.value for f in within.ledger.flows
                  if f.target == "loop.room" and f.source == f"power.{path}.ups")  # fmt: skip
    np.testing.assert_allclose(to_room, loss, rtol=1e-9)
    assert (flow(within, "cooling.crah_fan") > flow(out, "cooling.crah_fan")).all()
    assert (flow(within, "power.ups_loss") >= flow(out, "power.ups_loss")).all()


def test_the_transient_closes_with_losses_in_the_hall() -> None:
    data = hall()
    data["power"] = {"shared": [{"kind": "transformer", "rated_kw": 900.0, "no_load_kw": 2.0,
                                 "load_loss_kw": 9.0, "heat_to": "room"}]}  # fmt: skip
    facility = parse_design(document(data))
    moment = Boundary(outdoor_air(30.0, 0.5, 101_325.0), 12, 20 / 3600)
    done = run_transient(facility, moment, [], 600, 20)
    assert max(done.year.closure.values()) <= 1e-9
    assert done.state is not None
    assert done.state.path_kw["room"] == pytest.approx(
        steady_state(facility, moment).path_kw["room"]
    )


# --- altitude ---------------------------------------------------------------------------------


def test_thin_air_costs_fan_power() -> None:
    """At 1,800 m air has 0.804 of its density: at equal mass flow friction power goes with
    1/density², held pressure with 1/density."""
    sea, high = (run(hall(), boundary(altitude_m=m)) for m in (0.0, 1800.0))
    density = 101_325.0 / (101_325.0 * (1.0 - 2.25577e-5 * 1800.0) ** 5.2559)
    assert density == pytest.approx(1.243, abs=0.002)
    # Servers move the same mass of air.
    servers = flow(high, "it.fans") / flow(sea, "it.fans")
    np.testing.assert_allclose(servers, density**2, rtol=1e-9)
    # So do the CRAHs, but for the heat of the fans; they hold a tenth of the rise.
    friction, held = 0.9, 0.1
    fans_kw = []
    for year, thin in ((sea, 1.0), (high, 1.0 / density)):
        frac = np.asarray(year.traces["room.crah.flow_frac"])
        fans_kw.append(frac * (held + friction * thin * frac**2))
    ratio = flow(high, "cooling.crah_fan") / flow(sea, "cooling.crah_fan")
    # The density at sea level is that of supply air, over the 1.2 kg/m³ of the rating.
    np.testing.assert_allclose(ratio, fans_kw[1] / fans_kw[0], rtol=2e-3)
    mass = high.traces["room.crah.flow_frac"] / sea.traces["room.crah.flow_frac"] / density
    heat = flow(high, "it.fans") - flow(sea, "it.fans")
    it_kw = flow(sea, "it.fans") + flow(sea, "it.compute")
    assert np.all((mass > 1.0) & (mass < 1.0 + 1.5 * heat / it_kw))
    coolers = flow(high, "cooling.dry_cooler_fan") / np.maximum(
        flow(sea, "cooling.dry_cooler_fan"), 1e-9
    )
    running = flow(sea, "cooling.dry_cooler_fan") > 0.2
    part = running & (sea.traces["chw.dry-cooler.fan_speed_frac"] < 0.8)
    assert (coolers[part] > 1.05).all()


# --- what the site decides --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coldest_c", "name"),
    [(8.0, "water"), (-5.0, "propylene-glycol-25"), (-12.0, "propylene-glycol-40")],
)
def test_the_site_chooses_the_glycol(coldest_c: float, name: str) -> None:
    outside = boundary(low_c=coldest_c)
    coldest_c = float(outside.air.dry_bulb_c.min())
    auto = run(hall(fluid="propylene-glycol-auto"), outside)
    given = run(hall(fluid=name), outside)
    np.testing.assert_array_equal(flow(auto, "cooling.pump.chw"), flow(given, "cooling.pump.chw"))


def test_no_glycol_is_enough_for_the_pole() -> None:
    with pytest.raises(ComputationError, match=r"the strongest solution freezes at -32\.19"):
        run(hall(fluid="propylene-glycol-auto"), boundary(low_c=-60.0, high_c=0.0))


def test_water_in_a_coil_outdoors_is_flagged_in_frost() -> None:
    year = run(hall(fluid="water"))
    frost = [f.limit for f in year.flags if f.limit.name == "freezing_c"]
    assert len(frost) == 1
    np.testing.assert_allclose(frost[0].beyond, np.maximum(-boundary().air.dry_bulb_c, 0.0))


@pytest.mark.parametrize(
    "design", ["lei-masanet-03-outside-air-water-cooled", "lake-water-ac", "frontier"]
)
def test_what_moves_apart_keeps_what_does_not_feel_it(design: str, monkeypatch: Any) -> None:
    """To the last digit what comes out where nothing is kept."""
    around = prepare(dctwin.load_site("inzai"))
    facility = dctwin.load_design(design)
    year = boundary_of([facility], around)
    kept = run_year(facility, year)
    monkeypatch.setattr(passes_module, "_untouched", lambda *_: None)
    for one, other in zip(kept.ledger.flows, run_year(facility, year).ledger.flows, strict=True):
        np.testing.assert_array_equal(one.value, other.value)


@pytest.mark.parametrize("design", ["closed-cooler-dtc-ac", "hybrid-cooler-dtc-ac"])
def test_the_fluid_of_a_sprayed_coil_is_flagged_in_frost(design: str) -> None:
    """Besides the spray, where its basin is drained in frost."""
    outside = boundary(low_c=-25.0, high_c=5.0)
    year = run_year(dctwin.load_design(design), outside)
    freezing_c = freezing_point_c("propylene-glycol-25")
    assert freezing_c is not None
    beyond = np.maximum(freezing_c - outside.air.dry_bulb_c, 0.0)
    flagged = [f.limit.beyond for f in year.flags if f.limit.name == "freezing_c"]
    assert any(np.array_equal(one, beyond) for one in flagged)


def tower_design(**water: Any) -> Facility:
    facility = load_design("chilled-water-tower-ac")
    return facility.replace({"cooling.water": water}) if water else facility


def test_the_sites_water_decides_the_cycles() -> None:
    outside = replace(boundary(), makeup_kg_per_m3={"silica_kg_per_m3": 0.025})
    own, site = (run_year(tower_design(**w), outside) for w in ({}, {"cycles": "site"}))
    bled = [sum(np.sum(f.value) for f in y.ledger.flows if f.account == "blowdown")
            for y in (own, site)]  # fmt: skip
    # Silica 50/25 mg/L: two cycles instead of the tower's own.
    evaporated = sum(np.sum(f.value) for f in site.ledger.flows if f.account == "evaporation")
    drift = sum(np.sum(f.value) for f in site.ledger.flows if f.account == "drift")
    assert bled[1] == pytest.approx(evaporated / (2.0 - 1.0) - drift, rel=1e-6)
    assert bled[1] > bled[0]
    with pytest.raises(InputError, match="needs what the site's water contains"):
        run_year(tower_design(cycles="site"), boundary())


def test_water_comes_from_its_source() -> None:
    year = run_year(tower_design(source="reclaimed"), boundary())
    places = {f.source for f in year.ledger.flows if f.carrier == "water"}
    assert "water.reclaimed" in places
    assert "water.main" not in places


@pytest.mark.parametrize("design", ["screw-parallel-economiser-ac", "edge-hall-r32-ac"])
def test_a_setpoint_that_follows_the_load_starts_at_the_load(design: str, monkeypatch: Any) -> None:
    """The same answer as from the setpoint at full load, in a pass less."""
    facility = dctwin.load_design(design)
    passes: list[int] = []

    def counted(*arguments: Any) -> Any:
        passes[-1] += 1
        return heat_flows(*arguments)

    monkeypatch.setattr(passes_module, "heat_flows", counted)
    found = []
    for follow in (settle_module._follow_load, lambda _, start: (start, None)):
        monkeypatch.setattr(settle_module, "_follow_load", follow)
        passes.append(0)
        found.append(run_year(facility, boundary()))
    assert passes[0] < passes[1]
    for one, other in zip(found[0].ledger.flows, found[1].ledger.flows, strict=True):
        np.testing.assert_allclose(one.value, other.value, rtol=1e-9, atol=1e-9)
