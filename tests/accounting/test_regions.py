"""Tokyo, Fukuoka and Hokkaido compared: what the issue asks to be shown."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import dctwin
from dctwin.result import Run

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "energy-and-money.md").read_text(encoding="utf-8")
MAKER = runpy.run_path(str(DOCS / "make_regions.py"))
PLACES = {"tokyo": "tokyo", "fukuoka": "fukuoka", "hokkaido": "sapporo"}
ALONE, OWN = "dtc-warm-water-ac", "dtc-warm-water-pv-battery-ac"


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, bool], Run]:
    return {
        (region, own): dctwin.simulate(OWN if own else ALONE, site)
        for region, site in PLACES.items()
        for own in (False, True)
    }


def test_the_page_shows_what_the_command_says(runs: Any) -> None:
    named = {(OWN if own else ALONE, PLACES[region]): run for (region, own), run in runs.items()}
    made = MAKER["put"](PAGE, "regions", MAKER["region_table"](named))
    assert made == PAGE


def test_the_page_shows_the_yields_of_the_synthetic_years() -> None:
    table = MAKER["yield_table"](["pv-snow-1mw", "nrel-atb-4mw-150"])
    assert set(table.splitlines()) <= set(PAGE.splitlines())
    assert all(f"| {name} |" in PAGE for name in MAKER["SOURCES"])


def test_with_own_generation_the_hall_is_the_same() -> None:
    alone, own = (dctwin.load_design(name).document.data for name in (ALONE, OWN))
    for key in ("it", "cooling", "power", "building"):
        assert own[key] == alone[key]
    ppa = dctwin.load_design("dtc-warm-water-ppa-ac").document.data
    assert {key: ppa[key] for key in ("it", "cooling", "power")} == {
        key: alone[key] for key in ("it", "cooling", "power")
    }


def value(runs: Any, region: str, own: bool, name: str) -> float:
    return float(runs[region, own].metrics[name])


def test_hokkaidos_grid_is_the_dirtiest_and_kyushus_the_cleanest(runs: Any) -> None:
    cue = {region: value(runs, region, False, "cue_kg_per_kwh") for region in PLACES}
    assert cue["hokkaido"] > cue["tokyo"] > cue["fukuoka"]
    # 0.535 kg/kWh times PUE, not the 0.375 of a zone split by the national mix of coal and gas.
    assert cue["hokkaido"] > 0.5


def test_kyushu_has_curtailed_power_to_use_and_the_others_hardly_any(runs: Any) -> None:
    hours = {region: value(runs, region, False, "curtailing_h") for region in PLACES}
    assert hours["fukuoka"] > 500
    assert hours["tokyo"] < 20
    assert hours["hokkaido"] < 20
    used = value(runs, "fukuoka", False, "surplus_import_kwh")
    assert used == pytest.approx(hours["fukuoka"] / 8760 * runs["fukuoka", False].metrics["grid_import_kwh"], rel=0.02)  # fmt: skip


def test_own_solar_competes_with_the_regions_surplus(runs: Any) -> None:
    """Own panels make their power in the very hours in which the region throws it away."""
    without = value(runs, "fukuoka", False, "surplus_import_kwh")
    assert value(runs, "fukuoka", True, "surplus_import_kwh") < 0.5 * without


def test_own_solar_lowers_carbon_and_energy_cost_everywhere(runs: Any) -> None:
    for region in PLACES:
        for name in ("carbon_scope2_location_kg", "cost_energy_per_year", "cost_network_per_year"):
            assert value(runs, region, True, name) < value(runs, region, False, name), (
                region,
                name,
            )
        assert value(runs, region, True, "cfe_247_frac") > value(
            runs, region, False, "cfe_247_frac"
        )
        assert value(runs, region, True, "cost_capital_per_year") > value(
            runs, region, False, "cost_capital_per_year"
        )


def test_every_cost_says_what_it_stands_on(runs: Any) -> None:
    for run in runs.values():
        books = run.provenance["accounting"]
        assert books["not_counted"] == []
        assert "equipment.building.capital" in books["assumed"]


def test_snow_dims_hokkaido() -> None:
    site = dctwin.load_site("ishikari")
    kwh = {}
    for snow in (True, False):
        place = site if snow else site.replace({"snow": None})
        run = dctwin.simulate(
            "dtc-warm-water-ac", place, set={"onsite": {"pv": {"equipment": "pv-fixed-1mw"}}}
        )
        kwh[snow] = run.metrics["onsite_kwh"]
    # Five months of snow on a shallow rack: some 10 to 25 % of the year.
    assert 0.75 < kwh[True] / kwh[False] < 0.93
