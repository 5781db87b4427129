"""Scenarios: the bundled one and what broken ones say."""

from __future__ import annotations

from pathlib import Path

import pytest

import dctwin
from dctwin.errors import InputError
from dctwin.library import entries
from dctwin.scenario import load_scenario

GOOD = entries("scenarios")["facility-water-pump-loss"].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("duration_s: 1800", "duration_s: 500", "must not be after duration_s"),
        ("do: stop", "do: halt", "(got 'halt')"),
        ("step_s: 1", "step_s: -1", "(got -1)"),
        ("weather: hottest", "weather: coldest", "weather"),
        ("pump: fws}\n  - {at_s: 660", "pump: FWS}\n  - {at_s: 660", "pump"),
        ("title:", "tittle:", "did you mean 'title'?"),
    ],
)
def test_broken_scenarios(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = tmp_path / "facility-water-pump-loss.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_given_air_is_held(tmp_path: Path) -> None:
    path = tmp_path / "cool.yaml"
    path.write_text(
        "name: cool\ntitle: Nothing happens on a cool day\nduration_s: 5\n"
        "weather: {dry_bulb_c: 12, relative_humidity_frac: 0.6}\n"
    )
    run = dctwin.transient("dtc-warm-water-ac", "inzai", path)
    assert run.provenance["held_air"]["dry_bulb_c"] == 12
    assert run.metrics["time_to_limit_s"] is None
    assert run.undefined["time_to_limit_s"]
    assert len(run.frame) == 5


def test_transient_saves_and_loads(tmp_path: Path) -> None:
    run = dctwin.transient("dtc-warm-water-ac", "inzai", "facility-water-pump-loss", step_s=10)
    run.save(tmp_path)
    again = dctwin.load_run(tmp_path)
    assert again == run
    assert [dict(e) for e in again.events] == [dict(e) for e in run.events]
