"""Limits of racks in both clocks: throttling, classes, air astray, boiling loops, immersion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strategies import outdoor_air

import dctwin
from dctwin.components.cooling.loop import LoopState
from dctwin.components.it.rack import RackState
from dctwin.design import Facility
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.engines.transient import PlantState, run_transient, steady_state
from dctwin.engines.year import Year
from dctwin.errors import InputError

DTC = "dtc-warm-water-ac"


def weather(*dry_c: float) -> Boundary:
    count = len(dry_c)
    air = outdoor_air(np.array(dry_c), np.full(count, 0.4), np.full(count, 101_325.0))
    return Boundary(air, np.full(count, 12), 1.0)


def moment(dry_c: float) -> Boundary:
    return Boundary(outdoor_air(np.array([dry_c]), np.array([0.4]), np.array([101_325.0])),
                    np.array([12]), 1.0 / 3600)  # fmt: skip


def flags(year: Year, name: str) -> dict[str, Any]:
    return {f.place: f.limit.beyond for f in year.flags if f.limit.name == name}


def hot_plates(limit_c: float = 76.0, **changes: Any) -> Facility:
    """The direct-to-chip hall without its trim chillers, so that coolant follows the weather."""
    chain = [{"equipment": "dry-cooler-1mw", "name": "dry-cooler", "count": 2}]
    return dctwin.load_design(DTC).replace(
        {"cooling.loops.fws.stages": chain, "it.racks.gpu.case_limit_c": limit_c} | changes
    )


def test_annual_throttling_keeps_the_case_at_its_limit_and_the_books_closed() -> None:
    boundary = weather(10.0, 25.0, 30.0, 33.0, 38.0, 43.0)
    year = run_year(hot_plates(), boundary)
    withheld = np.asarray(year.traces["rack.gpu.throttled_frac"])
    case_c = np.asarray(year.traces["rack.gpu.case_c"])
    assert withheld[0] == 0.0
    assert np.all(np.diff(withheld) >= 0)
    assert withheld[-1] > 0.1
    np.testing.assert_allclose(case_c[withheld > 0], 76.0, atol=1e-5)
    assert np.all(case_c[withheld == 0] <= 76.0)
    assert all(gap <= 1e-9 for gap in year.closure.values())
    np.testing.assert_allclose(flags(year, "throttled_frac")["rack.gpu"], withheld)
    free = run_year(hot_plates(110.0), boundary)
    by_account = {a: np.broadcast_to(v, (6,)) for a, v in year.ledger.accounts().items()}
    unbound = np.broadcast_to(free.ledger.accounts()["it.compute"], (6,))
    np.testing.assert_allclose(by_account["it.compute"], unbound * (1 - withheld), rtol=1e-9)


def test_throttling_settles_however_small_the_plant() -> None:
    """The answer of a rack to a kelvin is several per cent of its heat: passes must still end."""
    boundary = weather(*np.linspace(20.0, 45.0, 26))
    for count in (1, 2, 3):
        facility = hot_plates(70.0, **{"cooling.loops.fws.stages": [
            {"equipment": "dry-cooler-1mw", "name": "dry-cooler", "count": count}]})  # fmt: skip
        year = run_year(facility, boundary)
        case_c = np.asarray(year.traces["rack.gpu.case_c"])
        withheld = np.asarray(year.traces["rack.gpu.throttled_frac"])
        idle = withheld >= withheld.max() - 1e-9
        np.testing.assert_allclose(case_c[(withheld > 0) & ~idle], 70.0, atol=1e-4)
        # What the loop gives back to its racks is what its stage leaves: no shortfall hides a gap.
        gone = [np.max(f.value) for f in year.ledger.flows if f.target == "shortfall"]
        assert max(gone, default=0.0) < 1e-4


def test_both_clocks_throttle_alike() -> None:
    facility, boundary = hot_plates(), moment(40.0)
    steady = steady_state(facility, boundary)
    year = run_year(facility, boundary)
    withheld = float(np.asarray(year.traces["rack.gpu.throttled_frac"])[0])
    assert withheld > 0.02
    warmer = PlantState(
        loops={n: LoopState(s.supply_c + 2.0) for n, s in steady.loops.items()},
        racks={n: RackState(s.case_c - 3.0) for n, s in steady.racks.items()},
        running=dict(steady.running), throttled=dict(steady.throttled), inlets=dict(steady.inlets),
    )  # fmt: skip
    still = run_transient(facility, boundary, [], 600, 20)
    assert not {event["event"] for event in still.events} & {"throttle", "release"}
    settling = run_transient(facility, boundary, [], 6 * 3600, 20, warmer)
    for run in (still, settling):
        assert run.state is not None
        assert np.asarray(run.year.traces["rack.gpu.throttled_frac"])[-1] == pytest.approx(
            withheld, abs=1e-6
        )
        for name, loop in run.state.loops.items():
            assert loop.supply_c == pytest.approx(steady.loops[name].supply_c, rel=1e-6), name
    assert np.max(settling.year.traces["rack.gpu.case_c"]) <= 76.0 + 1e-6


def test_air_class_throttles_and_flags() -> None:
    facility = dctwin.load_design("outside-air-evaporative-ac").replace(
        {"it.racks.servers.air_class": "A1"}
    )
    year = run_year(facility, weather(15.0, 30.0, 40.0, 48.0))
    inlet_c = np.asarray(year.traces["rack.servers.inlet_c"])
    withheld = np.asarray(year.traces["rack.servers.throttled_frac"])
    beyond = np.asarray(flags(year, "air_class_c")["rack.servers"])
    np.testing.assert_allclose(beyond, np.maximum(inlet_c - 32.0, 0.0), atol=1e-9)
    assert beyond[0] == 0.0
    assert beyond[-1] > 0.0
    # Full power less the air's share of the way from 32 to 85 °C; load is 0.75 of full.
    rack = facility.racks[0].device.component
    most_kw = rack.compute_kw(1.0) * (85.0 - inlet_c) / (85.0 - 32.0)
    asked_kw = rack.compute_kw(0.75)
    np.testing.assert_allclose(1 - withheld, np.minimum(most_kw / asked_kw, 1.0), rtol=1e-9)


@pytest.mark.parametrize(("cls", "loop", "most_c"), [("W32", "fws", 32.0), ("S40", "tcs", 40.0)])
def test_liquid_classes_look_at_their_own_water(cls: str, loop: str, most_c: float) -> None:
    facility = dctwin.load_design(DTC).replace(
        {"it.racks.gpu.liquid_class": cls, "it.racks.gpu.load_frac": 1.0}
    )
    year = run_year(facility, weather(10.0, 30.0))
    supply_c = np.broadcast_to(year.traces[f"loop.{loop}.supply_c"], (2,))
    found = np.broadcast_to(flags(year, "liquid_class_c")["rack.gpu"], (2,))
    np.testing.assert_allclose(found, np.maximum(supply_c - most_c, 0.0), atol=1e-9)
    assert found.max() > 0.0
    # Above it the liquid heat falls with what remains to the case limit, and the books close.
    rack = facility.racks[0].device.component
    withheld = np.broadcast_to(year.traces["rack.gpu.throttled_frac"], (2,))
    most_kw = rack.liquid_kw(1.0) * (rack.case_limit_c - supply_c) / (rack.case_limit_c - most_c)
    asked_kw = rack.compute_kw(facility.racks[0].load_frac)
    free = np.minimum(most_kw / (rack.liquid_frac * asked_kw), 1.0)
    np.testing.assert_allclose(1.0 - withheld, np.where(found > 0, free, 1.0), rtol=1e-7)
    assert withheld.max() > 0.0
    assert flags(year, "throttled_frac")["rack.gpu"].max() == pytest.approx(withheld.max())
    fine = facility.replace({"it.racks.gpu.liquid_class": "W+"})
    assert "rack.gpu" not in flags(run_year(fine, weather(10.0)), "liquid_class_c")


def test_racks_and_plates_outside_the_range_of_their_files_are_flagged() -> None:
    facility = dctwin.load_design("chilled-water-tower-ac")
    assert "rack.servers" in flags(run_year(facility, weather(10.0)), "inlet_c")
    for change, name, place, beyond in (
        ({"cooling.loops.room.supply_c": 36.0}, "inlet_c", "rack.servers", 1.0),
        ({"cooling.loops.chw.stages.economiser.ua_kw_per_k": 1e5}, "ntu", "chw.economiser", 100.0),
    ):
        usual = flags(run_year(facility, weather(0.0, 5.0)), name)[place]
        found = flags(run_year(facility.replace(change), weather(0.0, 5.0)), name)[place]
        assert np.max(usual) == 0.0
        assert np.max(found) >= beyond


def test_air_astray_costs_fan_power_and_warms_the_inlet() -> None:
    tight = dctwin.load_design("chilled-water-tower-ac")
    boundary = weather(10.0, 20.0)

    def of(bypass: float, recirculation: float) -> tuple[float, float]:
        year = run_year(tight.replace({"cooling.loops.room.bypass_frac": bypass,
                                       "cooling.loops.room.recirculation_frac": recirculation}),
                        boundary)  # fmt: skip
        fans_kw = float(np.max(year.ledger.accounts()["cooling.crah_fan"]))
        return fans_kw, float(np.max(year.traces["rack.servers.inlet_c"]))

    best, leaky, mixed = of(0.0, 0.0), of(0.3, 0.0), of(0.0, 0.15)
    assert leaky[0] > 1.8 * best[0]
    assert leaky[1] == pytest.approx(best[1], abs=1e-6)
    assert mixed[1] - best[1] == pytest.approx(0.15 / 0.85 * 11.0, rel=1e-6)


def test_two_phase_immersion_uses_less_than_single_phase() -> None:
    """Same servers, power and coolers: no tank pumps and warmer water, hence lower cooling PUE.

    Published: 1.02-1.03 for single phase (vendor claims), about 1.01-1.02 for two phases.
    """
    single = dctwin.simulate("immersion-adiabatic-800vdc", site="inzai")
    double = dctwin.simulate("two-phase-immersion-800vdc", site="inzai")
    assert 1.01 < single.metrics["ppue_cooling"] < 1.03
    assert 1.004 < double.metrics["ppue_cooling"] < 1.02
    assert 0.004 < single.metrics["ppue_cooling"] - double.metrics["ppue_cooling"] < 0.015
    assert double.metrics["wue_l_per_kwh"] < single.metrics["wue_l_per_kwh"]
    (charge,) = dctwin.load_design("two-phase-immersion-800vdc").charges
    assert (charge.place, charge.fluid) == ("bath.tank", "novec-649")
    assert charge.loss_kg_per_year == pytest.approx(8 * 1600 * 0.05)
    assert float(np.max(double.traces["bath.tank.vapour_loss_kg_per_year"])) == 640.0


def test_two_phase_loops_take_only_what_condenses() -> None:
    facility = dctwin.load_design("two-phase-dtc-r515b-ac")
    with pytest.raises(
        InputError, match=r"carries boiling.*two-phase-cdu, boiling-tank.*got 'cdu'"
    ):
        facility.replace({"cooling.loops.refrigerant.stages": [
            {"equipment": "vertiv-xdu1350-1368kw", "name": "cdu", "sink": "fws"}]})  # fmt: skip
    with pytest.raises(InputError, match="is built for boiling, this loop carries glycol"):
        dctwin.load_design(DTC).replace({"cooling.loops.tcs.stages": [
            {"equipment": "two-phase-250kw", "name": "cdu", "sink": "fws"}]})  # fmt: skip


def test_boiling_plates_do_not_feel_their_flow() -> None:
    facility = dctwin.load_design("two-phase-dtc-r515b-ac").replace(
        {"it.racks.gpu.case_flow_frac": 0.5}
    )
    year = run_year(facility, weather(10.0, 25.0))
    rack = facility.racks[0].device.component
    # Boiling at 45 °C, 25 K at full liquid heat.
    case_c = 45.0 + 25.0 * rack.liquid_kw(0.85) / rack.liquid_kw(1.0)
    np.testing.assert_allclose(year.traces["rack.gpu.case_c"], case_c, rtol=1e-9)
    quality = np.asarray(year.traces["loop.refrigerant.exit_quality_frac"])
    assert np.all(quality <= 0.5 + 1e-9)
