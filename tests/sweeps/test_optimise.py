"""The search runs the number of trials that is asked for, in every world, and goes on after a stop."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep
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
    found = optimise(
        two_sites(), tmp_path, ["pue"], trials, lambda done, of, rate: told.append((done, of))
    )
    assert list(found["point"]) == list(range(2 * trials))
    assert found.groupby("site").size().to_dict() == {"inzai": trials, "ishikari": trials}
    # The same trials at both sites.
    inzai, ishikari = (found[found["site"] == name][PATH] for name in ("inzai", "ishikari"))
    assert sorted(inzai) == sorted(ishikari)
    assert told[-1] == (trials, trials)
    assert Store(tmp_path).status().complete


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


def test_names_of_objectives() -> None:
    assert objective_names("pue, wue,-erf_frac") == ["pue", "wue_l_per_kwh", "-erf_frac"]
    with pytest.raises(InputError, match="needs metrics"):
        objective_names(" , ")
