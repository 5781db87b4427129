"""Metrics by hand: a small ledger whose every number can be worked out on paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dctwin.ledger import Ledger
from dctwin.metrics import GridYear, compute_metrics

# Four hours: full load, half load with solar surplus, half load on compressors, all off.
IT = np.array([100.0, 50.0, 50.0, 0.0])
FANS = np.array([10.0, 5.0, 5.0, 0.0])
CHILLER = np.array([25.0, 0.0, 10.0, 0.0])
UPS = np.array([5.0, 2.5, 2.5, 1.0])
SUN = np.array([0.0, 80.0, 0.0, 0.0])
WATER = np.array([0.02, 0.01, 0.01, 0.0])
GRID = GridYear(carbon_kg_per_kwh=0.5, currency="JPY", price_per_kwh=20.0)


def books(reused_kw: Any = 0.0) -> Ledger:
    """The facility of this page, closed."""
    ledger = Ledger(1.0)
    load = IT + FANS + CHILLER + UPS
    export = np.maximum(SUN - load, 0.0)
    ledger.post("electricity", "sun", "bus.facility", SUN)
    ledger.post("electricity", "grid", "bus.facility", np.maximum(load - SUN, 0.0))
    ledger.post("electricity", "bus.facility", "grid", export)
    ledger.post("electricity", "bus.facility", "ups", load)
    ledger.post("heat", "ups", "ambient", UPS, "power.ups_loss")
    ledger.post("electricity", "ups", "rack.a", IT, "it.compute")
    ledger.post("electricity", "ups", "rack.a", FANS, "it.fans")
    ledger.post("electricity", "ups", "air.chiller", CHILLER, "cooling.chiller")
    ledger.post("heat", "rack.a", "loop.air", IT + FANS)
    ledger.post("heat", "loop.air", "air.chiller", IT + FANS)
    ledger.post("heat", "air.chiller", "ambient", IT + FANS + CHILLER - reused_kw)
    ledger.post("heat", "air.chiller", "reuse", reused_kw + 0.0 * IT)
    ledger.post("water", "water.main", "air.chiller", 1.5 * WATER)
    ledger.post("water", "air.chiller", "water.atmosphere", WATER, "evaporation")
    ledger.post("water", "air.chiller", "water.drain", 0.5 * WATER, "blowdown")
    ledger.check()
    return ledger


def metrics(grid: GridYear = GRID, ledger: Ledger | None = None, **traces: Any) -> Any:
    held = {"unmet_k": np.array([0.0, 0.0, 1.5, 0.0]), **traces}
    return compute_metrics(ledger or books(), held, grid, 0.04)


IT_KWH = float((IT + FANS).sum())
FACILITY_KWH = float((IT + FANS + CHILLER + UPS).sum())
IMPORT_KWH = 140.0 + 0.0 + 67.5 + 1.0
EXPORT_KWH = 80.0 - 57.5
WATER_L = float(1.5 * WATER.sum()) * 3600 / 0.99910


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("it_kwh", IT_KWH),
        ("facility_kwh", FACILITY_KWH),
        ("pue", FACILITY_KWH / IT_KWH),
        ("ppue_cooling", 1 + 35.0 / IT_KWH),
        ("ppue_power", 1 + 11.0 / IT_KWH),
        ("tue", FACILITY_KWH / 200.0),
        ("grid_import_kwh", IMPORT_KWH),
        ("grid_export_kwh", EXPORT_KWH),
        ("onsite_kwh", 57.5),
        ("ref_frac", 57.5 / FACILITY_KWH),
        ("water_l", WATER_L),
        ("water_evaporated_l", WATER_L / 1.5),
        ("water_blowdown_l", WATER_L / 3.0),
        ("water_drift_l", 0.0),
        ("wue_l_per_kwh", WATER_L / IT_KWH),
        ("carbon_operational_kg", 0.5 * IMPORT_KWH),
        ("cue_kg_per_kwh", 0.5 * IMPORT_KWH / IT_KWH),
        ("cost_energy_per_year", 20.0 * IMPORT_KWH),
        ("peak_facility_kw", 140.0),
        ("peak_grid_kw", 140.0),
        ("cer", IT_KWH / 35.0),
        ("mlc", 35.0 / IT_KWH),
        ("elc", 0.04),
        ("mean_chiller_cop", IT_KWH / 35.0),
        ("unmet_cooling_h", 1.0),
        # Of three hours with heat, one without a compressor.
        ("free_cooling_h_frac", 1 / 3),
        ("erf_frac", 0.0),
        ("ere", FACILITY_KWH / IT_KWH),
        ("pue_category", 3.0),
        ("currency", "JPY"),
    ],
)
def test_by_hand(name: str, expected: Any) -> None:
    value = metrics().values[name]
    assert value == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-12))


def test_reused_heat_lowers_ere_and_not_pue() -> None:
    reused = np.array([20.0, 10.0, 10.0, 0.0])
    found = metrics(ledger=books(reused)).values
    assert found["heat_reused_kwh"] == 40.0
    assert found["erf_frac"] == pytest.approx(40.0 / FACILITY_KWH)
    # ISO/IEC 30134-6: ERE = (1 - ERF) PUE.
    assert found["ere"] == pytest.approx((1 - found["erf_frac"]) * found["pue"])
    assert found["pue"] == pytest.approx(FACILITY_KWH / IT_KWH)


def test_hourly_series_weigh_each_hour() -> None:
    carbon = np.array([0.1, 9.0, 0.2, 0.3])
    price = np.array([10.0, -99.0, 30.0, 0.0])
    grid = GridYear(
        carbon_kg_per_kwh=carbon, currency="USD", price_per_kwh=price,
        market_carbon_kg_per_kwh=0.25, water_l_per_kwh=2.0,
    )  # fmt: skip
    found = metrics(grid).values
    # The hour on solar power imports nothing, so that its dirty and cheap grid does not count.
    assert found["carbon_operational_kg"] == pytest.approx(14.0 + 13.5 + 0.3)
    assert found["cost_energy_per_year"] == pytest.approx(1400.0 + 2025.0)
    assert found["cue_market_kg_per_kwh"] == pytest.approx(0.25 * IMPORT_KWH / IT_KWH)
    assert found["wue_source_l_per_kwh"] == pytest.approx((WATER_L + 2.0 * IMPORT_KWH) / IT_KWH)


def test_carbon_free_share_is_matched_hour_by_hour() -> None:
    grid = GridYear(carbon_kg_per_kwh=0.5, currency="", carbon_free_frac=0.3)
    # Hour two is all sun; what is exported does not help the other hours.
    expected = (0.3 * IMPORT_KWH + 57.5) / FACILITY_KWH
    assert metrics(grid).values["cfe_247_frac"] == pytest.approx(expected)


def test_nothing_is_undefined_without_a_reason() -> None:
    found = metrics()
    undefined = {name for name, value in found.values.items() if value is None}
    assert undefined == set(found.undefined)
    assert all(len(reason) > 5 for reason in found.undefined.values())
    bare = {"cfe_247_frac", "cue_market_kg_per_kwh", "wue_source_l_per_kwh"}
    assert bare <= undefined


def test_a_dead_facility_has_no_ratios() -> None:
    ledger = Ledger(1.0)
    zero = np.zeros(4)
    ledger.post("electricity", "grid", "bus.facility", zero)
    ledger.post("electricity", "bus.facility", "rack.a", zero, "it.compute")
    ledger.post("heat", "rack.a", "ambient", zero)
    found = metrics(ledger=ledger)
    for name in ("pue", "tue", "wue_l_per_kwh", "cue_kg_per_kwh", "erf_frac", "ref_frac", "cer",
                 "free_cooling_h_frac", "mean_chiller_cop", "mlc", "ere"):  # fmt: skip
        assert found.values[name] is None, name
        assert found.undefined[name]
    assert found.values["facility_kwh"] == 0.0


@pytest.mark.parametrize("step_h", [0.25, 0.5])
def test_shorter_steps_of_the_same_flows_scale_energy_not_ratios(step_h: float) -> None:
    short = books()
    short.step_h = step_h
    whole, part = metrics().values, metrics(ledger=short).values
    assert part["facility_kwh"] == pytest.approx(step_h * whole["facility_kwh"])
    assert part["unmet_cooling_h"] == step_h
    for name in ("pue", "wue_l_per_kwh", "cue_kg_per_kwh", "peak_facility_kw", "cer"):
        assert part[name] == pytest.approx(whole[name]), name


def test_every_number_is_finite() -> None:
    for value in metrics().values.values():
        assert value is None or isinstance(value, str) or math.isfinite(value)


def test_a_path_that_cannot_carry_the_design_load_has_no_elc() -> None:
    held = {"unmet_k": np.zeros(4)}
    found = compute_metrics(books(), held, GRID, math.nan)
    assert found.values["elc"] is None
    assert "design load" in found.undefined["elc"]
