"""Write the tables of docs/energy-and-money.md: `python docs/make_regions.py [FOLDER]`.

FOLDER holds Tokyo's series of 2024, which are not ours to ship: `JP-TK_2024_hourly.csv` of
Electricity Maps and `JP-TK_electricity_prices_2024.csv`. Without it their table is left as it is.
Every number is what `dctwin` says; tests/accounting compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dctwin
from dctwin.accounting.contracts import contracted_kw
from dctwin.api import made_frac_of
from dctwin.surroundings import prepare

PAGE = Path(__file__).parent / "energy-and-money.md"
REGIONS = {"Tokyo": "tokyo", "Fukuoka": "fukuoka", "Hokkaido": "sapporo"}
DESIGNS = {"": "dtc-warm-water-ac", " + PV": "dtc-warm-water-pv-battery-ac"}
# Row of the table -> metric, and what it is divided by.
ROWS = {
    "PUE": ("pue", 1.0),
    "CUE: scope 1 [kg/kWh]": ("cue_scope1_kg_per_kwh", 1.0),
    "CUE: scope 2, location-based [kg/kWh]": ("cue_scope2_kg_per_kwh", 1.0),
    "CUE: scope 2, by contract [kg/kWh]": ("cue_scope2_market_kg_per_kwh", 1.0),
    "CUE: scope 3 [kg/kWh]": ("cue_scope3_kg_per_kwh", 1.0),
    "scope 2, location-based [t]": ("carbon_scope2_location_kg", 1e3),
    "24/7 carbon-free share [%]": ("cfe_247_frac", 0.01),
    "hours with curtailment": ("curtailing_h", 1.0),
    "drawn in those hours [MWh]": ("surplus_import_kwh", 1e3),
    "energy [million JPY]": ("cost_energy_per_year", 1e6),
    "network, surcharge, capacity, margin [million JPY]": ("cost_network_per_year", 1e6),
    "capital, no IT [million JPY]": ("cost_capital_per_year", 1e6),
    "facility in all [million JPY]": ("cost_total_per_year", 1e6),
}
# Sources on site and in agreements whose yield the page names.
SOURCES = {
    "pv-fixed-1mw": ("pv", {}),
    "pv-snow-1mw": ("pv", {}),
    "pv-tracking-bifacial-1mw": ("pv", {}),
    "nrel-atb-4mw-150": ("wind", {"hub_height_m": 150, "roughness_m": 0.3}),
}
# Agreements of the matching table -> shares of a year's use that sun and wind make.
SHARES = {
    "solar": (1.0, 0.0),
    "wind": (0.0, 1.0),
    "half and half": (0.5, 0.5),
    "solar, twice the use": (2.0, 0.0),
    "half and half, twice the use": (1.0, 1.0),
}


def written(metric: str, value: float) -> str:
    """Three digits below ten, one below a hundred, else none; hours are whole."""
    if value < 5e-4:
        return "0"
    if value >= 100 or metric.endswith("_h"):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def region_table(runs: dict[tuple[str, str], Any]) -> str:
    """Regions side by side, alone and with own generation; (design, site) -> run."""
    places = [(name + tail, d, s) for tail, d in DESIGNS.items() for name, s in REGIONS.items()]
    lines = ["| | " + " | ".join(name for name, _, _ in places) + " |", "|---" * 7 + "|"]
    for label, (metric, unit) in ROWS.items():
        cells = []
        for _, design, site in places:
            run = runs[design, site]
            mark = "\\*" if metric in run.assumed else ""
            value = run.metrics[metric] / unit
            cells.append(written(metric, value) + mark)
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def yield_table(names: Iterable[str] = SOURCES) -> str:
    """What a kilowatt of each source makes at the three places, as a share of its rating."""
    sources = {name: SOURCES[name] for name in names}
    head = {"kind": "physical-ppa", "price_jpy_per_kwh": 15.0}
    contracts = [
        {"name": name, **head, kind: {"equipment": name, **extra}}
        for name, (kind, extra) in sources.items()
    ]
    facility = dctwin.load_design(DESIGNS[""]).replace({"contracts": contracts})
    rows: dict[str, list[str]] = {name: [] for name in sources}
    for site in REGIONS.values():
        surroundings = prepare(dctwin.load_site(site))
        made_kw = contracted_kw(facility, made_frac_of(facility, surroundings))
        for contract in facility.contracts:
            rated_kw = contract.plants[0].component.rated_kw
            rows[contract.name].append(f"{100 * made_kw[contract.name].mean() / rated_kw:.1f} %")
    lines = ["| capacity factor | " + " | ".join(REGIONS) + " |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines)


def matched(folder: Path, contracts: list[dict[str, Any]]) -> Any:
    """Metrics of the hall at Inzai under Tokyo's real series of 2024."""
    grid, price = folder / "JP-TK_2024_hourly.csv", folder / "JP-TK_electricity_prices_2024.csv"
    changes = {"contracts": contracts} if contracts else None
    return dctwin.simulate(DESIGNS[""], "inzai", grid=grid, price=price, set=changes).metrics


