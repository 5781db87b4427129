"""Plans: the optimum is never dearer than any policy, is what its bound says, and can be reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dispatch_cases import batteries, hours, policy, simple_policies
from hypothesis import assume, given, settings

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.bill import bill, emitted_kg
from dctwin.dispatch.hours import Hours, Stores
from dctwin.dispatch.operate import operate
from dctwin.dispatch.planned import problem_of
from dctwin.dispatch.policies import Policy
from dctwin.dispatch.program import solve
from dctwin.errors import InputError

OPTIMUM = policy({"name": "optimum"})
ROLLING = policy({"name": "rolling-horizon"})


def slack(seen: Hours) -> float:
    """What HiGHS's feasibility (1e-7 kW a step) may cost, and rounding."""
    return 1e-6 * (1.0 + float(np.sum(np.abs(seen.load_kw) + seen.own_kw)))


def turnover(seen: Hours, battery: Battery) -> float:
    """All that could be bought and sold: what a gap is measured by."""
    problem = problem_of(seen, battery, "cost")
    prices = np.abs(problem.price_per_kwh) + np.abs(problem.export_price_per_kwh)
    most_kw = seen.load_kw + seen.own_kw + battery.charge_kw
    peak = problem.demand_price_per_kw * float(np.max(most_kw))
    return float(np.sum(prices * most_kw)) * seen.step_h + peak


@settings(max_examples=80, deadline=None)
@given(simple_policies(), batteries(), hours(most=36, outages=False))
def test_no_policy_is_cheaper_than_the_optimum(rule: Policy, battery: Battery, seen: Hours) -> None:
    """By the bill of what really happens, prices of any sign; nor than the bound."""
    assume(rule.seen(seen).grid_available is None)
    paid = bill(operate(rule, Stores(battery), seen), seen)
    best = operate(OPTIMUM, Stores(battery), seen)
    near = 1e-5 * turnover(seen, battery) + slack(seen)
    assert bill(best, seen) <= paid + near
    assert solve(battery, problem_of(seen, battery, "cost")).bound <= paid + slack(seen)
    assert best.battery is not None
    assert (best.battery.charge_kw * best.battery.discharge_kw == 0).all()


@settings(max_examples=30, deadline=None)
@given(simple_policies(), batteries(), hours(most=30, outages=False))
def test_no_policy_emits_less_than_the_optimum(rule: Policy, battery: Battery, seen: Hours) -> None:
    assume(rule.seen(seen).grid_available is None)
    emitted = emitted_kg(operate(rule, Stores(battery), seen), seen)
    least = policy({"name": "optimum", "goal": "carbon"})
    best = emitted_kg(operate(least, Stores(battery), seen), seen)
    near = 1e-5 * float(np.sum(seen.load_kw + battery.charge_kw)) * seen.step_h
    assert best <= emitted + near + slack(seen)
    assert solve(battery, problem_of(seen, battery, "carbon")).bound <= emitted + slack(seen)


@settings(max_examples=30, deadline=None)
@given(batteries(), hours(most=30, outages=False))
def test_the_optimum_is_its_bound_where_nothing_tempts(battery: Battery, seen: Hours) -> None:
    sold = 0.0 if seen.export_price_per_kwh is None else seen.export_price_per_kwh
    price = np.maximum(np.maximum(seen.price_per_kwh, sold), 0.0)
    seen = replace(seen, price_per_kwh=price)
    done = operate(OPTIMUM, Stores(battery), seen)
    best = solve(battery, problem_of(seen, battery, "cost"))
    near = 2e-5 * turnover(seen, battery) + slack(seen)
    assert bill(done, seen) == pytest.approx(best.bound, abs=near)


def test_many_negative_prices_are_planned_in_windows() -> None:
    """Ten days in which one price in six is negative, with PV that could be curtailed to buy."""
    steps = 240
    rng = np.random.default_rng(5)
    sun = np.maximum(np.sin((np.arange(steps) % 24 - 6) / 12 * np.pi), 0.0)
    seen = Hours(
        200.0 + 100.0 * rng.random(steps), 500.0 * sun, 1.0,
        price_per_kwh=0.1 + 0.1 * rng.standard_normal(steps), export_price_per_kwh=0.01,
    )  # fmt: skip
    battery = Battery(capacity_kwh=800.0, charge_kw=300.0, discharge_kw=300.0, ohmic_loss_h=0.1)
    done = operate(OPTIMUM, Stores(battery), seen)
    rules: list[dict[str, object]] = [{"name": "self-consumption"}, {"name": "price"}]
    for rule in [*rules, {"name": "price", "sell": True}]:
        assert bill(done, seen) < bill(operate(policy(rule), Stores(battery), seen), seen)
    assert done.plan_gap_frac is not None
    assert 0.0 <= done.plan_gap_frac[0] < 1e-3


