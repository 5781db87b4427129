"""Runs to compare: two designs at two sites."""

from __future__ import annotations

import dataclasses
import re

from sample_designs import DESIGN, SITE

from dctwin.comparison import compare_runs
from dctwin.design import parse_design
from dctwin.document import load_document
from dctwin.result import Run
from dctwin.site import parse_site


def compared_runs() -> list[Run]:
    """Two designs at two sites; the second design has warmer water, the second site is hotter."""
    cold = parse_design(load_document("d.yaml", DESIGN))
    warm = parse_design(
        load_document("d.yaml", DESIGN.replace("name: small", "name: warm"))
    ).replace({"cooling.loops.chw.supply_c": 20})
    mild = parse_site(load_document("s.yaml", SITE))
    hot = SITE.replace("name: somewhere", "name: elsewhere").replace(
        "latitude_deg: 36", "latitude_deg: 30"
    )
    hot = re.sub(
        r"(mean_c|daily_max_c|daily_min_c): \[(.*)\]",
        lambda m: f"{m[1]}: [{', '.join(str(float(x) + 5) for x in m[2].split(','))}]",
        hot,
    )
    other = parse_site(load_document("s.yaml", hot)).replace({"tariff.currency": "JPY"})
    return compare_runs([cold, warm], [mild, other])


def without(run: Run, metric: str) -> Run:
    """The run with an undefined metric."""
    return dataclasses.replace(
        run,
        metrics={**run.metrics, metric: None},
        undefined={**run.undefined, metric: "no IT energy"},
    )
