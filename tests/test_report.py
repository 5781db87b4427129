"""The comparison: order, baseline, and one page that needs nothing from outside."""

from __future__ import annotations

import dataclasses
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from compared import compared_runs, without

from dctwin.comparison import Comparison
from dctwin.errors import InputError
from dctwin.files import write_file, write_text
from dctwin.labels import (
    KEY_METRICS,
    METRIC_GROUPS,
    REGION_METRICS,
    SHORT_LABELS,
    column_metrics,
    large,
    metric_text,
    metric_unit,
)
from dctwin.report import compare_html, comparison_head, comparison_page, comparison_rows
from dctwin.result import Run


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return compared_runs()


def test_every_metric_of_a_run_has_a_label(runs: list[Run]) -> None:
    labelled = {name for group in METRIC_GROUPS.values() for name in group}
    assert labelled | {"currency", "price_year", "pue_category"} == set(runs[0].metrics)
    assert set(SHORT_LABELS) == {*KEY_METRICS, *REGION_METRICS} <= labelled


def test_text_and_units_of_metrics() -> None:
    assert metric_text("pue", 1.23456) == "1.235"
    assert metric_text("pue", None) == "–"
    assert metric_text("pue", float("nan")) == "–"
    assert metric_text("water_l", 0.0) == "0"
    assert metric_text("ref_frac", 0.1234) == "12.3"
    assert metric_text("facility_kwh", 1234567.8) == "1,234,568"
    assert metric_text("currency", "JPY") == "JPY"
    assert large("water_l", 5_500_000.0) == ("5,500", "m³")
    assert large("facility_kwh", None) == ("–", "MWh")
    assert metric_unit("cost_energy_per_year", "JPY") == "JPY/year"
    assert metric_unit("carbon_embodied_kg_per_year") == "kg/year"
    for group in METRIC_GROUPS.values():
        for name in group:
            dimensionless = {"pue", "ppue_cooling", "ppue_power", "tue", "cer", "mlc", "elc",
                             "mean_chiller_cop", "ere", "itee_sv", "pue_fuel_inside"}  # fmt: skip
            assert bool(metric_unit(name, "JPY")) != (name in dimensionless), name


def test_table_has_a_heading_for_every_cell(runs: list[Run]) -> None:
    head = comparison_head(runs)
    rows = comparison_rows(runs, "small-hall")
    assert {len(row) for row in rows} == {len(head)}
    assert [row[head.index("vs baseline [%]")] for row in rows].count("baseline") == 2
    assert "energy cost [2024 JPY/year]" in head
    # sites with different money: each cell says its own
    mixed = [*runs[:2], *(dataclasses.replace(r, metrics={**r.metrics, "currency": "USD"})
                          for r in runs[2:])]  # fmt: skip
    assert "energy cost [per year]" in comparison_head(mixed)
    cells = [row[-1].split() for row in comparison_rows(mixed, "small-hall")]
    assert sorted(cell[-1] for cell in cells) == ["JPY", "JPY", "USD", "USD"]
    assert {cell[-2] for cell in cells} == {"2024"}
    assert all(cell[0].endswith("*") for cell in cells)  # the sample site's price has no source


class _Links(HTMLParser):
    """Everything a browser would fetch, and the number of scripts that hold plotly.js."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text: list[str] = []
        self.large_scripts = 0
        self.tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        for key, value in attrs:
            if key in ("src", "href", "data", "srcset") and value:
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        if self.tag == "script":
            self.large_scripts += len(data) > 1_000_000
        elif self.tag != "style":
            self.text.append(data)


def test_page_is_one_file_that_fetches_nothing(runs: list[Run], tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    compare_html(runs, path, "small-hall")
    page = path.read_text(encoding="utf-8")
    found = _Links()
    found.feed(page)
    assert found.fetched == []
    assert found.large_scripts == 1
    assert "url(http" not in page
    assert "@import" not in page
    text = " ".join(found.text)
    for wanted in (
        "2 designs at 2 sites", "Key figures, lowest PUE first", "Where the overhead goes",
        "Designs and sites", "The best design of each site", "Flags", "Not defined here",
        "PUE with IT metered at UPS output (1)", "fed from",
        "Sources", "Baseline: small-hall", "synthetic year",
        "somewhere", "elsewhere", "warm-hall", "SHA-256", "Largest imbalance",
    ):  # fmt: skip
        assert wanted in text, wanted
    titles = re.findall(r'"title":\{[^}]*?"text":"([^"]+)"', page)
    # one overhead bar, one spread, three maps; of each site's best a Sankey and a monthly stack
    assert page.count('class="plotly-graph-div"') == 1 + 1 + 3 + 3 * 2
    assert len(titles) > 5


def test_page_of_one_site(runs: list[Run]) -> None:
    page = comparison_page(
        Comparison.of([run for run in runs if run.site == "somewhere"]), "small-hall"
    )
    assert "Water and carbon" in page
    assert "Designs and sites" not in page


def test_page_of_runs_without_it_energy(runs: list[Run]) -> None:
    """Undefined metrics leave gaps, not errors."""
    empty = runs[0]
    for metric in ("pue", "ppue_cooling", "ppue_power", "wue_l_per_kwh", "cue_kg_per_kwh"):
        empty = without(empty, metric)
    page = comparison_page(Comparison.of([empty, *runs[1:]]), "warm-hall")
    assert "no IT energy" in page


def test_names_are_escaped(runs: list[Run]) -> None:
    odd = [dataclasses.replace(run, design=f"<b>{run.design}&") for run in runs]
    page = comparison_page(Comparison.of(odd), "<b>small-hall&")
    assert "<b>small-hall" not in page.split("<h2>Where the overhead goes")[0]
    assert "&lt;b&gt;small-hall&amp;" in page


def test_files_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    write_text(path, "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_file(path, fail)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["f.txt"]
    write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) & 0o444  # others may read it as any file


def test_a_page_of_many_designs_stays_readable(runs: list[Run]) -> None:
    few = comparison_page(Comparison.of(runs), "small")
    assert "of each design, at 2 sites" in few
    many = [dataclasses.replace(run, design=f"{run.design}-{k}") for k in range(10) for run in runs]
    page = comparison_page(Comparison.of(many), "small-0")
    assert page.count('class="scroll tall"') > few.count('class="scroll tall"')
    assert "of each design, at 2 sites" not in page
    assert "designs \\u00d7 sites" in page


def test_assumed_figures_are_marked_and_named(runs: list[Run]) -> None:
    rows = comparison_rows(runs, "small-hall", ("pue", "cue_kg_per_kwh", "cost_total_per_year"))
    assert not any(row[2].endswith("*") for row in rows)  # no price behind PUE
    assert all(row[4].endswith("*") and row[5].endswith("*") for row in rows)
    page = comparison_page(Comparison.of(runs), "small-hall")
    assert "* stands on assumed prices or factors" in page
    assert "0.450 (assumed)" in page
    assert "20 (2024 JPY, assumed)" in page


def test_columns_by_name() -> None:
    assert column_metrics("pue,regions,pue") == ("pue", *REGION_METRICS[1:])
    assert column_metrics("key") == KEY_METRICS
    with pytest.raises(InputError, match="did you mean 'cue_kg_per_kwh'"):
        column_metrics("cue_kg_per_kw")
    assert set(REGION_METRICS) <= {name for group in METRIC_GROUPS.values() for name in group}
