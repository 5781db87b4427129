"""Stores at work: energy kept, limits kept, one direction, equal at any step, rows apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dispatch_cases import SIZE_KW, banks, hours, policy, simple_policies, stores
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.dispatch.gensets import Bank
from dctwin.dispatch.hours import Hours, Request, Stores, honour_grid
from dctwin.dispatch.operate import Operation, follow_closely, operate
from dctwin.dispatch.policies import Islanded, Policy, SelfConsumption
from dctwin.equipment import load_equipment

TINY_KW = 1e-9 * SIZE_KW


def total(value: Any, hours: Hours) -> float:
    return float(np.sum(value)) * hours.step_h


@settings(max_examples=400, deadline=None)
@given(simple_policies(), stores(), hours(), banks())
def test_every_policy_keeps_energy_and_limits(
    rule: Policy, held: Stores, seen: Hours, sets: list[Bank]
) -> None:
    spans, left, done = follow_closely(rule, held, seen, sets)
    # In each part of a step the grid is there or not, and no power changes.
    there = replace(spans.spread(rule.seen(seen)), grid_available=left.grid_available)
    assert there.grid_available is None or set(np.unique(there.grid_available)) <= {0.0, 1.0}
    came = there.own_kw - done.curtailed_kw + done.import_kw + done.shed_kw
    went = there.load_kw + done.export_kw
    for engine in done.gensets:
        came, went = came + engine.output_kw, went + engine.heater_kw
        assert min(engine.output_kw.min(), np.min(engine.heater_kw)) >= -TINY_KW
        most_kw = engine.bank.unit.rated_kw * engine.bank.count
        assert (engine.output_kw <= most_kw * (1 + 1e-12)).all()
    for flows, gave, took in parts(done):
        came, went = came + gave, went + took
        assert np.abs(took - gave - flows.loss_kw - flows.stored_kw).max() <= TINY_KW
        assert (gave * took == 0).all()
        assert min(gave.min(), took.min(), flows.loss_kw.min()) >= -TINY_KW
        gained = np.cumsum(flows.stored_kw * spans.length_h)
        held_kwh = flows.energy_kwh - start_kwh(held, flows)
        np.testing.assert_allclose(gained, held_kwh, atol=1e-7)
    np.testing.assert_allclose(came, went, rtol=1e-12, atol=TINY_KW)
    assert (done.curtailed_kw <= there.own_kw + TINY_KW).all()
    assert (done.import_kw <= there.grid_kw + TINY_KW).all()
    assert (done.export_kw <= there.export_kw + TINY_KW).all()
    if there.export_price_per_kwh is not None:
        assert not done.export_kw[(there.export_price_per_kwh + 0.0 * done.export_kw) < 0].any()
    assert (done.shed_kw * done.export_kw == 0).all()
    # Load is shed only where the grid is missing or has reached its limit.
    unused_kw = np.broadcast_to(there.grid_kw - done.import_kw, done.shed_kw.shape)
    assert (unused_kw[done.shed_kw > TINY_KW] <= TINY_KW).all()
    # Nothing is shed while a standby set has power left, nor while a heater stays warm.
    for engine in done.gensets:
        spare_kw = engine.bank.unit.rated_kw * engine.bank.count - engine.output_kw
        if engine.bank.mode == "standby":
            assert (spare_kw[done.shed_kw > TINY_KW] <= TINY_KW).all()
        cold_kw = np.broadcast_to(engine.heater_kw, done.shed_kw.shape)
        assert (cold_kw[done.shed_kw > TINY_KW] <= TINY_KW).all()
    if held.battery is not None and done.battery is not None:
        assert done.battery.energy_kwh.min() >= -1e-9
        assert done.battery.energy_kwh.max() <= held.battery.capacity_kwh * (1 + 1e-12)
        assert (done.battery.charge_kw <= held.battery.charge_kw * (1 + 1e-12)).all()
        assert (done.battery.discharge_kw <= held.battery.discharge_kw * (1 + 1e-12)).all()
        if there.grid_available is None:
            floor_kwh = held.battery.reserve_frac * held.battery.capacity_kwh
            assert done.battery.energy_kwh.min() >= floor_kwh - 1e-9


@settings(max_examples=100, deadline=None)
@given(simple_policies(), stores(), hours(), banks())
def test_whole_steps_keep_the_energy_of_their_parts(
    rule: Policy, held: Stores, seen: Hours, sets: list[Bank]
) -> None:
    spans, _, parts_of = follow_closely(rule, held, seen, sets)
    done = operate(rule, held, seen, sets)
    came = seen.own_kw - done.curtailed_kw + done.import_kw + done.shed_kw
    went = seen.load_kw + done.export_kw
    for engine, cut in zip(done.gensets, parts_of.gensets, strict=True):
        came, went = came + engine.output_kw, went + engine.heater_kw
        burned_kwh = float(np.sum(cut.fuel_kw * spans.length_h))
        assert total(engine.fuel_kw, seen) == pytest.approx(burned_kwh, rel=1e-9, abs=1e-9)
        on = engine.output_kw > 0
        again_kw = engine.each_kw * engine.units_count * engine.running_frac
        np.testing.assert_allclose(
            (again_kw + 0.0 * on)[on], engine.output_kw[on], rtol=1e-9, atol=TINY_KW
        )
    for flows, gave, took in parts(done):
        came, went = came + gave, went + took
        assert np.abs(took - gave - flows.loss_kw - flows.stored_kw).max() <= TINY_KW
        gained = float(np.sum(flows.stored_kw)) * seen.step_h
        assert gained == pytest.approx(flows.energy_kwh[-1] - start_kwh(held, flows), abs=1e-7)
    np.testing.assert_allclose(came, went, rtol=1e-12, atol=TINY_KW)


def parts(done: Operation) -> list[tuple[Any, Any, Any]]:
    """(flows, given to the bus, taken from it) of each store."""
    found: list[tuple[Any, Any, Any]] = []
    if done.battery is not None:
        found.append((done.battery, done.battery.discharge_kw, done.battery.charge_kw))
    if done.hydrogen is not None:
        found.append((done.hydrogen, done.hydrogen.output_kw, done.hydrogen.input_kw))
    return found


def start_kwh(held: Stores, flows: Any) -> float:
    store: Any = held.tank if hasattr(flows, "heat_kw") else held.battery
    return store.start_frac * store.capacity_kwh


BATTERY = Battery(
    capacity_kwh=3000.0, charge_kw=800.0, discharge_kw=900.0, ohmic_loss_h=0.1, reserve_frac=0.1
)


def hydrogen(battery: Battery | None) -> Stores:
    electrolyser: Any = load_equipment("pem-1mw").component
    cell: Any = load_equipment("pem-500kw").component
    return Stores(battery, electrolyser, 1, HydrogenTank(capacity_kg=60.0), cell, 1)


@pytest.mark.parametrize("held", [Stores(BATTERY), hydrogen(BATTERY), hydrogen(None)])
@pytest.mark.parametrize(
    "data",
    [
        {"name": "self-consumption"},
        {"name": "peak-shaving", "target_kw": 900.0},
        {"name": "price"},
        {"name": "carbon", "sell": True},
        {"name": "matching-247", "match_frac": 0.8},
        {"name": "islanded", "outage_start_h": [30.4, 200.0, 333.71], "outage_h": 9.15},
        {"name": "islanded", "grid_connected": False},
    ],
)
def test_steps_of_any_length_give_equal_results(data: dict[str, Any], held: Stores) -> None:
    """Hourly inputs at 5, 15, 30 and 60 min: the same energies to rounding."""
    hourly = replace(month(), connection_kw=1900.0)
    rule = policy(data)
    sets = [Bank("set", load_equipment("diesel-1mw").component, 1, "standby")]  # type: ignore[arg-type]
    coarse = operate(rule, held, hourly, sets)
    aged = None
    if held.battery is not None and coarse.battery is not None:
        assert total(coarse.battery.discharge_kw, hourly) > 0
        aged = held.battery.capacity_left_frac(coarse.battery, hourly.air_c, 1.0)[-1]
    for parts_an_hour in (2, 4, 12):
        fine = finer(hourly, parts_an_hour)
        done = operate(rule, held, fine, sets)
        for name in ("import_kw", "export_kw", "curtailed_kw", "shed_kw"):
            same = total(getattr(coarse, name), hourly)
            assert total(getattr(done, name), fine) == pytest.approx(same, rel=1e-9, abs=1e-6), name
        for engine, again in zip(coarse.gensets, done.gensets, strict=True):
            same = total(engine.fuel_kw, hourly)
            assert total(again.fuel_kw, fine) == pytest.approx(same, rel=1e-9, abs=1e-6)
        for one, two in zip(parts(coarse), parts(done), strict=True):
            for a, b in zip(one[1:], two[1:], strict=True):
                assert total(b, fine) == pytest.approx(total(a, hourly), rel=1e-9, abs=1e-6)
        if held.battery is not None and done.battery is not None and aged is not None:
            left = held.battery.capacity_left_frac(done.battery, fine.air_c, fine.step_h)[-1]
            assert 1.0 - left == pytest.approx(1.0 - aged, rel=0.02)


def test_a_rolling_plan_is_the_same_in_shorter_steps() -> None:
    """Its plans are of whole hours."""
    hourly = replace(month(240), connection_kw=1900.0)
    rule, held = policy({"name": "rolling-horizon"}), Stores(BATTERY)
    coarse = operate(rule, held, hourly).battery
    assert coarse is not None
    assert total(coarse.discharge_kw, hourly) > 0
    for parts_an_hour in (2, 4, 12):
        fine = finer(hourly, parts_an_hour)
        done = operate(rule, held, fine).battery
        assert done is not None
        for name in ("charge_kw", "discharge_kw"):
            same = total(getattr(coarse, name), hourly)
            assert total(getattr(done, name), fine) == pytest.approx(same, rel=1e-6)
    odd = replace(finer(month(3), 4), load_kw=np.full(11, 900.0), own_kw=np.zeros(11))
    cut = {n: getattr(odd, n)[:11] for n in ("air_c", "price_per_kwh", "carbon_kg_per_kwh")}
    assert operate(rule, held, replace(odd, **cut)).import_kw.shape == (11,)


def month(steps: int = 720) -> Hours:
    at = np.arange(steps)
    rng = np.random.default_rng(3)
    sun = np.maximum(np.sin((at % 24 - 6) / 12 * np.pi), 0.0)
    return Hours(
        load_kw=1000.0 + 200.0 * rng.random(steps),
        own_kw=2500.0 * sun * rng.random(steps),
        step_h=1.0,
        air_c=15.0 + 20.0 * np.sin(at / 100.0),
        price_per_kwh=0.1 + 0.08 * rng.standard_normal(steps),
        carbon_kg_per_kwh=0.4 + 0.3 * rng.random(steps),
    )


def finer(hourly: Hours, parts_an_hour: int) -> Hours:
    names = ("load_kw", "own_kw", "air_c", "price_per_kwh", "carbon_kg_per_kwh")
    series = {name: np.repeat(getattr(hourly, name), parts_an_hour) for name in names}
    return replace(hourly, step_h=hourly.step_h / parts_an_hour, **series)


@settings(max_examples=50, deadline=None)
@given(simple_policies(), st.integers(0, 100))
def test_designs_of_a_batch_are_rows(rule: Policy, seed: int) -> None:
    seen = month(60)
    one = Battery(capacity_kwh=2000.0, charge_kw=700.0, discharge_kw=700.0, ohmic_loss_h=0.05)
    sizes = np.array([[2000.0], [500.0], [9000.0]])
    load_kw = seen.load_kw * (1.0 + 0.1 * np.random.default_rng(seed).random((3, 60)))
    both = operate(
        rule, Stores(one.with_values(capacity_kwh=sizes)), replace(seen, load_kw=load_kw)
    )
    for row in range(3):
        single = replace(seen, load_kw=load_kw[row])
        alone = operate(rule, Stores(one.with_values(capacity_kwh=float(sizes[row, 0]))), single)
        np.testing.assert_allclose(both.import_kw[row], alone.import_kw, rtol=1e-12, atol=1e-9)
        assert both.battery is not None
        assert alone.battery is not None
        np.testing.assert_allclose(
            both.battery.energy_kwh[row], alone.battery.energy_kwh, rtol=1e-12, atol=1e-9
        )


@pytest.mark.parametrize(
    "data",
    [
        {"name": "price"},
        {"name": "matching-247"},
        {"name": "islanded", "outage_start_h": [5.0], "outage_h": 20.0},
    ],
)
def test_jax_agrees(data: dict[str, Any]) -> None:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        sold = np.where(np.arange(96) % 3 == 0, -0.05, 0.04)
        seen, rule = replace(month(96), export_price_per_kwh=sold), policy(data)
        held = Stores(
            Battery(
                capacity_kwh=3000.0,
                charge_kw=800.0,
                discharge_kw=900.0,
                ohmic_loss_h=0.1,
                reserve_frac=0.2,
            )
        )
        names = ("load_kw", "own_kw", "air_c", "price_per_kwh", "carbon_kg_per_kwh")
        there = replace(seen, **{name: jax.numpy.asarray(getattr(seen, name)) for name in names})
        plain = operate(rule, held, seen)
        fused = jax.jit(
            lambda load_kw: operate(rule, held, replace(there, load_kw=load_kw)).import_kw
        )(there.load_kw)
        np.testing.assert_allclose(fused, plain.import_kw, rtol=1e-9, atol=1e-6)
    finally:
        jax.config.update("jax_enable_x64", before)


def test_reserve_is_drawn_in_an_outage_and_refilled_after_it() -> None:
    load_kw = np.full(12, 100.0)
    there = np.array([1.0] * 3 + [0.0] * 4 + [1.0] * 5)
    battery = Battery(
        capacity_kwh=400.0, charge_kw=100.0, discharge_kw=100.0, start_frac=0.75, reserve_frac=0.75,
        charge_efficiency_frac=1.0, discharge_efficiency_frac=1.0,
    )  # fmt: skip
    seen = Hours(load_kw, 0.0 * load_kw, 1.0, grid_available=there)
    done = operate(SelfConsumption(), Stores(battery), seen)
    assert done.battery is not None
    # 300 kWh last three of the four hours; the grid brings them back in three.
    assert list(done.battery.energy_kwh) == [300, 300, 300, 200, 100, 0, 0, 100, 200, 300, 300, 300]
    assert list(done.shed_kw) == [0] * 6 + [100] + [0] * 5
    assert done.import_kw[7] == 200.0


def test_an_island_never_touches_the_grid() -> None:
    rule = policy({"name": "islanded", "grid_connected": False})
    seen = month(240)
    done = operate(rule, Stores(Battery(capacity_kwh=2e3, charge_kw=1e3, discharge_kw=1e3)), seen)
    assert not done.import_kw.any()
    assert not done.export_kw.any()
    assert done.shed_kw.any()
    assert isinstance(rule, Islanded)


def test_a_connection_is_never_exceeded_while_the_battery_lasts() -> None:
    load_kw = np.array([50.0, 150.0, 150.0, 50.0])
    battery = Battery(
        capacity_kwh=100.0, charge_kw=100.0, discharge_kw=100.0, start_frac=0.5,
        charge_efficiency_frac=1.0, discharge_efficiency_frac=1.0,
    )  # fmt: skip
    seen = Hours(load_kw, 0.0 * load_kw, 1.0, connection_kw=120.0)
    done = operate(policy({"name": "peak-shaving", "target_kw": 1e4}), Stores(battery), seen)
    np.testing.assert_allclose(done.import_kw, [100.0, 120.0, 120.0, 110.0], rtol=1e-12)
    assert not done.shed_kw.any()


def test_fuel_cells_run_as_few_as_are_needed() -> None:
    cell: Any = load_equipment("solid-oxide-300kw").component
    held = Stores(
        tank=HydrogenTank(capacity_kg=1000.0, start_frac=1.0), fuel_cell=cell, fuel_cells_count=3
    )
    load_kw = np.array([60.0, 150.0, 500.0, 2000.0])
    done = operate(SelfConsumption(), held, Hours(load_kw, 0.0 * load_kw, 1.0))
    assert done.hydrogen is not None
    # Below 30 % of one unit none runs; three give at most 900 kW.
    np.testing.assert_allclose(done.hydrogen.output_kw, [0.0, 150.0, 500.0, 900.0])
    fuel_kw = -done.hydrogen.stored_kw
    np.testing.assert_allclose(fuel_kw[1:], np.array([150.0, 500.0, 900.0]) / 0.52)
    np.testing.assert_allclose(
        done.hydrogen.heat_kw[1:], 0.5 * (fuel_kw - load_kw.clip(0, 900))[1:]
    )


def test_own_surplus_is_exported_before_the_battery() -> None:
    """A battery that discharged beside a full connection would be curtailed."""
    seen = Hours(np.array([0.0, 0.0]), np.array([50.0, 45.0]), 1.0, connection_kw=50.0)
    request = honour_grid(Request(np.zeros(2), np.full(2, 9.0)), seen)
    np.testing.assert_allclose(request.discharge_kw, [0.0, 5.0])


def every_policy() -> list[dict[str, Any]]:
    """Each policy by name, so that it charges and discharges in the hours of `month`."""
    return [
        {"name": "self-consumption"},
        {"name": "peak-shaving", "target_kw": 900.0},
        {"name": "price"},
        {"name": "price", "sell": True},
        {"name": "carbon", "sell": True},
        {"name": "matching-247", "match_frac": 0.8},
        {"name": "islanded", "outage_start_h": [30.4, 90.0], "outage_h": 9.15},
        {"name": "islanded", "grid_connected": False},
        {"name": "optimum"},
        {"name": "optimum", "goal": "carbon"},
        {"name": "rolling-horizon"},
    ]


@pytest.mark.parametrize("data", every_policy())
def test_nothing_is_sold_at_a_negative_price(data: dict[str, Any]) -> None:
    """Feeding in costs money in every third hour: own sources are curtailed, the battery waits."""
    sold = np.where(np.arange(120) % 3 == 0, -0.05, 0.04)
    seen = replace(month(120), export_price_per_kwh=sold)
    _, there, done = follow_closely(policy(data), Stores(BATTERY), seen)
    loss = there.export_price_per_kwh < 0
    assert not done.export_kw[loss].any()
    assert done.battery is not None
    # What is curtailed is own power that neither load nor battery took.
    left_kw = np.maximum(there.surplus_kw - done.battery.charge_kw, 0.0)
    np.testing.assert_allclose(done.curtailed_kw[loss], left_kw[loss], atol=1e-6)
    assert (done.battery.discharge_kw <= there.deficit_kw + TINY_KW)[loss].all()
    if there.grid_available is None:
        assert not done.curtailed_kw[~loss].any()
        assert done.curtailed_kw.any()


def test_an_engine_sells_nothing_at_a_negative_price() -> None:
    """A base-load set at a share of its rating follows the load where feeding in costs money."""
    load_kw = np.full(2, 600.0)
    seen = Hours(load_kw, 0.0 * load_kw, 1.0, export_price_per_kwh=np.array([0.05, -0.05]))
    unit: Any = load_equipment("gas-1500kw").component
    sets = [Bank("set", unit.with_values(heater_kw=0.0), 1, "base-load", 0.8)]
    done = operate(SelfConsumption(), Stores(), seen, sets)
    np.testing.assert_allclose(done.gensets[0].output_kw, [1200.0, 600.0])
    np.testing.assert_allclose(done.export_kw, [600.0, 0.0])


@pytest.mark.parametrize("equipment", ["li-ion-4mwh", "lfp-4mwh"])
@pytest.mark.parametrize("data", every_policy())
def test_a_round_trip_is_the_stated_efficiency(data: dict[str, Any], equipment: str) -> None:
    """Energy out over energy in under each policy, charge left at the end counted as brought out.

    The catalogue states one way at no current; a loss per C-rate comes on top of it.
    """
    battery: Any = load_equipment(equipment).component
    hours_count = 240 if data["name"] in ("optimum", "rolling-horizon") else 720
    seen = month(hours_count)
    done = operate(policy(data), Stores(battery), seen).battery
    assert done is not None
    came_kwh, gave_kwh = total(done.charge_kw, seen), total(done.discharge_kw, seen)
    assert gave_kwh > 2.0 * battery.capacity_kwh
    left_kwh = float(done.energy_kwh[-1]) - battery.start_frac * battery.capacity_kwh
    round_trip = (gave_kwh + battery.discharge_efficiency_frac * left_kwh) / came_kwh
    if battery.ohmic_loss_h == 0.0:
        assert round_trip == pytest.approx(battery.round_trip_frac, rel=1e-9)
    else:
        # Between that at no current and that at full power, cells at their coldest.
        worst = 1.0 - battery.ohmic_frac_per_kw(battery.cell_low_c) * battery.charge_kw
        assert battery.round_trip_frac * worst**2 < round_trip < battery.round_trip_frac
