"""A few rounds of the crash script; `python -m tests.sweeps.crash` runs them in full."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


def script() -> Any:
    path = Path(__file__).with_name("crash.py")
    spec = importlib.util.spec_from_file_location("crash", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_kills_and_full_disks_lose_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    script().run(kills=2, full_disks=1, seed=3, points=12)
    told = capsys.readouterr().out
    assert "nothing lost or repeated" in told
