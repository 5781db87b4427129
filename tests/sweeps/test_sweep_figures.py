"""Figures of a sweep hold its points, and their axes are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dctwin.errors import InputError
from dctwin.sweeps.figures import (
    parallel_figure,
    pareto_figure,
    sensitivity_figure,
    short_names,
    tornado_figure,
    uncertainty_figure,
)
from dctwin.sweeps.space import Space
from dctwin.sweeps.spec import load_spec

SPEC: dict[str, Any] = {
    "name": "trial",
    "designs": ["a"],
    "sites": ["b"],
    "sampling": {"method": "saltelli", "points": 32},
    "vary": {name: {"uniform": [0.0, 1.0]} for name in ("x1", "x2")},
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    space = Space(load_spec(SPEC))
    columns = {name: np.array(values) for name, values in space.columns.items()}
    world = {"design": "a", "site": "b", "weather": "", "scenario": "base", "status": "ok"}
    frame = pd.DataFrame({"point": np.arange(space.samples), **world, **columns})
    return frame.assign(pue=1.1 + frame["x1"], wue_l_per_kwh=1.0 - 0.5 * frame["x1"] + frame["x2"])


def test_axes_name_units_and_bands_name_worlds(table: pd.DataFrame) -> None:
    money = table.assign(cost_total_per_year=table["pue"] * 1e6, currency="USD")
    front = pareto_figure(money, ["cost_total_per_year", "wue_l_per_kwh"])
    assert front.layout.xaxis.title.text.endswith("[USD/year]")
    assert front.layout.yaxis.title.text.endswith("[L/kWh]")
    assert pareto_figure(table).layout.xaxis.title.text == "PUE [-]"
    mixed = money.assign(currency=["USD", "JPY"] * (len(money) // 2))
    for draw in (
        lambda: pareto_figure(mixed, ["cost_total_per_year", "pue"]),
        lambda: parallel_figure(mixed, ["x1"], ["cost_total_per_year"]),
        lambda: uncertainty_figure(mixed, "cost_total_per_year"),
    ):
        with pytest.raises(InputError, match="JPY and USD"):
            draw()
    worlds = table.assign(scenario=["now", "hot"] * (len(table) // 2))
    assert list(uncertainty_figure(worlds).data[0].y) == ["a, b, now", "a, b, hot"]


def test_figures(table: pd.DataFrame) -> None:
    front = pareto_figure(table)
    assert len(front.data[0].x) == len(table)
    assert front.data[-1].name == "front"
    assert front.layout.xaxis.title.text
    lines = parallel_figure(table, ["x1", "x2"], ["pue"])
    assert len(lines.data[0].dimensions) == 3
    bars = tornado_figure(table, "pue", ["x1", "x2"])
    assert list(bars.data[0].y) == ["x2", "x1"]
    indices = sensitivity_figure(table, SPEC, "pue")
    assert indices.data[0].y[0] == pytest.approx(1.0, abs=0.1)
    assert len(uncertainty_figure(table).data[0].x) == 1


def test_paths_that_end_alike_are_told_apart(table: pd.DataFrame) -> None:
    chw, fws, load = "cooling.loops.chw.supply_c", "cooling.loops.fws.supply_c", "it.racks.gpu.load"
    assert short_names([chw, fws, load]) == ["chw.supply_c", "fws.supply_c", "load"]
    assert short_names(["a.b", "b", "b"]) == ["a.b", "b", "b"]
    named = table.assign(**{chw: table["x1"], fws: table["x2"], load: "low"})
    lines = parallel_figure(named, [chw, fws, load], ["pue"])
    labels = [axis.label for axis in lines.data[0].dimensions]
    assert labels == ["chw.supply_c", "fws.supply_c", "load", "PUE [-]"]
    bars = tornado_figure(named, "pue", [chw, fws])
    assert set(bars.data[0].y) == {"chw.supply_c", "fws.supply_c"}


def test_figures_tell_what_they_cannot_draw(table: pd.DataFrame) -> None:
    for draw, told in (
        (lambda: parallel_figure(table, ["y1"], ["pue"]), "paths: no such column"),
        (lambda: parallel_figure(table, ["x1"], ["pui"]), "did you mean 'pue'"),
        (lambda: parallel_figure(table, ["x1"], []), "metrics: name at least one"),
        (lambda: pareto_figure(table, ["pue"]), "two metrics"),
    ):
        with pytest.raises(InputError, match=told):
            draw()
