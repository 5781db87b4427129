"""Sites: the bundled ones, their climate, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import pytest

import dctwin
from dctwin.document import load_document
from dctwin.errors import InputError
from dctwin.library import entries
from dctwin.site import parse_site


@pytest.mark.parametrize("name", sorted(entries("sites")))
def test_bundled_sites_have_sourced_climate_and_grid(name: str) -> None:
    site = dctwin.load_site(name)
    assert site.file.climate is not None
    assert len(site.file.climate.source) > 20
    assert site.file.grid.carbon_source
    weather = site.weather()
    assert weather.synthetic
    assert "synthetic" in weather.name
    assert weather.rows == 8760


def test_hokkaido_is_not_low_carbon() -> None:
    carbon = {n: dctwin.load_site(n).file.grid.carbon_kg_per_kwh for n in entries("sites")}
    assert carbon["ishikari"] == max(carbon.values())
    assert carbon["kitakyushu"] < carbon["inzai"]


def test_replace_gives_a_new_site() -> None:
    site = dctwin.load_site("inzai")
    greener = site.replace({"grid.carbon_kg_per_kwh": 0.1})
    assert greener.file.grid.carbon_kg_per_kwh == 0.1
    assert site.file.grid.carbon_kg_per_kwh != 0.1
    assert greener.digest != site.digest


def test_a_price_in_another_currency_is_refused_as_nothing_would_read_it() -> None:
    site = dctwin.load_site("singapore")
    told = (
        r"tariff\.energy_price_jpy_per_kwh: the site counts in USD: "
        r"give tariff\.energy_price_usd_per_kwh$"
    )
    with pytest.raises(InputError, match=told):
        site.replace({"tariff.energy_price_jpy_per_kwh": 30})
    assert site.replace({"tariff.energy_price_jpy_per_kwh": None}).file.tariff.currency == "USD"
    night = {"hours": [0, 1, 2], "energy_price_jpy_per_kwh": 9.0}
    with pytest.raises(InputError, match=r"give tariff\.time_of_use\.0\.energy_price_usd_per_kwh"):
        site.replace({"tariff.time_of_use": [night]})
    dollars = dctwin.load_site("inzai").document.replaced({"tariff.margin_usd_per_kwh": 0.01})
    with pytest.raises(InputError, match=r"counts in JPY: give tariff\.margin_jpy_per_kwh"):
        parse_site(dollars)


def test_a_period_without_a_price_is_refused_and_not_free() -> None:
    told = r"tariff\.time_of_use\.0: energy_price_jpy_per_kwh is missing \(currency JPY\)"
    with pytest.raises(InputError, match=told):
        dctwin.load_site("inzai").replace({"tariff.time_of_use": [{"hours": [0, 1]}]})


def test_needs_weather_or_climate() -> None:
    path = entries("sites")["osaka"]
    document = load_document(path)
    del document.data["climate"]
    with pytest.raises(InputError, match="either weather"):
        parse_site(document)


def test_weather_file_beside_the_site(tmp_path: Path) -> None:
    from dctwin.climate.csv_file import write_csv

    write_csv(dctwin.load_site("osaka").weather(), tmp_path / "year.csv")
    text = entries("sites")["osaka"].read_text(encoding="utf-8")
    head, rest = text.split("climate:", 1)
    grid = rest[rest.index("\ngrid:") :]
    (tmp_path / "osaka.yaml").write_text(head + "weather: year.csv\n" + grid, encoding="utf-8")
    site = dctwin.load_site(tmp_path / "osaka.yaml")
    assert site.weather().rows == 8760


@pytest.mark.parametrize("name", ["inzai", "phoenix-record"])
def test_a_renamed_copy_of_a_site_has_the_same_weather(name: str) -> None:
    site = dctwin.load_site(name)
    copy = site.replace({"name": "elsewhere"})
    assert (copy.weather().dry_bulb_c == site.weather().dry_bulb_c).all()
    # Without a stream of its own the year is that of the place.
    bare = {"climate.stream": ""}
    drawn = site.replace(bare).weather().dry_bulb_c
    assert (copy.replace(bare).weather().dry_bulb_c == drawn).all()
    assert not (drawn == site.weather().dry_bulb_c).all()


def test_sites_of_one_price_area_have_one_grid_and_tariff() -> None:
    """Tokyo, Fukuoka and Hokkaido are compared by the place, not by who wrote its file."""
    areas: dict[str, list[dctwin.Site]] = {}
    for name in entries("sites"):
        site = dctwin.load_site(name)
        if site.file.jepx_area:
            areas.setdefault(site.file.jepx_area, []).append(site)
    assert {len(sites) for area, sites in areas.items() if area != "kansai"} <= {2, 3}
    for sites in areas.values():
        for site in sites[1:]:
            assert site.file.tariff == sites[0].file.tariff, site.name
            assert site.file.curtailment == sites[0].file.curtailment, site.name
            same = {"low_carbon_by_hour_frac": None}
            assert site.file.grid.model_copy(update=same) == sites[0].file.grid.model_copy(
                update=same
            ), site.name
