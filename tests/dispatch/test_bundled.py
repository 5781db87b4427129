"""The bundled designs with stores, and policies set from outside."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

import dctwin
from dctwin.cli import main
from dctwin.errors import InputError

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_shows_what_engines_do() -> None:
    page = (DOCS / "storage-and-dispatch.md").read_text(encoding="utf-8")
    maker = runpy.run_path(str(DOCS / "make_dispatch.py"))
    assert maker["put"](page, "engines", maker["engine_table"]()) == page
    assert maker["put"](page, "policies", "") != page


def prices(folder: Path, lowest: float = -5.0) -> Path:
    """A year of prices that rise in the evening and fall one night a week."""
    at = np.arange(8760)
    price = 12.0 + 8.0 * np.sin((at % 24 - 12) / 24 * 2 * np.pi)
    price[(at % 24 == 3) & (at // 24 % 7 == 0)] = lowest
    times = np.datetime64("2023-01-01T00:00", "m") + at * np.timedelta64(1, "h")
    rows = [f"{time},{value:.3f}" for time, value in zip(times, price, strict=True)]
    path = folder / "price.csv"
    path.write_text("time_utc,price_jpy_per_kwh\n" + "\n".join(rows) + "\n")
    return path


def test_a_battery_that_follows_the_price_saves(tmp_path: Path) -> None:
    file = prices(tmp_path)
    traded = dctwin.simulate("battery-price-ac", "inzai", price=file)
    idle = {"onsite.policy": {"name": "self-consumption"}}
    waited = dctwin.simulate("battery-price-ac", "inzai", price=file, set=idle)
    assert traded.metrics["cost_energy_per_year"] < 0.98 * waited.metrics["cost_energy_per_year"]
    assert 300 < traded.metrics["battery_cycles_count"] < 370
    assert waited.metrics["battery_cycles_count"] <= 0.5
    assert (
        traded.metrics["battery_capacity_left_frac"] < waited.metrics["battery_capacity_left_frac"]
    )


def test_stores_raise_the_share_of_own_power_used() -> None:
    with_battery = dctwin.simulate("pv-battery-matching-ac", "ishikari")
    small = {"onsite.battery.capacity_kwh": 1.0, "onsite.battery.ohmic_loss_h": 0.0}
    without = dctwin.simulate("pv-battery-matching-ac", "ishikari", set=small)
    assert with_battery.metrics["self_consumption_frac"] > without.metrics["self_consumption_frac"]
    assert with_battery.metrics["cfe_247_frac"] > without.metrics["cfe_247_frac"]


def test_an_island_draws_nothing_and_tells_what_it_sheds() -> None:
    run = dctwin.simulate("island-hydrogen-ac", "inzai")
    assert run.metrics["grid_import_kwh"] == 0
    assert 0 < run.metrics["shed_kwh"] < 0.01 * run.metrics["facility_kwh"]
    assert [flag.limit for flag in run.flags if flag.place == "onsite"] == ["shed_kw"]
    # Splitting water takes 8.936 kg a kilogram and drains 0.4 of it.
    assert run.metrics["water_l"] > 0
    assert run.metrics["water_l"] == pytest.approx(
        run.metrics["water_evaporated_l"] + run.metrics["water_blowdown_l"]
    )


@pytest.mark.parametrize("step", ["5min", "30min"])
def test_a_year_in_shorter_steps_gives_the_same(step: str) -> None:
    fine, hourly = (
        dctwin.simulate("pv-battery-matching-ac", "inzai", step=s).metrics for s in (step, "1h")
    )
    names = ("grid_import_kwh", "grid_export_kwh", "battery_cycles_count", "facility_kwh")
    for name in names:
        # The air is interpolated between hours: the load itself is not quite the same.
        assert fine[name] == pytest.approx(hourly[name], rel=2e-4), name


def test_what_is_shed_computes_nothing() -> None:
    """Sixteen hours without grid or engines: IT, facility and carbon lose them, PUE does not."""
    dark = {"onsite.gensets": None}
    run = dctwin.simulate("standby-diesel-outage-ac", "inzai", set=dark)
    never = {**dark, "onsite.policy.outage_start_h": []}
    bright = dctwin.simulate("standby-diesel-outage-ac", "inzai", set=never)
    m, whole = run.metrics, bright.metrics
    assert m["grid_outage_h"] == 16.0
    assert whole["grid_outage_h"] == 0.0
    at = run.traces["onsite.shed_kw"] > 0
    assert at.sum() == 16
    assert m["shed_kwh"] == pytest.approx(bright.frame["facility_kw"].to_numpy()[at].sum())
    assert m["facility_kwh"] == pytest.approx(whole["facility_kwh"] - m["shed_kwh"], rel=1e-9)
    assert m["facility_kwh"] == pytest.approx(m["grid_import_kwh"], rel=1e-9)
    assert m["it_kwh"] == pytest.approx(whole["it_kwh"] * (1 - 16 / 8760), rel=1e-4)
    assert m["pue"] == pytest.approx(whole["pue"], rel=1e-4)
    per_kwh = m["carbon_scope2_location_kg"] / m["it_kwh"]
    assert m["cue_kg_per_kwh"] == pytest.approx(per_kwh, rel=1e-12)
    assert m["cue_kg_per_kwh"] == pytest.approx(whole["cue_kg_per_kwh"], rel=1e-3)
    assert m["cost_per_it_kwh"] == pytest.approx(m["cost_total_per_year"] / m["it_kwh"])
    assert sum(np.sum(kw) for kw in run.ledger.accounts().values()) == pytest.approx(
        m["facility_kwh"]
    )
    assert max(run.closure.values()) <= 1e-9


def test_a_policy_is_set_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "run",
                "battery-price-ac",
                "--site",
                "inzai",
                "--json",
                "--set",
                "onsite.policy.name=carbon",
            ]
        )
    assert not ended.value.code
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert metrics["battery_cycles_count"] > 300


@pytest.mark.parametrize("name", ["optimum", "rolling-horizon", "self-consumption", "islanded"])
def test_a_new_name_of_a_policy_leaves_the_keys_of_the_old_one_behind(name: str) -> None:
    traded = dctwin.load_design("battery-price-ac")
    assert traded.replace({"onsite.policy.name": name}).onsite.policy.name == name
    # What both know stays.
    halved = traded.replace({"onsite.policy.charge_h": 2.0})
    assert halved.replace({"onsite.policy.name": "carbon"}).onsite.policy.charge_h == 2.0
    with pytest.raises(InputError, match="target_kw: is missing"):
        traded.replace({"onsite.policy.name": "peak-shaving"})
    with pytest.raises(InputError, match=r"onsite.policy.sell: unknown key"):
        traded.replace({"onsite.policy.name": name, "onsite.policy.sell": True})


def test_a_key_of_a_policy_is_set_of_a_design_that_names_none() -> None:
    plain = dctwin.load_design("air-cooled-chiller-ac")
    assert "onsite" not in plain.document.data
    set_to = plain.replace({"onsite.policy.name": "price", "onsite.policy.charge_h": 3.0})
    assert set_to.onsite.policy.name == "price"
    assert set_to.onsite.policy.charge_h == 3.0
    with pytest.raises(InputError, match=r"onsite.policy.charge_h: unknown key"):
        plain.replace({"onsite.policy.charge_h": 3.0})


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"name": "prise"}, "onsite.policy.name: allowed .* did you mean 'price'"),
        ({"charge_h": 1.0}, "onsite.policy.name: is missing, allowed self-consumption, "),
        ({"name": "price", "charge_h": 99.0}, "onsite.policy.charge_h: is out of range, allowed 0"),
        ({"name": "price", "charge": 9.0}, "onsite.policy.charge: unknown key, .* 'charge_h'"),
        ({"name": "peak-shaving"}, "onsite.policy.target_kw: is missing"),
        ({"name": "optimum"}, "onsite.policy: 'optimum' plans a battery, without hydrogen"),
    ],
)
def test_a_wrong_policy_is_one_clear_line(policy: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        dctwin.load_design("island-hydrogen-ac").replace({"onsite.policy": policy})
    assert len(refused.value.faults) == 1


def test_the_optimum_runs_in_a_year(tmp_path: Path) -> None:
    file = prices(tmp_path, lowest=1.0)
    best = {"onsite.policy": {"name": "optimum"}, "onsite.battery.auxiliary_kw": 0.0}
    rule = {"onsite.battery.auxiliary_kw": 0.0}
    foreseen, traded = (
        dctwin.simulate("battery-price-ac", "inzai", price=file, set=change).metrics
        for change in (best, rule)
    )
    # It makes least what is billed: energy, network and the charge on the highest draw.
    bills = [m["cost_energy_per_year"] + m["cost_network_per_year"] for m in (foreseen, traded)]
    assert bills[0] < bills[1]
    assert foreseen["peak_grid_kw"] < traded["peak_grid_kw"]


def test_surplus_is_curtailed_where_feeding_in_costs_money() -> None:
    design = {"onsite.pv.count": 12, "onsite.policy": {"name": "price", "sell": True}}
    site = dctwin.load_site("tokyo")
    paid, fined = (
        dctwin.simulate(
            "dtc-warm-water-pv-battery-ac",
            site.replace({"tariff.export_price_jpy_per_kwh": price}),
            set=design,
        ).metrics
        for price in (0.0, -3.0)
    )
    assert paid["grid_export_kwh"] > 1e5
    assert fined["grid_export_kwh"] == 0
    assert fined["cost_export_revenue_per_year"] == 0
    assert fined["curtailed_kwh"] > 1e5 > paid["curtailed_kwh"]
