"""Engine generators at the bus: who covers what, least load, heaters, rows and JAX."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dispatch_cases import policy

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.gensets import Bank
from dctwin.dispatch.hours import Hours, Stores
from dctwin.dispatch.operate import operate
from dctwin.dispatch.policies import SelfConsumption
from dctwin.equipment import load_equipment

DIESEL: Any = load_equipment("diesel-1mw").component  # least load 0.3, heater 4 kW
GAS: Any = load_equipment("gas-1500kw").component  # least load 0.25, heater 10 kW
NO_STORES = Stores()


def seen(load_kw: Any, own_kw: Any = 0.0, **more: Any) -> Hours:
    load_kw = np.asarray(load_kw, dtype=float)
    return Hours(load_kw, own_kw + 0.0 * load_kw, 1.0, **more)


def test_standby_covers_an_outage_with_as_few_sets_as_are_needed() -> None:
    there = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    hours = seen([900.0, 900.0, 1500.0, 5000.0, 100.0], grid_available=there)
    done = operate(SelfConsumption(), NO_STORES, hours, [Bank("set", DIESEL, 3, "standby")])
    (flows,) = done.gensets
    np.testing.assert_allclose(flows.output_kw, [0.0, 900.0, 1500.0, 3000.0, 100.0])
    np.testing.assert_allclose(flows.units_count[1:], [1, 2, 3, 1])
    np.testing.assert_allclose(done.shed_kw, [0.0, 0.0, 0.0, 2000.0, 0.0])
    # Heaters hang on the grid.
    np.testing.assert_allclose(flows.heater_kw, [12.0, 0.0, 0.0, 0.0, 0.0])
    assert done.import_kw[0] == 912.0
    # Without a grid to relieve, a small load leaves a set below its least load: flagged.
    (limit,) = DIESEL.limits(flows.output_kw / flows.units_count)
    np.testing.assert_allclose(limit.beyond, [0.0, 0.0, 0.0, 0.0, 0.2], atol=1e-12)


def test_beyond_the_connection_a_set_runs_at_its_least_load_or_more() -> None:
    hours = seen([900.0, 1100.0, 1500.0], connection_kw=1000.0)
    done = operate(SelfConsumption(), NO_STORES, hours, [Bank("set", DIESEL, 1, "standby")])
    np.testing.assert_allclose(done.gensets[0].output_kw, [0.0, 300.0, 500.0])
    np.testing.assert_allclose(done.import_kw, [904.0, 800.0, 1000.0])
    assert not done.shed_kw.any()


def test_the_battery_is_asked_before_the_standby_set_and_banks_follow_each_other() -> None:
    battery = Battery(
        capacity_kwh=500.0, charge_kw=500.0, discharge_kw=500.0, start_frac=1.0,
        charge_efficiency_frac=1.0, discharge_efficiency_frac=1.0,
    )  # fmt: skip
    banks = [Bank("a", DIESEL, 1, "standby"), Bank("b", DIESEL, 1, "standby")]
    rule = policy({"name": "islanded", "grid_connected": False})
    done = operate(rule, Stores(battery), seen([1800.0, 1800.0, 1800.0]), banks)
    first, second = (flows.output_kw for flows in done.gensets)
    np.testing.assert_allclose(first, [1000.0] * 3)
    # Heaters of 8 kW give way; the battery covers 500 of the 1,808 kW asked for.
    np.testing.assert_allclose(second, [300.0, 800.0, 800.0])
    assert not done.shed_kw.any()


def test_base_load_follows_above_its_least_load() -> None:
    hours = seen([200.0, 1000.0, 2000.0, 4000.0], [0.0, 0.0, 100.0, 0.0])
    done = operate(SelfConsumption(), NO_STORES, hours, [Bank("chp", GAS, 2, "base-load")])
    (flows,) = done.gensets
    # Below 375 kW it rests; one runs with the heater of the other; two; both full.
    np.testing.assert_allclose(flows.output_kw, [0.0, 1010.0, 1900.0, 3000.0])
    np.testing.assert_allclose(done.import_kw, [220.0, 0.0, 0.0, 1000.0])
    assert not done.curtailed_kw.any()


def test_a_set_share_is_given_sold_or_throttled_and_raised_in_an_outage() -> None:
    bank = [Bank("chp", GAS, 1, "base-load", 0.8)]
    load = [2000.0, 500.0, 500.0]
    sold = operate(SelfConsumption(), NO_STORES, seen(load, [0.0, 0.0, 400.0]), bank)
    np.testing.assert_allclose(sold.gensets[0].output_kw, 1200.0)
    np.testing.assert_allclose(sold.export_kw, [0.0, 700.0, 1100.0])
    kept = operate(SelfConsumption(), NO_STORES, seen(load, [0.0, 0.0, 400.0], export=False), bank)
    # In the third hour 100 kW are left to it: below its least load.
    np.testing.assert_allclose(kept.gensets[0].output_kw, [1200.0, 500.0, 0.0])
    assert not kept.curtailed_kw.any()
    dark = operate(SelfConsumption(), NO_STORES, seen(load, grid_available=np.zeros(3)), bank)
    np.testing.assert_allclose(dark.gensets[0].output_kw, [1500.0, 500.0, 500.0])
    np.testing.assert_allclose(dark.shed_kw, [500.0, 0.0, 0.0])


def test_the_policy_sees_what_engines_leave() -> None:
    """Peaks are shaved of the draw that is left, and own generation is not the engine's."""
    battery = Battery(capacity_kwh=9e3, charge_kw=900.0, discharge_kw=900.0, start_frac=1.0)
    rule = policy({"name": "peak-shaving", "target_kw": 500.0})
    hours = seen([2000.0, 2000.0])
    done = operate(rule, Stores(battery), hours, [Bank("chp", GAS, 1, "base-load", 0.6)])
    np.testing.assert_allclose(done.import_kw, 500.0)


@pytest.mark.parametrize("mode", ["standby", "base-load"])
def test_rows_and_jax_agree(mode: Any) -> None:
    jax = pytest.importorskip("jax")
    load_kw = np.array([[0.0, 300.0, 900.0, 2500.0], [100.0, 1700.0, 40.0, 3100.0]])
    ratings = np.array([[1000.0], [1500.0]])
    hours = seen(load_kw, grid_available=np.array([1.0, 0.0, 1.0, 0.0]), connection_kw=800.0)
    rows = operate(
        SelfConsumption(), NO_STORES, hours, [Bank("x", GAS.with_values(rated_kw=ratings), 2, mode)]
    )
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        for row, rated_kw in enumerate([1000.0, 1500.0]):
            one = [Bank("x", GAS.with_values(rated_kw=rated_kw), 2, mode)]
            single = replace(hours, load_kw=load_kw[row], own_kw=0.0 * load_kw[row])
            alone = operate(SelfConsumption(), NO_STORES, single, one)
            np.testing.assert_allclose(
                rows.gensets[0].output_kw[row], alone.gensets[0].output_kw, atol=1e-9
            )

            def run(kw: Any, single: Hours = single, one: Any = one) -> Any:
                there = replace(single, load_kw=kw, own_kw=0.0 * kw)
                return operate(SelfConsumption(), NO_STORES, there, one).gensets[0].fuel_kw

            fused = jax.jit(run)(jax.numpy.asarray(load_kw[row]))
            np.testing.assert_allclose(fused, alone.gensets[0].fuel_kw, rtol=1e-9, atol=1e-6)
    finally:
        jax.config.update("jax_enable_x64", before)
