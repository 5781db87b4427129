"""Write the tables of docs/storage-and-dispatch.md: `python docs/make_dispatch.py [PRICES]`.

PRICES is Tokyo's day-ahead price of 2024, which is not ours to ship
(`JP-TK_electricity_prices_2024.csv`). Without it the table of the policies is left as it is.
Every number is what `dctwin` says; tests/dispatch compares those of the engines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import dctwin

PAGE = Path(__file__).parent / "storage-and-dispatch.md"
ENGINES = ("air-cooled-chiller-ac", "standby-diesel-outage-ac", "gas-engine-chp-ac")
# Policy -> how its row is called.
POLICIES = {
    "self-consumption": "`self-consumption` (rests)",
    "price": "`price`",
    "rolling-horizon": "`rolling-horizon`",
    "optimum": "`optimum`",
}
_BILL = ("cost_energy_per_year", "cost_network_per_year", "cost_fuel_per_year")


def engine_table() -> str:
    """Halls with and without engines at Inzai, on bundled prices."""
    runs = [dctwin.simulate(design, "inzai").metrics for design in ENGINES]

    def row(label: str, cells: list[str]) -> str:
        return f"| {label} | {' | '.join(cells)} |"

    def pue(m: Any) -> str:
        inside = m["pue_fuel_inside"]
        return f"{m['pue']:.3f} / {'–' if inside is None else f'{inside:.3f}'}"

    def engines(m: Any) -> str:
        made, burned = m["genset_kwh"] / 1e3, m["fuel_kwh"] / 1e3
        return f"{made:,.0f}, {burned:,.0f}" if made else "0"

    return "\n".join(
        [
            row("`inzai`", [f"`{name}`" for name in ENGINES]),
            "|---|---|---|---|",
            row("PUE, engines outside / inside the boundary", [pue(m) for m in runs]),
            row("from engines, fuel [MWh]", [engines(m) for m in runs]),
            row(
                "engine heat to the network [MWh]",
                [f"{m['genset_heat_reused_kwh'] / 1e3:,.0f}" for m in runs],
            ),
            row(
                "CUE, location-based [kg/kWh]",
                [f"{m['cue_kg_per_kwh']:.3f}" for m in runs],
            ),
            row(
                "24/7 carbon-free share",
                [f"{100 * m['cfe_247_frac']:.1f} %" for m in runs],
            ),
            row(
                "energy + network + fuel [million JPY]",
                [f"{sum(m[key] for key in _BILL) / 1e6:.0f}" for m in runs],
            ),
            row(
                "facility in all [million JPY]",
                [f"{m['cost_total_per_year'] / 1e6:.0f}" for m in runs],
            ),
        ]
    )


def policy_table(prices: Path) -> str:
    """What each policy makes of a battery under real prices; the optimum takes minutes."""
    lines = [
        "| policy | cycles | energy | network, capacity | both | highest draw [MW] |",
        "|---|---|---|---|---|---|",
    ]
    for name, label in POLICIES.items():
        change = {"onsite.policy.name": name}
        m = dctwin.simulate("battery-price-ac", "inzai", price=prices, set=change).metrics
        energy, network = (m[key] / 1e6 for key in _BILL[:2])
        cycles, peak_mw = m["battery_cycles_count"], m["peak_grid_kw"] / 1e3
        cells = [
            f"{cycles:.0f}" if cycles >= 1 else f"{cycles:.1f}",
            f"{energy:.1f}",
            f"{network:.1f}",
            f"{energy + network:.1f}",
            f"{peak_mw:.2f}",
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def put(text: str, block: str, table: str) -> str:
    """The page with a table between the marks of its block."""
    begin, end = f"<!-- {block}: made by docs/make_dispatch.py -->", f"<!-- end of {block} -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    if not re.search(pattern, text, flags=re.DOTALL):
        raise LookupError(f"no place for the table {block!r}")
    whole = f"{begin}\n\n{table}\n\n{end}"
    return re.sub(pattern, lambda _: whole, text, flags=re.DOTALL)


def main() -> None:
    """Every table that can be made here."""
    text = put(PAGE.read_text(encoding="utf-8"), "engines", engine_table())
    if len(sys.argv) > 1:
        text = put(text, "policies", policy_table(Path(sys.argv[1])))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
