"""The docs tell the truth: the notebook runs, the examples parse, the tables are current."""

from __future__ import annotations

import os
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest

import dctwin
from dctwin.components.registry import kinds
from dctwin.design import parse_design
from dctwin.document import load_document

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# Rows of the catalogue that are computed anew, one of most groups.
SAMPLE = ("ai-hall-800-vdc-sst", "ice-storage-ac", "lei-masanet-10-direct-expansion", "frontier")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_devices_page_is_what_the_declarations_say() -> None:
    page = runpy.run_path(str(DOCS / "make_devices.py"))["page"]()
    assert page == (DOCS / "devices.md").read_text(encoding="utf-8")
    assert all(f"\n## {kind}\n" in page for kind in kinds())


def test_design_of_the_guide_runs() -> None:
    (text,) = [b for b in blocks((DOCS / "designs.md").read_text(), "yaml") if "racks:" in b]
    facility = parse_design(load_document("designs.md", text))
    run = dctwin.simulate(facility, "inzai")
    assert 1.1 < run.metrics["pue"] < 1.6
    assert run.metrics["unmet_cooling_h"] == 0


def test_sweep_of_the_guide_is_ready_to_run(tmp_path: Path) -> None:
    (text,) = blocks((DOCS / "sweeps.md").read_text(encoding="utf-8"), "yaml")
    file = tmp_path / "guide.yaml"
    file.write_text(text, encoding="utf-8")
    job = dctwin.prepare_sweep(file)
    assert len(job.space) == 2 * 2 * 512
    assert job.topologies == 4  # two scenarios, two fluids


def test_examples_of_the_white_space_page_are_devices() -> None:
    from dctwin.components.cooling.loop import Loop

    names = dctwin.catalogue().equipment
    shown = blocks((DOCS / "white-space.md").read_text(encoding="utf-8"), "yaml")
    assert len(shown) >= 5
    for text in shown:
        assert set(re.findall(r"equipment: ([a-z0-9-]+)", text)) <= set(names)
        for loop in load_document("white-space.md", text).data.values():
            if isinstance(loop, dict) and "fluid" in loop:
                Loop(**{key: value for key, value in loop.items() if key != "stages"})


def test_every_metric_is_described() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    run = dctwin.simulate("outside-air-evaporative-ac", "ishikari")
    missing = [name for name in run.metrics if f"`{name}`" not in page and name not in page]
    assert missing == []


def test_links_of_the_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_notebook_runs() -> None:
    import nbclient
    import nbformat

    notebook = nbformat.read(DOCS / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": DOCS}}).execute()
    shown = str(notebook.cells)
    assert "pue" in shown
    assert "pump stop" in shown


@pytest.mark.parametrize(
    "line",
    [
        line.split("#")[0].strip()
        for block in blocks(README, "sh")
        for line in block.splitlines()
        if line.startswith("dctwin ") and "dashboard" not in line
    ],
)
def test_readme_commands(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dctwin.cli import main

    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(line)[1:])
    assert stop.value.code in (0, None)
    said = capsys.readouterr().out
    assert said
    if line == "dctwin validate":
        total = re.fullmatch(r"(\d+) pass, (\d+) miss, (\d+) skipped", said.splitlines()[-1])
        assert total
        assert f"prints {sum(int(count) for count in total.groups())} predictions" in README
        if "DCTWIN_WEATHER_DIR" not in os.environ:  # with it, nothing waits for weather
            passed, missed, waiting = total.groups()
            assert f"Of these {passed} pass, {missed} miss" in README
            assert f"{waiting} wait for weather" in README


def test_readme_python() -> None:
    for block in blocks(README, "python"):
        exec(compile(block, "README.md", "exec"), {})


NUMBERS = r"\| ([a-z0-9-]+) \|.*?((?: [\d.]+ \|)+)$"


def rows_of(text: str) -> dict[str, tuple[str, ...]]:
    """Design -> the numbers of its row in a table of a page."""
    found = re.findall(rf"^{NUMBERS}", text, re.M)
    return {name: tuple(numbers.replace("|", " ").split()) for name, numbers in found}


@pytest.fixture(scope="module")
def maker() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_catalogue.py"))


def test_readme_table_is_what_compare_says(maker: dict[str, Any]) -> None:
    rows = rows_of(README)
    assert set(rows) == set(maker["TELLING"])
    for name, numbers in rows.items():
        assert numbers == maker["figures"](name)[:3], name


def test_catalogue_page_is_what_compare_says(maker: dict[str, Any]) -> None:
    text = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    rows = rows_of(text)
    bundled = {path.stem for path in (ROOT / "models" / "facilities").glob("*.yaml")}
    assert set(rows) == bundled
    readme = rows_of(README)
    assert all(rows[name][:3] == readme[name] for name in readme)
    for name in SAMPLE:
        title = dctwin.load_design(name).title
        assert f"| {name} | {title} | {' | '.join(maker['figures'](name))} |" in text
    assert set(maker["ORDER"]) == set(maker["GROUPS"]) == set(re.findall(r"^## (.*)$", text, re.M))


def test_every_key_of_a_design_is_in_the_guide() -> None:
    from dctwin.schema import json_schema

    page = (DOCS / "designs.md").read_text(encoding="utf-8")
    schema = json_schema("design")
    parts = ("RackEntry", "LoopEntry", "StageEntry", "PumpEntry", "PowerEntry", "FeedEntry")
    parts += ("BusEntry", "StagingEntry", "ChangeoverEntry", "CoolingWater", "Building")
    parts += ("Power", "Onsite", "Hydrogen", "ContractEntry")
    keys = {key for part in parts for key in schema["$defs"][part]["properties"]}
    missing = [key for key in sorted(keys | set(schema["properties"])) if key not in words(page)]
    assert missing == []


def words(page: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_]+", page))