@settings(max_examples=20, deadline=None)
@given(batteries(), hours(most=60, outages=False))
def test_a_rolling_horizon_is_dearer_than_the_optimum_and_keeps_energy(
    battery: Battery, seen: Hours
) -> None:
    done = operate(ROLLING, Stores(battery), seen)
    assert done.battery is not None
    assert (done.battery.charge_kw * done.battery.discharge_kw == 0).all()
    best = solve(battery, problem_of(seen, battery, "cost"))
    assert best.bound <= bill(done, seen) + slack(seen)


def week(step: int = 1) -> Hours:
    at = np.arange(168)
    price = 0.1 + 0.06 * np.sin((at % 24 - 9) / 24 * 2 * np.pi)
    one = np.ones(168)
    seen = Hours(1000.0 * one, 0.0 * one, 1.0 / step, price_per_kwh=price)
    names = ("load_kw", "own_kw", "price_per_kwh")
    return replace(seen, **{name: np.repeat(getattr(seen, name), step) for name in names})


@pytest.mark.parametrize("name", ["optimum", "rolling-horizon"])
def test_plans_are_equal_at_any_step(name: str) -> None:
    held = Stores(Battery(capacity_kwh=2000.0, charge_kw=500.0, discharge_kw=500.0))
    hourly = bill(operate(policy({"name": name}), held, week()), week())
    for step in (2, 4):
        fine = bill(operate(policy({"name": name}), held, week(step)), week(step))
        assert fine == pytest.approx(hourly, rel=0.002)


def test_a_repeating_day_is_planned_as_if_foreseen() -> None:
    held = Stores(Battery(capacity_kwh=2000.0, charge_kw=500.0, discharge_kw=500.0))
    foreseen = bill(operate(OPTIMUM, held, week()), week())
    rolled = bill(operate(ROLLING, held, week()), week())
    idle = bill(operate(policy({"name": "self-consumption"}), Stores(), week()), week())
    assert foreseen < rolled * (1 + 1e-9) < idle
    assert idle - rolled > 0.95 * (idle - foreseen)


def test_a_demand_charge_shaves_the_peak() -> None:
    seen = replace(week(), load_kw=1000.0 + 500.0 * (np.arange(168) % 24 == 18))
    held = Stores(Battery(capacity_kwh=2000.0, charge_kw=500.0, discharge_kw=500.0))
    plain = operate(OPTIMUM, held, seen)
    charged = replace(seen, demand_price_per_kw=50.0)
    shaved = operate(OPTIMUM, held, charged)
    assert shaved.import_kw.max() < 1060.0 < plain.import_kw.max()
    assert bill(shaved, charged) < bill(plain, charged)


def test_batches_are_planned_row_by_row() -> None:
    seen = week()
    rows = np.array([[500.0], [2000.0]])
    one = Battery(capacity_kwh=2000.0, charge_kw=500.0, discharge_kw=500.0)
    stacked = Stores(one.with_values(capacity_kwh=rows))
    both = operate(OPTIMUM, stacked, replace(seen, load_kw=seen.load_kw + 0.0 * rows))
    for row, capacity_kwh in enumerate((500.0, 2000.0)):
        alone = operate(OPTIMUM, Stores(one.with_values(capacity_kwh=capacity_kwh)), seen)
        assert bill(both, seen)[row] == pytest.approx(bill(alone, seen), rel=1e-9)


def test_plans_are_refused_where_they_cannot_be_made() -> None:
    with pytest.raises(InputError, match="a plan needs a battery"):
        OPTIMUM.request(week(), Stores())
    jax = pytest.importorskip("jax")
    there = replace(week(), load_kw=jax.numpy.ones(168))
    held = Stores(Battery(capacity_kwh=1.0, charge_kw=1.0, discharge_kw=1.0))
    with pytest.raises(InputError, match="not under JAX"):
        OPTIMUM.request(there, held)
