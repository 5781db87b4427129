"""Figures: units and places in every title and axis, and numbers that are the run's own."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sample_designs import DESIGN, SITE

from dctwin import figures, run_figures
from dctwin.comparison import compare_runs, metrics_table
from dctwin.design import parse_design
from dctwin.document import load_document
from dctwin.errors import InputError
from dctwin.result import Run
from dctwin.site import parse_site


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    design = parse_design(load_document("d.yaml", DESIGN))
    warm = design.replace({"name": "warm-hall", "cooling.loops.chw.supply_c": 20})
    site = parse_site(load_document("s.yaml", SITE))
    return compare_runs([design, warm], [site, site.replace({"name": "twin", "utc_offset_h": -5})])


@pytest.fixture(scope="module")
def run(runs: list[Run]) -> Run:
    return runs[0]


def title(figure: Any) -> str:
    return str(figure.layout.title.text)


def test_heat_map_holds_the_table(runs: list[Run]) -> None:
    table = metrics_table(runs)
    figure = figures.heat_map(table, "cue_kg_per_kwh")
    (trace,) = figure.data
    assert title(figure) == "CUE [kg/kWh], designs × sites"
    for row, design in enumerate(trace.y):
        for column, site in enumerate(trace.x):
            own = table[(table["design"] == design) & (table["site"] == site)]
            assert trace.z[row][column] == own["cue_kg_per_kwh"].item()
    assert trace.y[0] == "warm-hall"  # the best one on top


def test_bars_of_one_site_start_at_one_for_pue(runs: list[Run]) -> None:
    table = metrics_table([run for run in runs if run.site == "somewhere"])
    figure = figures.comparison_bar(table, "pue")
    (trace,) = figure.data
    assert title(figure) == "PUE of each design, at somewhere"
    assert trace.base == 1
    pues = table.set_index("design")["pue"]
    assert [1 + x for x in trace.x] == pytest.approx([pues[name] for name in trace.y])
    assert figures.comparison_bar(table, "wue_l_per_kwh").data[0].base == 0


def test_several_sites_are_dots_of_their_own_colour(runs: list[Run]) -> None:
    figure = figures.comparison_bar(metrics_table(runs), "pue")
    assert [trace.name for trace in figure.data] == ["somewhere", "twin"]
    assert {trace.mode for trace in figure.data} == {"markers"}
    assert len({trace.marker.color for trace in figure.data}) == 2
    assert figure.layout.xaxis.title.text == "PUE"


def test_overhead_adds_up_to_pue_less_one(runs: list[Run]) -> None:
    figure = figures.overhead_bar(runs, "somewhere")
    totals = np.sum([trace.x for trace in figure.data], axis=0)
    pue = {run.design: run.metrics["pue"] for run in runs if run.site == "somewhere"}
    assert totals == pytest.approx([pue[name] - 1 for name in figure.data[0].y])
    assert figure.layout.xaxis.title.text == "overhead [kWh per kWh of IT]"


def test_sankey_draws_the_ledger(run: Run) -> None:
    figure = run_figures.energy_sankey(run)
    (trace,) = figure.data
    assert title(figure) == "Energy flows of small-hall at somewhere [MWh]"
    names = list(trace.node.customdata)
    assert names[-1] == trace.node.label[-1] == ""  # unseen, room for the labels at the end
    into = dict.fromkeys(names, 0.0)
    out = dict(into)
    for source, target, value in zip(
        trace.link.source, trace.link.target, trace.link.value, strict=True
    ):
        out[names[source]] += value
        into[names[target]] += value
    assert out["grid"] == pytest.approx(run.metrics["grid_import_kwh"] / 1000)
    assert into["ambient"] == pytest.approx(run.metrics["facility_kwh"] / 1000)
    assert into[""] < 1e-6
    for name in set(names) - {"grid", "ambient", ""}:  # nothing is lost where devices are joined
        assert into[name] == pytest.approx(out[name]), name
    assert not any(name.startswith(("bus.", "power.")) for name in names)
    assert {"power distribution", "rack.hall", "loop.chw", "chw.air-chiller"} <= set(names)
    assert "small devices" in names


def test_sankey_labels_are_short_and_tell_apart() -> None:
    names = ["loop.chw", "chw.pump", "cw.pump", "ambient", "rack.gpu", "grid"]
    assert list(run_figures.node_labels(names).values()) == [
        "chw", "chw pump", "cw pump", "outdoor air", "gpu", "grid",
    ]  # fmt: skip


def test_sankey_of_export_does_not_run_in_a_circle() -> None:
    links = [
        {"source": "sun", "target": "bus.facility", "carrier": "electricity", "total": 100.0},
        {"source": "grid", "target": "bus.facility", "carrier": "electricity", "total": 50.0},
        {"source": "bus.facility", "target": "grid", "carrier": "electricity", "total": 60.0},
        {"source": "bus.facility", "target": "rack.a", "carrier": "electricity", "total": 90.0},
    ]
    found = {(k["source"], k["target"]): k["total"] for k in run_figures._merged(links, 0.0)}
    assert found == {
        ("sun", "power distribution"): 100.0,
        ("grid", "power distribution"): 50.0,
        ("power distribution", "grid (export)"): 60.0,
        ("power distribution", "rack.a"): 90.0,
    }


def test_months_are_the_sites_own_and_add_up(runs: list[Run]) -> None:
    for run in runs:
        figure = run_figures.monthly_stack(run, without_it=False)
        assert list(figure.data[0].x) == list(run_figures.MONTHS)
        for trace in figure.data:
            assert sum(trace.y) == pytest.approx(run.energy_kwh()[trace.name])
        assert figure.layout.yaxis.title.text == "energy [kWh]"
        beside = run_figures.monthly_stack(run)
        assert not any(trace.name.startswith("it.") for trace in beside.data)
        assert title(beside) == f"Energy beside IT by month, {run.design} at {run.site} [kWh]"


@pytest.mark.parametrize(("offset_h", "start"), [(9, "15:00"), (-5, "05:00"), (0, "00:00")])
def test_local_time_is_read_off_the_start(run: Run, offset_h: float, start: str) -> None:
    day = "2022-12-31" if offset_h > 0 else "2023-01-01"
    times = np.datetime64(f"{day}T{start}", "s") + np.arange(48) * np.timedelta64(3600, "s")
    local = run_figures.local_times(dataclasses.replace(run, times_utc=times))
    assert str(local[0]) == "2023-01-01T00:00:00"


def test_hours_by_days(run: Run) -> None:
    figure = run_figures.heat_map_24x365(run, "loop.chw.supply_c")
    (trace,) = figure.data
    assert np.shape(trace.z) == (24, 365)
    assert np.asarray(trace.z).mean() == pytest.approx(run.frame["loop.chw.supply_c"].mean())
    assert title(figure) == "loop.chw.supply [°C], small-hall at somewhere"
    assert trace.colorbar.title.text == "°C"


def test_duration_curve_and_series(run: Run) -> None:
    figure = run_figures.duration_curve(run, ["facility_kw"])
    (trace,) = figure.data
    assert (np.diff(trace.y) <= 0).all()
    assert trace.x[-1] == 8760
    assert figure.layout.yaxis.title.text == "[kW]"
    series = run_figures.time_series(run, ["facility_kw", "cooling.chiller_kw"])
    assert [trace.name for trace in series.data] == ["facility_kw", "cooling.chiller_kw"]
    assert sum(series.data[0].y) == pytest.approx(run.metrics["facility_kwh"])


def test_titles_of_columns() -> None:
    assert run_figures.column_title("facility_kw") == "facility [kW]"
    assert run_figures.column_title("water.drift_kg_s") == "water.drift [kg/s]"
    assert run_figures.column_title("power.it.ups.load_frac") == "power.it.ups.load"
    assert run_figures.column_title("chw.chiller.cop") == "chw.chiller.cop"


def test_titles_of_composed_units() -> None:
    from dctwin.run_figures import column_title

    assert column_title("cw.tower.evaporation_kg_per_kwh") == "cw.tower.evaporation [kg/kWh]"
    assert column_title("loop.chw.flow_m3_s") == "loop.chw.flow [m³/s]"
    assert column_title("chw.chiller.load_frac") == "chw.chiller.load"
    assert column_title("chw.chiller.cop") == "chw.chiller.cop"


def test_costs_in_different_money_are_not_drawn_on_one_scale(runs: list[Run]) -> None:
    mixed = metrics_table(runs)
    assert figures.heat_map(mixed, "cost_energy_per_year").data[0].colorbar.title.text == (
        "2024 JPY/year"
    )
    mixed.loc[mixed["site"] == "twin", "currency"] = "USD"
    for draw in (figures.heat_map, figures.comparison_bar):
        with pytest.raises(InputError, match="2024 JPY and 2024 USD are not one quantity"):
            draw(mixed, "cost_energy_per_year")
        assert draw(mixed, "pue").data
    mixed["currency"], mixed["price_year"] = "JPY", [2020.0, 2020.0, 2024.0, 2024.0]
    with pytest.raises(InputError, match="2020 JPY and 2024 JPY"):
        figures.heat_map(mixed, "cost_energy_per_year")
