"""The commands about the power path: `compare --chains` and `swing`."""

from __future__ import annotations

import csv
from pathlib import Path

from test_cli import Command, command

__all__ = ["command"]


def test_chains(command: Command) -> None:
    words = "compare dtc-warm-water-ac dtc-warm-water-800vdc --chains --load-frac 0.5"
    said = command(words)
    assert said.code == 0
    assert "saves against" in said.out
    assert "is the baseline" in said.out
    assert "not like dtc-warm-water-ac: redundancy" in said.out
    rows = command(f"{words} --json --it-kw 2000 --baseline dtc-warm-water-800vdc").json()
    assert [row["baseline"] for row in rows] == ["dtc-warm-water-800vdc"] * 2
    assert rows[0]["it_kw"] == 2000
    assert rows[0]["saving_frac"] < 0
    assert rows[0]["end_v"] == 50
    command(f"{words} --out found --html found.html")
    page = Path("found.html").read_text(encoding="utf-8")
    assert "saves against" in page
    assert "power.it.busway" in page
    assert "embodied [kg CO2e]" in page
    with Path("found/chains.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2
    assert command(f"{words} --site inzai").code == 2
    assert command("compare dtc-warm-water-ac --it-kw 5 --site inzai").code == 2
    assert "is not compared" in command(f"{words} --baseline other").err


def test_swing(command: Command) -> None:
    words = "swing dtc-warm-water-ac --frequency-hz 1"
    said = command(f"{words} --buffer 2:1500:3")
    assert said.code == 0
    assert "steepest ramp" in said.out
    assert command(f"{words} --buffer flywheel-300kw:6:3").code == 0
    found = command(f"{words} --floor-frac 0.8 --json --out found").json()
    assert found["burned_frac"] > 0
    assert found["closure_rel"] < 1e-9
    assert Path("found/swing.csv").is_file()
    for wrong, why in (
        ("--buffer 2:x", "buffers: must be kWh:kW:S"),
        ("--pattern saw", "--pattern: square or sine"),
        ("--rise-s 9", "rise_s: allowed 0 to"),
    ):
        refused = command(f"{words} {wrong}")
        assert (refused.code, why in refused.err) == (2, True)
