"""The second clock: settles where the annual engine stands, keeps its books, follows its events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import dctwin
from dctwin.engines.flows import Boundary
from dctwin.engines.transient import PlantState, run_transient, steady_state
from dctwin.errors import InputError
from dctwin.library import entries
from dctwin.scenario import ScenarioEvent, load_scenario
from dctwin.surroundings import held_air, held_place, prepare

DESIGN_C = "dtc-warm-water-ac"
DESIGNS = sorted(entries("designs"))


def boundary_of(site: str = "inzai") -> Boundary:
    surroundings = prepare(dctwin.load_site(site))
    index, air = held_air(load_scenario("facility-water-pump-loss"), surroundings)
    place = held_place(surroundings.place, index)
    hour = int(surroundings.local_hour[index])
    return Boundary(air, hour, 1 / 3600, place=place, price_per_kwh=20.0)


def disturbed(state: PlantState, by_k: float) -> PlantState:
    return PlantState(
        loops={n: replace(s, supply_c=s.supply_c + by_k) for n, s in state.loops.items()},
        racks={n: replace(s, case_c=s.case_c + by_k) for n, s in state.racks.items()},
        running=dict(state.running),
        throttled=dict(state.throttled),
    )


@pytest.mark.parametrize("design", DESIGNS)
def test_disturbed_plant_settles_at_the_steady_answer(design: str) -> None:
    facility, boundary = dctwin.load_design(design), boundary_of()
    steady = steady_state(facility, boundary)
    run = run_transient(facility, boundary, [], 6 * 3600, 20, disturbed(steady, 1.5))
    assert run.state is not None
    for name, loop in run.state.loops.items():
        assert loop.supply_c == pytest.approx(steady.loops[name].supply_c, rel=1e-6), name
    for name, rack in run.state.racks.items():
        assert rack.case_c == pytest.approx(steady.racks[name].case_c, rel=1e-6), name


@pytest.mark.parametrize("design", DESIGNS)
def test_steady_plant_stays_where_it_is(design: str) -> None:
    facility, boundary = dctwin.load_design(design), boundary_of()
    steady = steady_state(facility, boundary)
    run = run_transient(facility, boundary, [], 60, 1)
    assert run.state is not None
    for name, loop in run.state.loops.items():
        assert loop.supply_c == pytest.approx(steady.loops[name].supply_c, rel=1e-9), name
    assert run.events == []


def test_heat_that_leaves_is_the_electricity_that_came_by_a_second_route() -> None:
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    run = run_transient(
        facility, boundary, [], 4 * 3600, 20, disturbed(steady_state(facility, boundary), 1.0)
    )
    ledger = run.year.ledger
    out_kw = sum(f.value for f in ledger.flows if f.carrier == "heat" and f.target == "ambient")
    in_kw = sum(f.value for f in ledger.flows if f.source == "grid")
    # First route: every node's books. Second route: all electricity against all heat, settled.
    assert np.asarray(out_kw)[-1] == pytest.approx(np.asarray(in_kw)[-1], rel=1e-8)
    # Third route: the fluid's capacity rate times its temperature fall, loop by loop.
    for circuit in facility.circuits:
        given = sum(f.value for f in ledger.flows if f.source == f"loop.{circuit.name}")
        node = f"loop.{circuit.name}"
        volume_kj = circuit.loop.volume_kj_per_m3_k(boundary.air.pressure_pa)
        fall_k = run.year.traces[f"{node}.return_c"] - run.year.traces[f"{node}.supply_c"]
        fluid_kw = run.year.traces[f"{node}.flow_m3_s"] * volume_kj * fall_k
        assert np.asarray(fluid_kw)[-1] == pytest.approx(np.asarray(given)[-1], rel=1e-8)


def test_pump_loss_warms_the_racks_and_its_return_cools_them() -> None:
    run = dctwin.transient(DESIGN_C, "inzai", "facility-water-pump-loss")
    what = [event["event"] for event in run.events]
    assert what[0] == "pump stop"
    assert "limit" in what
    assert "throttle" in what
    assert "pump start" in what
    times = [event["time_s"] for event in run.events]
    assert times == sorted(times)
    assert run.metrics["time_to_limit_s"] == pytest.approx(
        next(e["time_s"] for e in run.events if e["event"] == "limit") - 60
    )
    supply_c = run.traces["loop.tcs.supply_c"]
    assert supply_c[59] == pytest.approx(supply_c[0], rel=1e-6)
    assert supply_c.max() > 45
    assert supply_c[-1] < supply_c[660]
    assert all(gap <= 1e-9 for gap in run.closure.values())


def test_time_to_limit_is_what_the_inventory_can_hold() -> None:
    """The rack loop alone takes the racks' heat: M dT/dt = Q, checked by hand."""
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    run = run_transient(facility, boundary, [ScenarioEvent(at_s=0, do="stop", pump="fws")], 30, 0.5)
    tcs = next(c for c in facility.circuits if c.name == "tcs")
    held = tcs.loop.held_kwh_per_k(float(boundary.air.pressure_pa))
    held += sum(s.component.mass_kwh_per_k() * s.count for s in tcs.stages)
    into_kw = np.asarray(next(f.value for f in run.year.ledger.flows if f.target == "loop.tcs"))
    rise_k = np.diff(np.asarray(run.year.traces["loop.tcs.supply_c"]))
    assert rise_k == pytest.approx(into_kw[:-1] * 0.5 / 3600 / held, rel=1e-9)


def test_a_run_can_be_cut_in_two_and_resumed() -> None:
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    stop = ScenarioEvent(at_s=10, do="stop", pump="fws")
    whole = run_transient(facility, boundary, [stop], 120, 1)
    first = run_transient(facility, boundary, [stop], 60, 1)
    second = run_transient(facility, boundary, [], 60, 1, first.state)
    assert whole.state is not None
    assert second.state is not None
    for name, loop in whole.state.loops.items():
        assert second.state.loops[name].supply_c == pytest.approx(loop.supply_c, rel=1e-12)


def test_events_fall_between_steps_to_the_millisecond() -> None:
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    run = run_transient(facility, boundary, [ScenarioEvent(at_s=1.25, do="stop", pump="fws")], 3, 1)
    assert run.events[0]["time_s"] == 1.25
    assert np.diff(run.start_ms).tolist() == [250] * (len(run.start_ms) - 1)
    assert len(run.start_ms) == 12


def test_finer_steps_agree() -> None:
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    stop = [ScenarioEvent(at_s=0, do="stop", pump="fws")]
    coarse = run_transient(facility, boundary, stop, 60, 2)
    fine = run_transient(facility, boundary, stop, 60, 0.25)
    assert coarse.state is not None
    assert fine.state is not None
    assert coarse.state.loops["tcs"].supply_c == pytest.approx(
        fine.state.loops["tcs"].supply_c, abs=0.05
    )


def test_unknown_pump_is_one_line() -> None:
    facility, boundary = dctwin.load_design(DESIGN_C), boundary_of()
    with pytest.raises(InputError, match="did you mean 'fws'") as caught:
        run_transient(facility, boundary, [ScenarioEvent(at_s=0, do="stop", pump="fvs")], 10, 1)
    assert "\n" not in str(caught.value)


def test_loop_without_inventory_is_refused() -> None:
    facility = dctwin.load_design(DESIGN_C).replace(
        {"cooling.loops.fws.volume_m3": 0, "cooling.loops.fws.mass_kwh_per_k": 0}
    )
    with pytest.raises(InputError, match="holds no heat"):
        run_transient(facility, boundary_of(), [], 10, 1)
