"""The search runs the number of trials that is asked for, in every world, and goes on after a stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep, sweep_status
from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.file import Constraint
from dctwin.sweeps.front import flag_front, front, mean_rows
from dctwin.sweeps.job import Job
from dctwin.sweeps.optimise import POPULATION, objective_names, optimise
from dctwin.sweeps.store import Store

pytest.importorskip("optuna")
PATH = "cooling.loops.chw.supply_c"


def two_sites() -> Job:
    return prepare_sweep(
        {
            "name": "trial",
            "designs": ["air-cooled-chiller-ac"],
            "sites": ["inzai", "ishikari"],
            "sampling": {"method": "sobol", "points": 4},
            "vary": {PATH: {"uniform": [8, 14]}},
        }
    )


@pytest.mark.parametrize("trials", [5, POPULATION, POPULATION + 3])
def test_as_many_trials_as_asked(trials: int, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def step(done: int, of: int, _: float | None) -> None:
        told.append((done, of))
        assert (sweep_status(tmp_path).state, sweep_status(tmp_path).done) == ("running", done)

    found = optimise(two_sites(), tmp_path, ["pue"], trials, step)
    assert list(found["point"]) == list(range(2 * trials))
    assert found.groupby("site").size().to_dict() == {"inzai": trials, "ishikari": trials}
    # The same trials at both sites.
    inzai, ishikari = (found[found["site"] == name][PATH] for name in ("inzai", "ishikari"))
    assert sorted(inzai) == sorted(ishikari)
    assert told[-1] == (2 * trials, 2 * trials)
    assert sweep_status(tmp_path).complete


def test_a_stopped_search_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    trials = POPULATION + 4
    whole = optimise(two_sites(), tmp_path / "whole", ["pue"], trials)
    optimise(two_sites(), tmp_path / "cut", ["pue"], trials)
    store = Store(tmp_path / "cut")
    store.part(1).unlink()
    store.summary.unlink()
    again = optimise(two_sites(), tmp_path / "cut", ["pue"], trials)
    pd.testing.assert_frame_equal(again, whole)
    with pytest.raises(InputError, match="holds another sweep"):
        optimise(two_sites(), tmp_path / "cut", ["pue"], trials + 1)


def test_bounds_steer_a_search_and_may_not_change(tmp_path: Path) -> None:
    optimise(two_sites(), tmp_path, ["pue"], 4)
    job = two_sites()
    bound = Constraint(metric="pue", max=1.3)
    file = job.spec.file.model_copy(update={"constraints": [bound]})
    with pytest.raises(InputError, match="Different: constraints"):
        optimise(replace(job, spec=replace(job.spec, file=file)), tmp_path, ["pue"], 4)


def test_money_of_two_currencies_is_not_averaged(tmp_path: Path) -> None:
    data = {**two_sites().spec.document.data, "sites": ["inzai", "ashburn"]}
    job = prepare_sweep(data)
    with pytest.raises(InputError, match=r"cost_total_per_year is in \d+ JPY and \d+ USD"):
        optimise(job, tmp_path, ["pue", "cost_total_per_year"], 4)
    with pytest.raises(InputError, match=r"cost_total_per_year is in \d+ JPY and \d+ USD"):
        prepare_sweep({**data, "constraints": [{"metric": "cost_total_per_year", "max": 1e6}]})


def test_names_of_objectives() -> None:
    assert objective_names("pue, wue,-erf_frac") == ["pue", "wue_l_per_kwh", "-erf_frac"]
    with pytest.raises(InputError, match="needs metrics"):
        objective_names(" , ")


def test_counts_of_devices_stay_whole(tmp_path: Path) -> None:
    count = "cooling.loops.fws.stages.dry-cooler.count"
    job = prepare_sweep(
        {
            "name": "trial",
            "designs": ["dtc-warm-water-ac"],
            "sites": ["inzai"],
            "sampling": {"method": "sobol", "points": 4},
            "vary": {
                count: {"uniform": [2, 4]},
                "it.racks.gpu.count": {"from": 8, "to": 16, "step": 4},
            },
        }
    )
    found = optimise(job, tmp_path, ["pue", "-cooling.loops.fws.stages.dry-cooler.count"], 6)
    assert (found["status"] == "ok").all()
    assert set(found[count]) <= {2.0, 3.0, 4.0}
    assert (found["it.racks.gpu.count"] % 1 == 0).all()


def test_an_unknown_objective_is_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pui: no such metric, did you mean 'pue'"):
        optimise(two_sites(), tmp_path / "out", ["wue_l_per_kwh", "pui"])
    assert not (tmp_path / "out").exists()


def test_trials_are_run_by_the_backend_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def note(*arguments: Any) -> Any:
        used.append(arguments[-1])
        return evaluate(*arguments[:-1])

    monkeypatch.setattr("dctwin.sweeps.optimise.evaluate", note)
    optimise(two_sites(), tmp_path, ["pue"], 2, backend="jax")
    assert used == ["jax", "jax"]
    assert Store(tmp_path).read_manifest()["backend"] == "jax"


def searched(job: Job) -> pd.DataFrame:
    """Trials A, B and C at two sites, A twice: means A (3, 3), B (3.5, 2), C fails at a site."""
    rows = pd.DataFrame(
        {
            PATH: [8.0, 9.0, 10.0, 8.0] * 2,
            "site": ["inzai"] * 4 + ["ishikari"] * 4,
            "pue": [1.0, 5.0, 0.5, 1.0, 5.0, 2.0, 0.5, 5.0],
            "water_l": [5.0, 2.0, 0.5, 5.0, 1.0, 2.0, 0.5, 1.0],
        }
    )
    failed = ["ok"] * 6 + ["failed", "ok"]
    return rows.assign(
        point=range(8), design="air-cooled-chiller-ac", weather="", scenario="base", status=failed
    )


def test_the_front_is_of_designs_by_their_mean_over_the_worlds() -> None:
    job = two_sites()
    found = front(job, searched(job), ["pue", "water_l"])
    assert found[[PATH, "pue", "water_l", "worlds"]].to_numpy().tolist() == [
        [8.0, 3.0, 3.0, 2],
        [9.0, 3.5, 2.0, 2],
    ]
    assert set(found["design"]) == {"air-cooled-chiller-ac"}
    assert not {"site", "point"} & set(found)
    flagged = flag_front(job, searched(job), found)
    assert flagged["flagged_h"].notna().all()
    # In one world a design that was tried twice is one row.
    one = prepare_sweep({**job.spec.document.data, "sites": ["inzai"]})
    assert list(front(one, searched(job).head(4), ["pue", "water_l"])["point"]) == [2]


def test_a_mean_of_two_moneys_is_left_out_and_bounds_hold_in_every_world() -> None:
    job = two_sites()
    money = ["JPY"] * 4 + ["USD"] * 4
    rows = searched(job).assign(cost_total_per_year=1.0, currency=money, price_year=2024.0)
    assert "cost_total_per_year" not in mean_rows(job, rows)
    bound = Constraint(metric="pue", max=4)
    file = job.spec.file.model_copy(update={"constraints": [bound]})
    held = replace(job, spec=replace(job.spec, file=file))
    assert mean_rows(held, rows).empty
    soft = bound.model_copy(update={"penalty_per_unit": 1.0})
    file = job.spec.file.model_copy(update={"constraints": [soft]})
    held = replace(job, spec=replace(job.spec, file=file))
    assert list(front(held, rows, ["pue", "water_l"])["penalty"]) == [0.5, 0.5]
