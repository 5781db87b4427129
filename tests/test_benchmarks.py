"""The benchmark runs and reports a ratio for every bundled design; it asserts no time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dctwin.library import entries


def test_quick_benchmark() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--json"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)["results"]
    assert len(found) == len(entries("designs"))
    assert all(row["ratio"] > 0 for row in found)