def agreements(sun_kw: float, wind_kw: float) -> list[dict[str, Any]]:
    """Agreements of so much rated power."""
    head = {"kind": "physical-ppa", "price_jpy_per_kwh": 15.0}
    sun = {"equipment": "pv-fixed-1mw", "rated_kw": sun_kw}
    wind = {"equipment": "nrel-atb-4mw-150", "hub_height_m": 150, "roughness_m": 0.3}
    found: list[dict[str, Any]] = []
    if sun_kw:
        found.append({"name": "solar", **head, "pv": sun})
    if wind_kw:
        found.append({"name": "wind", **head, "wind": {**wind, "rated_kw": wind_kw}})
    return found


def matching_table(folder: Path) -> str:
    """Matching by the year and by the hour, from plants that make shares of a year's use."""
    load_kwh = matched(folder, [])["facility_kwh"]
    per_kw = [
        matched(folder, agreements(*sizes))["contracted_kwh"] / 1000.0
        for sizes in ((1000.0, 0.0), (0.0, 1000.0))
    ]
    cases: dict[str, tuple[str, list[dict[str, Any]]]] = {"none": ("–", [])}
    paper = {"name": "paper", "kind": "certificates", "price_jpy_per_kwh": 0.4}
    cases["certificates"] = ("–", [paper])
    for name, shares in SHARES.items():
        kw = [share * load_kwh / made for share, made in zip(shares, per_kw, strict=True)]
        cases[name] = (" + ".join(f"{x / 1e3:.1f}" for x in kw), agreements(*kw))
    lines = [
        "| agreements | sun + wind [MW] | matched by the year | matched by the hour "
        "| 24/7 carbon-free, grid share included | CUE by contract [kg/kWh] |",
        "|---|---|---|---|---|---|",
    ]
    for name, (size, contracts) in cases.items():
        m = matched(folder, contracts)
        shares_text = " | ".join(
            f"{100 * m[key]:.0f} %"
            for key in ("matched_annual_frac", "matched_hourly_frac", "cfe_247_frac")
        )
        lines.append(f"| {name} | {size} | {shares_text} | {m['cue_market_kg_per_kwh']:.3f} |")
    return "\n".join(lines)


def put(text: str, block: str, table: str) -> str:
    """The page with a table between the marks of its block."""
    begin, end = f"<!-- {block}: made by docs/make_regions.py -->", f"<!-- end of {block} -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    if not re.search(pattern, text, flags=re.DOTALL):
        raise LookupError(f"no place for the table {block!r}")
    whole = f"{begin}\n\n{table}\n\n{end}"
    return re.sub(pattern, lambda _: whole, text, flags=re.DOTALL)


def all_runs() -> dict[tuple[str, str], Any]:
    """(design, site) -> run of the region table."""
    return {
        (design, site): dctwin.simulate(design, site)
        for design in DESIGNS.values()
        for site in REGIONS.values()
    }


def main() -> None:
    """Every table that can be made here."""
    text = PAGE.read_text(encoding="utf-8")
    text = put(text, "regions", region_table(all_runs()))
    text = put(text, "yields", yield_table())
    if len(sys.argv) > 1:
        text = put(text, "matching", matching_table(Path(sys.argv[1])))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
