"""The docs tell the truth: the notebook runs, the examples parse, the tables are current."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

import dctwin
from dctwin.components.registry import kinds
from dctwin.design import parse_design
from dctwin.document import load_document

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
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
def test_readme_commands(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    from dctwin.cli import main

    with pytest.raises(SystemExit) as stop:
        main(shlex.split(line)[1:])
    assert stop.value.code in (0, None)
    assert capsys.readouterr().out


def test_readme_python() -> None:
    for block in blocks(README, "python"):
        exec(compile(block, "README.md", "exec"), {})


def test_readme_table_is_what_compare_says() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", README, re.M)
    assert len(rows) == len(dctwin.catalogue().designs)
    for place, site in enumerate(("ishikari", "inzai", "singapore"), start=1):
        for row in rows:
            run = dctwin.simulate(row[0], site)
            assert f"{run.metrics['pue']:.3f}" == row[place], (row[0], site)
