"""A run: frame, document, saving and loading; the same numbers by every way out."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

import dctwin
from dctwin.errors import InputError
from dctwin.ledger import Ledger
from dctwin.metrics import GridYear, compute_metrics
from dctwin.result import FlagCount, Run, load_run

HOURS = 48


def made(load_kw: float = 100.0, step_s: int = 3600) -> Run:
    """A run of two days by hand: racks, fans, a tower, PV and a battery."""
    hours = np.arange(HOURS)
    it_kw = load_kw * (1 + 0.2 * np.sin(hours / 4.0))
    fan_kw = 0.1 * it_kw
    ledger = Ledger(step_s / 3600)
    ledger.post("electricity", "grid", "bus", it_kw + fan_kw + 1.0)
    ledger.post("electricity", "bus", "rack.a", it_kw, "it.compute")
    ledger.post("electricity", "bus", "water.tower", fan_kw, "cooling.tower_fan")
    ledger.post("electricity", "bus", "storage.battery", 1.0)
    ledger.store("storage.battery", 0.9 + 0.0 * it_kw)
    ledger.post("heat", "storage.battery", "ambient", 0.1, "power.battery_loss")
    ledger.post("heat", "rack.a", "loop.water", it_kw)
    ledger.post("heat", "loop.water", "water.tower", it_kw)
    ledger.post("heat", "water.tower", "ambient", it_kw + fan_kw)
    ledger.post("water", "water.main", "water.tower", 3e-4 * it_kw)
    ledger.post("water", "water.tower", "water.atmosphere", 2e-4 * it_kw, "evaporation")
    ledger.post("water", "water.tower", "water.drain", 1e-4 * it_kw, "blowdown")
    ledger = ledger.pick(0, 1, HOURS)
    closure = ledger.check()
    traces = {"unmet_k": np.zeros(HOURS), "loop.water.supply_c": 20.0 + hours / 10.0}
    grid = GridYear(0.5, "JPY", price_per_kwh=20.0)
    metrics = compute_metrics(ledger, traces, grid, 0.05)
    start = np.datetime64("2023-06-30T15:00:00", "s")
    return Run(
        design="made",
        site="somewhere",
        metrics=metrics.values,
        undefined=metrics.undefined,
        ledger=ledger,
        traces=traces,
        flags=(FlagCount("water.tower", "air_frac", 3.0, "2023-06-30T15:00:00Z", 0.25, "-"),),
        provenance={"version": "1", "design": {"name": "made"}, "seed": None},
        times_utc=start + hours * np.timedelta64(step_s, "s"),
        closure=closure,
        events=({"time_s": 1.0, "event": "pump stop", "detail": "water"},),
        statistics={"kernel_s": 0.1},
    )


def test_pue_from_the_frame_is_the_metric() -> None:
    run = made()
    frame = run.frame
    it_kw = frame[[name for name in frame if name.startswith("it.")]].sum(axis=1)
    assert frame.facility_kw.sum() / it_kw.sum() == pytest.approx(run.metrics["pue"], rel=1e-12)


def test_accounts_add_up_to_the_facility() -> None:
    run = made()
    assert sum(run.energy_kwh().values()) == pytest.approx(run.metrics["facility_kwh"], rel=1e-12)
    accounts = [f"{name}_kw" for name in run.energy_kwh()]
    np.testing.assert_allclose(run.frame[accounts].sum(axis=1), run.frame.facility_kw, rtol=1e-12)


def test_water_from_the_frame_is_the_metric() -> None:
    run = made()
    kg_s = run.frame[["water.evaporation_kg_s", "water.blowdown_kg_s"]].sum(axis=1)
    litres = kg_s.sum() * 3600 / 0.99910
    assert litres == pytest.approx(run.metrics["water_l"], rel=1e-12)


def test_frame_is_in_utc_at_the_starts_of_the_steps() -> None:
    frame = made().frame
    assert len(frame) == HOURS
    assert str(frame.index.tz) == "UTC"
    assert frame.index.name == "time_utc"
    assert str(frame.index[0]) == "2023-06-30 15:00:00+00:00"
    assert frame["loop.water.supply_c"].iloc[10] == 21.0


def test_a_run_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        made().design = "another"  # type: ignore[misc]


def test_saved_and_loaded_equal(tmp_path: Path) -> None:
    run = made()
    folder = run.save(tmp_path / "deep" / "run")
    again = load_run(folder)
    assert again == run
    assert again.document() == run.document()
    assert hash(again) == hash(run)
    assert again.frame.equals(run.frame)
    assert again.statistics == run.statistics
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "run.parquet"]


def test_steps_of_milliseconds_survive(tmp_path: Path) -> None:
    run = made()
    fine = run.times_utc[0].astype("datetime64[ms]") + np.arange(HOURS) * np.timedelta64(250, "ms")
    run = replace(run, times_utc=fine)
    assert load_run(run.save(tmp_path / "run")) == run


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made().save(tmp_path / name)
    for file in ("run.json", "run.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_saving_over_a_run_replaces_it(tmp_path: Path) -> None:
    made().save(tmp_path / "run")
    made(50.0).save(tmp_path / "run")
    assert load_run(tmp_path / "run") == made(50.0)


def test_document_tells_where_electricity_is_lost() -> None:
    """Loss tree, PUE by metering category and conductors stand in `run --json`, add up, and keep."""
    run = dctwin.simulate("dtc-warm-water-800vdc", "inzai")
    found = run.document()
    assert found["pue_by_category"]["3"] == pytest.approx(run.metrics["pue"])
    assert found["pue_by_category"]["1"] < found["pue_by_category"]["3"]
    losses = {row["stage"]: row["loss_kwh"] for row in found["loss_tree"]}
    assert losses["power.it.rectifier"] == pytest.approx(run.energy_kwh()["power.rectifier_loss"])
    (busway,) = found["provenance"]["conductors"]
    assert busway["stage"] == "power.it.busway"
    assert busway["embodied_kg"] > busway["copper_kg"] > 0


def test_document_is_strict_json() -> None:
    text = json.dumps(made().document(), allow_nan=False)
    assert json.loads(text)["metrics"]["pue"] == made().metrics["pue"]
    assert json.loads(text)["undefined"].keys() == {
        name for name, value in made().metrics.items() if value is None
    }


def test_runs_differ_where_a_number_differs() -> None:
    run = made()
    assert run == made()
    assert run != made(101.0)
    traces = {**run.traces, "loop.water.supply_c": np.full(HOURS, 20.0)}
    assert run != replace(run, traces=traces)
    assert run != replace(run, metrics={**run.metrics, "pue": 1.0})
    assert run != replace(run, flags=())
    assert run != replace(run, times_utc=run.times_utc + np.timedelta64(1, "h"))
    # How long the computer took is no part of the result.
    assert run == replace(run, statistics={"kernel_s": 9.0})
    assert run != "a run"


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no saved run"):
        load_run(tmp_path)
    made().save(tmp_path / "run")
    (tmp_path / "run" / "run.parquet").unlink()
    with pytest.raises(InputError, match="holds no saved run"):
        load_run(tmp_path / "run")


@pytest.mark.parametrize("file", ["run.json", "run.parquet"])
@pytest.mark.parametrize("content", [b"", b"{}", b"not what it should be"])
def test_a_broken_run_is_one_clear_error(tmp_path: Path, file: str, content: bytes) -> None:
    folder = made().save(tmp_path / "run")
    (folder / file).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_run(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_flag_reads_as_one_line() -> None:
    (flag,) = made().flags
    assert str(flag) == (
        "water.tower: air_frac outside its range in 3 h, first 2023-06-30T15:00:00Z, "
        "worst by 0.25 -"
    )


def test_html_of_a_notebook_escapes_nothing_and_shows_pue() -> None:
    assert "pue" in made()._repr_html_()
