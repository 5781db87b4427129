"""Write docs/catalogue.md and the README's short table: `python docs/make_catalogue.py`.

Every number is what `dctwin.simulate` says; tests/test_docs.py compares a sample.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import dctwin

HERE = Path(__file__).parent
SITES = ("ishikari", "inzai", "singapore")

# What a design shows -> names of designs (patterns), the first that fits; a design that fits none
# is an error, so that a new one gets its place here.
GROUPS: dict[str, tuple[str, ...]] = {
    "Power chains: one AI hall, nine chains": ("ai-hall-*",),
    "Further power chains: to the chips, other UPS, own substation, fuel cells": (
        "campus-*",
        "chips-*",
        "fuel-cell-*",
        "line-interactive-*",
        "rotary-*",
    ),
    "Whole facilities that exist": ("frontier*", "sakura-like-*", "prineville-like-*"),
    "Validation halls of Lei and Masanet (2022)": ("lei-masanet-*",),
    "On-site energy": (
        "battery-price-ac",
        "dtc-warm-water-ppa-ac",
        "dtc-warm-water-pv-battery-ac",
        "dtc-warm-water-renewables",
        "island-hydrogen-ac",
        "gas-engine-chp-ac",
        "standby-diesel-outage-ac",
        "pv-battery-matching-ac",
    ),
    "Natural sinks, thermal stores and heat reuse": (
        "absorption-*",
        "chilled-water-storage-ac",
        "ground-water-ac",
        "heat-pump-dtc",
        "heat-reuse-dtc",
        "ice-storage-ac",
        "lake-water-ac",
        "lng-cold-ac",
        "river-water-dtc",
        "sea-water-ac",
        "snow-store-ac",
    ),
    "Liquid cooling": (
        "air-cdu-retrofit-ac",
        "closed-cooler-dtc-ac",
        "cold-water-hybrid-sea-makeup-ac",
        "dtc-*",
        "hybrid-*",
        "immersion-*",
        "thermosyphon-*",
        "two-phase-*",
    ),
    "Cooling of the room": (
        "fan-wall-hall-ac",
        "in-row-contained-hall-ac",
        "indirect-evaporative-ac",
        "outside-air-evaporative-ac",
        "rear-door-hall-ac",
    ),
    "Chillers, towers and DX for air-cooled halls": (
        "air-cooled-chiller-ac",
        "ammonia-chiller-tower-ac",
        "chilled-water-controls-ac",
        "chilled-water-tower-ac",
        "dx-*",
        "edge-hall-r32-ac",
        "free-cooling-chiller-ac",
        "screw-parallel-economiser-ac",
    ),
}
# The order of the page: cooling from the room outwards, then power and energy, then the cases.
ORDER = (
    "Cooling of the room",
    "Liquid cooling",
    "Chillers, towers and DX for air-cooled halls",
    "Natural sinks, thermal stores and heat reuse",
    "Power chains: one AI hall, nine chains",
    "Further power chains: to the chips, other UPS, own substation, fuel cells",
    "On-site energy",
    "Whole facilities that exist",
    "Validation halls of Lei and Masanet (2022)",
)
# The README's rows: one telling design of each kind.
TELLING = (
    "outside-air-evaporative-ac",
    "immersion-adiabatic-800vdc",
    "dtc-45c-dry-cooler-ac",
    "dtc-warm-water-800vdc",
    "dtc-warm-water-ac",
    "heat-reuse-dtc",
    "indirect-evaporative-ac",
    "sea-water-ac",
    "chilled-water-tower-ac",
    "chilled-water-storage-ac",
    "dx-pumped-refrigerant-ac",
    "air-cooled-chiller-ac",
)
BEGIN = "<!-- results: made by `python docs/make_catalogue.py`, checked by tests/test_docs.py -->"
END = "<!-- end of results -->"
HEAD = """# Catalogue

Every bundled design with its power usage effectiveness (PUE) and water usage effectiveness (WUE,
L per kWh of IT) over the bundled, synthetic weather years. Made by `python docs/make_catalogue.py`;
[the metrics page](metrics.md) says what is counted. Designs differ in load, density and redundancy
as well as in cooling: compare within a group, and read `dctwin show NAME` and the flags of a run
before choosing.
"""


def group_of(design: str) -> str:
    """The heading a design stands under. Raises LookupError when it has none."""
    for group, patterns in GROUPS.items():
        if any(fnmatch(design, pattern) for pattern in patterns):
            return group
    raise LookupError(f"{design}: give it a group in docs/make_catalogue.py")


def figures(design: str) -> tuple[str, ...]:
    """PUE at the three sites and WUE at Inzai, as text."""
    runs = {site: dctwin.simulate(design, site) for site in SITES}
    pues = [f"{runs[site].metrics['pue']:.3f}" for site in SITES]
    return (*pues, f"{runs['inzai'].metrics['wue_l_per_kwh']:.3f}")


def page(found: dict[str, tuple[str, ...]]) -> str:
    """The catalogue as Markdown; in each group the lowest PUE at Inzai first."""
    parts = [HEAD]
    for group in ORDER:
        names = sorted((n for n in found if group_of(n) == group), key=lambda n: found[n][1])
        if not names:
            continue
        parts.append(
            f"\n## {group}\n\n| design | what it is | PUE Ishikari | PUE Inzai | PUE Singapore "
            "| WUE Inzai |\n|---|---|---|---|---|---|\n"
        )
        for name in names:
            title = dctwin.load_design(name).title
            parts.append(f"| {name} | {title} | {' | '.join(found[name])} |\n")
    return "".join(parts)


def short_table(found: dict[str, tuple[str, ...]]) -> str:
    """The README's table: PUE of the telling designs."""
    rows = sorted(TELLING, key=lambda name: found[name][1])
    lines = ["| design | Ishikari | Inzai | Singapore |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(found[name][:3])} |" for name in rows]
    return "\n".join(lines)


def main() -> None:
    """Both files, from one run of every design at every site."""
    found = {name: figures(name) for name in dctwin.catalogue().designs}
    (HERE / "catalogue.md").write_text(page(found), encoding="utf-8")
    readme = HERE.parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    block = f"{BEGIN}\n\n{short_table(found)}\n\n{END}"
    text = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.DOTALL)
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
