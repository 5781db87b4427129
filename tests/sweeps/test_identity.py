"""A folder is resumed only where nothing that its results come from has changed: files that any
part of the spec names, and the order that numbers its points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import dctwin
from dctwin.design import load_design
from dctwin.errors import InputError
from dctwin.library import entries, find
from dctwin.sweeps import prepare_sweep, sweep, sweep_spec
from dctwin.sweeps.identity import _named
from dctwin.sweeps.store import Store

BASE: dict[str, Any] = {
    "name": "trial",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari"],
    "metrics": ["pue"],
}
LOAD, SUPPLY = "it.racks.servers.load_frac", "cooling.loops.chw.supply_c"


def identity(**changes: Any) -> dict[str, Any]:
    return prepare_sweep({**BASE, **changes}).identity


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before.keys() | after if before.get(name) != after.get(name)}


ORDERS: list[tuple[str, dict[str, Any]]] = [
    ("vary", {LOAD: [0.4, 0.6], SUPPLY: [8, 9]}),
    ("vary", {"c": {"choices": {"low": {LOAD: 0.4}, "high": {LOAD: 0.6}}}}),
    ("scenarios", {"now": {}, "dear": {"site": {"tariff.energy_price_jpy_per_kwh": 30}}}),
]


def backwards(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {key: backwards(data[key]) for key in reversed(data)}


@pytest.mark.parametrize(("part", "entry"), ORDERS)
def test_another_order_of_points_is_another_sweep(part: str, entry: dict[str, Any]) -> None:
    assert changed(identity(**{part: entry}), identity(**{part: backwards(entry)})) == {"spec"}


def test_an_order_that_changes_nothing_may_change() -> None:
    vary = {LOAD: {"uniform": [0.4, 0.6]}}
    sampling = {"method": "sobol", "points": 4}
    one = identity(vary=vary, sampling=sampling)
    assert (
        one
        == prepare_sweep(
            {"sampling": backwards(sampling), **backwards(BASE), "vary": vary}
        ).identity
    )


def test_a_folder_of_another_order_is_refused_and_tells_its_own(tmp_path: Path) -> None:
    vary = {LOAD: {"uniform": [0.4, 0.6]}, SUPPLY: {"uniform": [8, 9]}}
    scenarios = {"now": {}, "dear": {"site": {"tariff.energy_price_jpy_per_kwh": 30}}}
    spec = {
        **BASE,
        "sampling": {"method": "sobol", "points": 2},
        "vary": vary,
        "scenarios": scenarios,
    }
    sweep(spec, tmp_path / "out", workers=1, shard=(1, 2))
    for other in ({**spec, "vary": backwards(vary)}, {**spec, "scenarios": backwards(scenarios)}):
        with pytest.raises(InputError, match="Different: spec"):
            sweep(other, tmp_path / "out", workers=1)
    held = sweep_spec(tmp_path / "out")
    assert list(held.file.vary) == [LOAD, SUPPLY]
    assert prepare_sweep(held).space.worlds == prepare_sweep(spec).space.worlds
    sweep(held, tmp_path / "out", workers=1)


def test_a_folder_that_lost_its_order_tells_no_spec(tmp_path: Path) -> None:
    sweep(BASE, tmp_path, workers=1)
    manifest = Store(tmp_path).manifest
    manifest.write_text(manifest.read_text().replace('"layout": 3', '"layout": 2'))
    with pytest.raises(InputError, match="use the sweep file itself"):
        sweep_spec(tmp_path)
    with pytest.raises(InputError, match="layout of the folder"):
        sweep(BASE, tmp_path, workers=1)
    assert len(dctwin.sweep_frame(tmp_path)) == 1


STAGES = "cooling.loops.chw.stages"
CHILLER = "trane-cgam130-434kw"


@pytest.fixture
def own_chiller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chiller of the user's own, that the design does not name."""
    file = tmp_path / "models" / "equipment" / "chiller" / "own.yaml"
    file.parent.mkdir(parents=True)
    text = find("equipment", CHILLER).read_text(encoding="utf-8")
    file.write_text(text.replace(f"name: {CHILLER}", "name: own", 1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return file


def _stages(equipment: str) -> list[dict[str, Any]]:
    return [{"equipment": equipment, "name": "chiller", "count": 6, "redundancy": "N+1"}]


WAYS: dict[str, dict[str, Any]] = {
    "path": {"vary": {f"{STAGES}.chiller.equipment": [CHILLER, "own"]}},
    "part": {"vary": {STAGES: [_stages(CHILLER), _stages("own")]}},
    "choice": {"vary": {"x": {"choices": {"as-is": {}, "own": {f"{STAGES}.0.equipment": "own"}}}}},
    "scenario": {"scenarios": {"as-is": {}, "own": {"design": {f"{STAGES}.0.equipment": "own"}}}},
}


@pytest.mark.parametrize("way", WAYS)
def test_equipment_that_only_the_sweep_names_is_an_input(own_chiller: Path, way: str) -> None:
    spec = WAYS[way]
    before = identity(**spec)
    own_chiller.write_text(own_chiller.read_text() + "# another\n", encoding="utf-8")
    assert changed(before, identity(**spec)) == {"equipment own"}


def test_files_that_a_site_names_are_inputs(tmp_path: Path) -> None:
    site = yaml.safe_load(find("sites", "inzai").read_text(encoding="utf-8"))
    table = find("sites", "inzai").parent / "grid" / "jepx-tokyo-2024-month-hour.csv"
    prices, river = tmp_path / "prices.csv", tmp_path / "river.csv"
    prices.write_bytes(table.read_bytes())
    hours = np.arange("2023-01-01", "2024-01-01", dtype="datetime64[h]")
    river.write_text("time_utc,water_c\n" + "".join(f"{hour}:00Z,8.0\n" for hour in hours))
    site["tariff"]["price_table"] = "prices.csv"
    site["waters"] = {"river": {"file": "river.csv", "source": "made up for a test"}}
    place = tmp_path / "place.yaml"
    place.write_text(yaml.safe_dump(site), encoding="utf-8")
    spec = {"sites": [str(place)]}
    before = identity(**spec)
    river.write_text(river.read_text().replace(",8.0", ",8.5"))
    after = identity(**spec)
    assert changed(before, after) == {f"water river of {place} base"}
    prices.write_bytes(prices.read_bytes() + b"\n")
    assert changed(after, identity(**spec)) == {f"price_table of {place} base"}


def test_files_that_a_design_or_the_sweep_names_are_inputs(tmp_path: Path) -> None:
    design = yaml.safe_load(find("designs", "dtc-warm-water-pv-battery-ac").read_text())
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("time_utc,output_frac\n", encoding="utf-8")
    design.setdefault("onsite", {})["series"] = {
        "kind": "series", "rated_kw": 100, "file": "one.csv", "source": "hydro",
    }  # fmt: skip
    home = tmp_path / "hall.yaml"
    home.write_text(yaml.safe_dump(design), encoding="utf-8")
    spec = {"designs": [str(home)], "vary": {"onsite.series.file": ["one.csv", "two.csv"]}}
    before = identity(**spec)
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("time_utc,output_frac\n\n", encoding="utf-8")
        after = identity(**spec)
        assert changed(before, after) == {f"file {name}.csv of {home}"}
        before = after


def test_what_a_run_names_as_its_equipment_is_found_by_its_key() -> None:
    for name in entries("designs"):
        facility = load_design(name)
        assert _named("equipment", facility.document.data) == facility.equipment()
