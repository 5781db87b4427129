"""docs/power.md says what the halls do: its tables at half load, and the designs it names."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import dctwin

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "power.md").read_text(encoding="utf-8")
FIGURE: dict[str, Any] = runpy.run_path(str(DOCS / "make_power_figure.py"))


@pytest.mark.parametrize("redundancy", ["N", "2N"])
def test_the_table_is_what_the_halls_give_at_half_load(redundancy: str) -> None:
    column = 3
    section = PAGE.split(f"| chain, {redundancy} |")[1]
    for chain, (value,) in FIGURE["rows"](redundancy, [0.5]).items():
        (line,) = [row for row in section.split("\n\n")[0].splitlines() if
                   row.startswith(f"| {FIGURE['CHAINS'][chain]} |")]  # fmt: skip
        shown = float(line.split("|")[column + 1])
        assert shown == pytest.approx(100 * value, abs=0.051)


def test_every_hall_is_in_the_figure_or_named() -> None:
    for name in dctwin.catalogue().designs:
        if name.startswith("ai-hall-"):
            assert name.removeprefix("ai-hall-") in FIGURE["CHAINS"] or name in PAGE
