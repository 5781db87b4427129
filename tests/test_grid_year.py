"""A site's grid over a run: tariffs, curtailment, outages, clocks, and files that replace them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.errors import InputError
from dctwin.grid_year import curtailing_frac, energy_price, local_times, make_grid_year
from dctwin.supply import Curtailment, Outage, Tariff

SITE = dctwin.load_site("inzai")
YEAR = SITE.weather()


def clock(start: str, hours: int = 24) -> np.ndarray:
    return np.datetime64(start, "s") + np.arange(hours) * np.timedelta64(1, "h")


def test_time_of_use_picks_the_first_period_that_fits() -> None:
    tariff = Tariff(
        currency="JPY", energy_price_jpy_per_kwh=10.0,
        time_of_use=[
            {"name": "summer peak", "months": [7, 8], "weekdays": ["mon", "tue", "wed", "thu", "fri"],
             "hours": [13, 14], "energy_price_jpy_per_kwh": 30.0},
            {"name": "day", "hours": list(range(8, 22)), "energy_price_jpy_per_kwh": 20.0},
        ],
    )  # fmt: skip
    monday = energy_price(tariff, clock("2023-07-03"), Path())
    assert monday[[0, 8, 13, 14, 15, 22]].tolist() == [10, 20, 30, 30, 20, 10]
    sunday = energy_price(tariff, clock("2023-07-02"), Path())
    assert sunday[13] == 20
    winter = energy_price(tariff, clock("2023-01-02"), Path())
    assert winter[13] == 20


def test_price_table_keeps_the_stated_mean() -> None:
    entry = SITE.file.tariff
    prices = energy_price(entry, local_times(YEAR, None), Path(SITE.document.file).parent)
    assert prices.mean() == pytest.approx(13.0, rel=0.005)  # months differ in length
    by_hour = prices.reshape(365, 24).mean(axis=0)
    # JEPX Tokyo 2024: dip at noon, peak in the evening.
    assert int(by_hour.argmin()) in (11, 12)
    assert int(by_hour.argmax()) in (17, 18, 19)


def test_summer_time_shifts_the_clock_and_days_have_23_and_25_hours() -> None:
    ashburn = dctwin.load_site("ashburn")
    local = local_times(ashburn.weather(), ashburn.file.timezone)
    days, counts = np.unique(local.astype("datetime64[D]"), return_counts=True)
    spring = counts[days == np.datetime64("2023-03-12")]
    autumn = counts[days == np.datetime64("2023-11-05")]
    assert spring.tolist() == [23]
    assert autumn.tolist() == [25]
    standard = local_times(ashburn.weather(), None)
    july = standard.astype("datetime64[M]") == np.datetime64("2023-07")
    assert ((local - standard)[july] == np.timedelta64(1, "h")).all()


def test_curtailment_takes_the_sunniest_days_around_noon() -> None:
    days = [0.0] * 12
    days[3] = 2.5
    share = curtailing_frac(Curtailment(days_count=days), YEAR)
    local = local_times(YEAR, None)
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    assert share.sum() == pytest.approx(2.5 * 7)  # 9 to 15 h, two days and a half
    assert set(np.unique(share)) == {0.0, 0.5, 1.0}
    assert share[(hour < 9) | (hour > 15)].max() == 0.0
    april = local.astype("datetime64[M]").astype(int) % 12 == 3
    assert share[~april].max() == 0.0
    light = np.bincount(np.arange(8760) // 24, weights=YEAR.ghi_w_m2)
    picked = np.bincount(np.arange(8760) // 24, weights=share) == 7
    whole_april = april.reshape(365, 24).all(axis=1)
    assert light[picked].min() >= light[whole_april & ~picked].max()


def test_an_outage_keeps_its_day_in_another_year() -> None:
    # The Hokkaido blackout of 6 September 2018, 03:07 local time.
    site = SITE.replace({"outages": [{"start_utc": "2018-09-05T18:07:00", "length_h": 2.0}]})
    grid = make_grid_year(site, YEAR)[0]
    lost = 1.0 - grid.available_frac
    assert lost.sum() == pytest.approx(2.0)
    first = int(np.argmax(lost > 0))
    assert str(YEAR.times_utc[first])[5:16] == "09-05T18:00"
    assert lost[first] == pytest.approx(53 / 60)


def test_outages_that_overlap_count_once() -> None:
    outages = [
        {"start_utc": f"2023-03-01T0{hour}:30:00", "length_h": length_h}
        for hour, length_h in ((2, 3.0), (3, 1.0), (5, 1.5))
    ]
    lost = 1.0 - make_grid_year(SITE.replace({"outages": outages}), YEAR)[0].available_frac
    assert lost.sum() == pytest.approx(4.5)


def test_a_part_of_an_hour_without_grid_sheds_that_part() -> None:
    outage = {"start_utc": "2018-09-05T18:15:00", "length_h": 0.5}
    run = dctwin.simulate("dtc-warm-water-ac", SITE.replace({"outages": [outage]}))
    whole = dctwin.simulate("dtc-warm-water-ac", SITE)
    assert run.metrics["grid_outage_h"] == pytest.approx(0.5)
    at = int(np.argmax(run.traces["onsite.shed_kw"] > 0))
    load_kw = next(whole.ledger.select(carrier="electricity", source="grid")).value[at]
    assert run.metrics["shed_kwh"] == pytest.approx(0.5 * load_kw, rel=1e-9)
    assert run.metrics["grid_import_kwh"] == pytest.approx(
        whole.metrics["grid_import_kwh"] - 0.5 * load_kw, rel=1e-12
    )


def test_outage_and_limit_are_flagged() -> None:
    changes = {
        "outages": [Outage(start_utc="2018-09-05T18:00:00", length_h=3.0).model_dump(mode="json")],
        "connection": {"import_limit_kw": 1000.0, "source": "made up"},
    }
    run = dctwin.simulate("dtc-warm-water-ac", SITE.replace(changes))
    found = {flag.limit: flag for flag in run.flags}
    assert found["shed_kw"].count_h == 3.0
    assert found["import_limit_kw"].count_h == 8757.0  # nothing is imported in the outage
    assert found["import_limit_kw"].worst == pytest.approx(run.metrics["peak_grid_kw"] - 1000.0)
    assert run.metrics["grid_outage_h"] == pytest.approx(3.0)


def test_a_grid_file_brings_its_shares_and_marginal_carbon(tmp_path: Path) -> None:
    hours = 8784
    start = np.datetime64("2024-01-01T00:00")
    rows = "".join(
        f"{start + np.timedelta64(k, 'h')},0.4,0.6,0.25,0.2,{100 if k % 24 == 3 else 0}\n"
        for k in range(hours)
    )
    head = "time_utc,carbon_kg_per_kwh,marginal_carbon_kg_per_kwh,low_carbon_frac,renewable_frac,surplus_kw\n"
    path = tmp_path / "grid.csv"
    path.write_text(head + rows, encoding="utf-8")
    run = dctwin.simulate("dtc-warm-water-ac", SITE, grid=path)
    m: Any = run.metrics
    assert m["carbon_scope2_location_kg"] == pytest.approx(0.4 * m["grid_import_kwh"])
    assert m["carbon_marginal_kg"] == pytest.approx(0.6 * m["grid_import_kwh"])
    assert m["cfe_247_frac"] == pytest.approx(0.25)
    assert m["curtailing_h"] == 365.0


def test_water_of_the_mix_when_it_is_given() -> None:
    site = SITE.replace(
        {"grid.water_l_per_kwh": None, "grid.mix_frac": {"gas": 0.6, "nuclear": 0.2, "solar": 0.2},
         "grid.water_cooling": "once_through"}
    )  # fmt: skip
    expected = 0.6 * 0.3785 + 0.2 * 1.018 + 0.2 * 0.0038
    assert make_grid_year(site, YEAR)[0].water_l_per_kwh == pytest.approx(expected)


def test_bad_supply_is_named() -> None:
    with pytest.raises(InputError, match="hours"):
        SITE.replace({"tariff.time_of_use": [{"hours": [24], "energy_price_jpy_per_kwh": 1.0}]})
    with pytest.raises(InputError, match="did you mean"):
        SITE.replace({"tariff.surchage_jpy_per_kwh": 1.0})
    with pytest.raises(InputError, match="days_count"):
        SITE.replace({"curtailment": {"days_count": [1, 2]}})


def test_no_more_is_drawn_of_a_surplus_than_there_is() -> None:
    days = [0.0] * 12
    days[3] = 2.0
    site = SITE.replace({"curtailment": {"days_count": days, "energy_kwh_per_year": 7000.0}})
    run = dctwin.simulate("dtc-warm-water-ac", site)
    assert run.metrics["curtailing_h"] == 14.0
    assert run.metrics["surplus_import_kwh"] == pytest.approx(7000.0)  # 500 kW in 14 h
    plenty = site.replace({"curtailment.energy_kwh_per_year": 1e9})
    most = dctwin.simulate("dtc-warm-water-ac", plenty).metrics["surplus_import_kwh"]
    unknown = dctwin.simulate(
        "dtc-warm-water-ac", site.replace({"curtailment.energy_kwh_per_year": None})
    )
    assert most == unknown.metrics["surplus_import_kwh"] > 14 * 1500.0


def test_shares_follow_from_the_mix_where_they_are_not_given() -> None:
    mix = {"coal": 0.3, "gas": 0.2, "unknown": 0.1, "nuclear": 0.15, "solar": 0.25}
    bare = dict.fromkeys(
        ("grid.low_carbon_frac", "grid.low_carbon_by_hour_frac", "grid.renewable_frac"), None
    )
    grid, sources = make_grid_year(SITE.replace({**bare, "grid.mix_frac": mix}), YEAR)
    assert grid.carbon_free_frac == pytest.approx(0.4)
    assert grid.renewable_frac == pytest.approx(0.25)
    assert sources["renewable_frac"].value == pytest.approx(0.25)
    given, _ = make_grid_year(SITE.replace({"grid.mix_frac": mix}), YEAR)
    assert given.renewable_frac == 0.1748


def test_an_outage_of_a_leap_day_is_left_out_of_other_years() -> None:
    site = SITE.replace({"outages": [{"start_utc": "2024-02-29T03:00:00", "length_h": 5.0}]})
    assert np.all(make_grid_year(site, YEAR)[0].available_frac == 1.0)


def test_a_connection_is_dated_by_year_or_month() -> None:
    for text in ("2032", "2032-04"):
        assert SITE.replace({"connection.available_from": text}).file.connection
    with pytest.raises(InputError, match="available_from"):
        SITE.replace({"connection.available_from": "soon"})
    run = dctwin.simulate("dtc-warm-water-ac", SITE)
    assert run.provenance["site"]["connection"]["available_from"] == "2032"


def test_every_series_names_the_source_of_the_values_used(tmp_path: Path) -> None:
    _, own = make_grid_year(SITE, YEAR)
    entry = SITE.file.grid
    assert own["carbon_kg_per_kwh"].source == " ".join(entry.carbon_source.split())
    assert own["price_per_kwh"].source == " ".join(SITE.file.tariff.source.split())
    assert own["price_per_kwh"].value == pytest.approx(13.0, rel=0.005)
    assert own["curtailing_frac"].status == "assumed"
    start = np.datetime64("2024-01-01T00:00")
    times = [str(start + np.timedelta64(k, "h")) for k in range(8784)]
    grid, price = tmp_path / "grid.csv", tmp_path / "price.csv"
    grid.write_text("time_utc,carbon_kg_per_kwh\n" + "".join(f"{t},0.4\n" for t in times))
    price.write_text("time_utc,price_jpy_per_kwh\n" + "".join(f"{t},9\n" for t in times))
    year, files = make_grid_year(SITE, YEAR, grid, price)
    assert files["carbon_kg_per_kwh"].source == f"--grid {grid}"
    assert files["carbon_kg_per_kwh"].value == pytest.approx(0.4)
    assert files["carbon_kg_per_kwh"].status == files["price_per_kwh"].status == "read"
    assert files["price_per_kwh"].source == f"--price {price}, price_jpy_per_kwh"
    # What the file has not stays the site's.
    assert files["carbon_free_frac"] == own["carbon_free_frac"]
    assert year.price_year == 2024


def test_holes_that_were_filled_are_told(tmp_path: Path) -> None:
    start = np.datetime64("2024-01-01T00:00")
    times = [str(start + np.timedelta64(k, "h")) for k in range(8784) if k not in (50, 51)]
    grid, price = tmp_path / "grid.csv", tmp_path / "price.csv"
    grid.write_text("time_utc,carbon_kg_per_kwh\n" + "".join(f"{t},0.4\n" for t in times))
    price.write_text("time_utc,price_jpy_per_kwh\n" + "".join(f"{t},9\n" for t in times))
    _, files = make_grid_year(SITE, YEAR, grid, price)
    filled = "2 missing values of {} interpolated"
    carbon, cost = files["carbon_kg_per_kwh"].source, files["price_per_kwh"].source
    assert carbon.endswith(f"; grid.csv: {filled.format('carbon_kg_per_kwh')}")
    assert cost.endswith(f"; price.csv: {filled.format('price_jpy_per_kwh')}")


def test_every_price_and_limit_of_a_site_does_what_it_says() -> None:
    """From the site's file to the metric, one run each."""
    export = {"onsite.export": True, "onsite.pv.count": 12}
    site = SITE.replace({"tariff.export_price_jpy_per_kwh": 8.0})
    sold: Any = dctwin.simulate("dtc-warm-water-pv-battery-ac", site, set=export).metrics
    assert sold["grid_export_kwh"] > 1e6
    assert sold["cost_export_revenue_per_year"] == pytest.approx(8.0 * sold["grid_export_kwh"])
    narrow = site.replace({"connection.export_limit_kw": 1000.0})
    cut: Any = dctwin.simulate("dtc-warm-water-pv-battery-ac", narrow, set=export)
    assert 0 < cut.metrics["grid_export_kwh"] < sold["grid_export_kwh"]
    assert cut.metrics["curtailed_kwh"] > 0
    day = [{"hours": list(range(8, 20)), "energy_price_jpy_per_kwh": 30.0}]
    prices = {"tariff.time_of_use": day, "tariff.price_table": None,
              "tariff.energy_price_jpy_per_kwh": 10.0, "tariff.carbon_jpy_per_kg": 4.3}  # fmt: skip
    run = dctwin.simulate("dtc-warm-water-ac", SITE.replace(prices))
    m: Any = run.metrics
    import_kw = sum(f.value for f in run.ledger.select(carrier="electricity", source="grid"))
    local = local_times(YEAR, None)
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    paid = np.where((hour >= 8) & (hour < 20), 30.0, 10.0) * import_kw
    assert m["cost_energy_per_year"] == pytest.approx(paid.sum(), rel=1e-9)
    assert m["cost_carbon_per_year"] == pytest.approx(4.3 * m["carbon_operational_kg"])


@pytest.mark.parametrize("step", ["1h", "15min"])
def test_an_outage_sheds_as_long_as_it_lasts(step: str) -> None:
    outage = {"outages": [{"start_utc": "2018-09-05T18:07:00", "length_h": 2.0}]}
    run = dctwin.simulate("dtc-warm-water-ac", SITE.replace(outage), step=step)
    shed = next(flag for flag in run.flags if flag.limit == "shed_kw")
    assert run.metrics["shed_kwh"] == pytest.approx(2.0 * shed.worst, rel=1e-3)
    assert run.metrics["grid_outage_h"] == pytest.approx(2.0)
