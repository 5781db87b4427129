"""Ranking, Pareto front, sensitivity and regret against brute force and known functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.analyse import (
    by_money,
    costs,
    feasible,
    heading,
    pareto,
    pareto_mask,
    rank,
    regret,
    sensitivity,
    tornado,
    uncertainty,
)
from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.file import Constraint
from dctwin.sweeps.space import Space
from dctwin.sweeps.spec import load_spec


def brute_force(keys: np.ndarray) -> np.ndarray:
    beaten = [any(np.all(other <= row) and np.any(other < row) for other in keys) for row in keys]
    return ~np.array(beaten, dtype=bool)


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(
        float,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]),
    )
)
def test_the_front_is_what_brute_force_finds(keys: np.ndarray) -> None:
    assert (pareto_mask(keys) == brute_force(keys)).all()


def table(rows: int = 50) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "point": np.arange(rows),
            "design": ["a", "b"] * (rows // 2),
            "site": "s",
            "scenario": ["cold"] * (rows // 2) + ["hot"] * (rows - rows // 2),
            "x": random.random(rows),
            "pue": 1.1 + 0.2 * random.random(rows),
            "wue_l_per_kwh": random.random(rows),
            "unmet_cooling_h": random.integers(0, 3, rows).astype(float),
            "status": ["ok"] * (rows - 1) + ["failed"],
        }
    )


def test_failed_and_forbidden_points_are_dropped_and_penalties_count() -> None:
    rows = table()
    hard = Constraint(metric="unmet_cooling_h", max=0)
    kept = rank(rows, ["pue"], [hard])
    assert (kept["unmet_cooling_h"] == 0).all()
    assert (kept["status"] == "ok").all()
    assert kept["pue"].is_monotonic_increasing
    soft = Constraint(metric="unmet_cooling_h", max=0, penalty_per_unit=0.5)
    ranked = rank(rows, ["pue"], [soft])
    assert len(ranked) == 49
    assert (ranked["pue"] + 0.5 * ranked["unmet_cooling_h"]).is_monotonic_increasing
    assert len(feasible(rows)) == 49


def test_front_of_a_table_trades_one_for_the_other() -> None:
    front = pareto(table(), ["pue", "wue_l_per_kwh"])
    assert front["pue"].is_monotonic_increasing
    assert front["wue_l_per_kwh"].is_monotonic_decreasing
    best = costs(table(), ["-x"])
    assert best.min() == -table()["x"].max()


def two_currencies() -> pd.DataFrame:
    cost = np.linspace(1e6, 2e6, 50)
    return table().assign(
        currency=["JPY"] * 25 + ["USD"] * 24 + [None],
        cost_total_per_year=np.where(np.arange(50) < 25, 150 * cost, cost),
    )


def test_money_is_compared_within_one_currency_only() -> None:
    rows, money = two_currencies(), "cost_total_per_year"
    for analysis in (
        lambda: rank(rows, [money]),
        lambda: pareto(rows, ["pue", f"-{money}"]),
        lambda: feasible(rows, [Constraint(metric=money, max=1e6)]),
        lambda: tornado(rows, money, ["x"]),
        lambda: regret(rows, money),
        lambda: uncertainty(rows, [money], by=["design"]),
    ):
        with pytest.raises(InputError, match="rows in JPY and USD are not one quantity"):
            analysis()
    assert len(rank(rows, ["pue"])) == 49
    apart = by_money(rows, ["pue", money])
    assert {name: len(rank(some, [money])) for name, some in apart.items()} == {
        "JPY": 25,
        "USD": 24,
    }
    assert list(by_money(rows, ["pue"])) == [""]
    assert heading(money, apart["USD"]) == "cost_total_per_year* [USD/year]"


def test_bands_keep_worlds_apart() -> None:
    rows = two_currencies().assign(weather=["mild", "harsh", "harsh", "mild", "mild"] * 10)
    bands = uncertainty(rows, ["pue", "cost_total_per_year"])
    assert {"design", "site", "weather", "scenario"} <= set(bands.columns)
    groups = bands[bands["metric"] == "pue"]
    assert len(groups) == 8
    assert groups["points"].sum() == 49
    money = bands[bands["metric"] == "cost_total_per_year"].set_index("scenario")["unit"]
    assert set(money.loc["cold"]) == {"JPY/year"}
    assert set(money.loc["hot"]) == {"USD/year"}
    years = uncertainty(rows, ["pue"], by=["design", "site", "scenario"])  # spread over the years
    assert len(years) == 4


def ishigami(x: np.ndarray) -> np.ndarray:
    a, b = 7.0, 0.1
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return {
        "name": "ishigami",
        "designs": ["a"],
        "sites": ["b"],
        "sampling": {"method": "saltelli", "points": 4096},
        "vary": {name: {"uniform": [-np.pi, np.pi]} for name in ("x1", "x2", "x3")},
    }


def frame_of(spec: dict[str, Any], function: Any) -> pd.DataFrame:
    space = Space(load_spec(spec))
    x = np.array(list(space.columns.values())).T
    world = {"design": "a", "site": "b", "weather": "", "scenario": "base"}
    return pd.DataFrame({"point": np.arange(len(x)), **world, "pue": function(x), "status": "ok"})


def test_sobol_indices_of_the_ishigami_function(spec: dict[str, Any]) -> None:
    """Analytic values: Ishigami and Homma 1990; Saltelli et al., Sensitivity Analysis, 2000."""
    found = sensitivity(frame_of(spec, ishigami), spec, "pue").set_index("path")
    assert found["S1"].to_list() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert found["ST"].to_list() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_indices_of_an_additive_function_add_up(spec: dict[str, Any]) -> None:
    found = sensitivity(frame_of(spec, lambda x: x @ [1.0, 2.0, 3.0]), spec, "pue")
    assert found["S1"].sum() == pytest.approx(1.0, abs=0.01)


def test_morris_finds_the_idle_path(spec: dict[str, Any]) -> None:
    morris = {**spec, "sampling": {"method": "morris", "points": 50}}
    found = sensitivity(frame_of(morris, lambda x: x[:, 0] + 5 * x[:, 1]), morris, "pue")
    star = found.set_index("path")["mu_star"]
    assert star["x3"] == pytest.approx(0, abs=1e-9)
    assert star["x2"] == pytest.approx(5 * star["x1"])


def test_sensitivity_wants_all_points(spec: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="needs 20480 points"):
        sensitivity(frame_of(spec, ishigami).iloc[:-1], spec, "pue")


def test_regret_is_the_distance_to_the_best_of_each_scenario() -> None:
    rows = pd.DataFrame(
        {
            "design": ["a", "a", "b", "b"],
            "scenario": ["cold", "hot", "cold", "hot"],
            "pue": [1.1, 1.5, 1.2, 1.3],
            "status": "ok",
        }
    )
    found = regret(rows, "pue").set_index("design")
    assert found.loc["a"].to_list() == pytest.approx([0.0, 0.2, 0.2])
    assert found.loc["b"].to_list() == pytest.approx([0.1, 0.0, 0.1])
    assert found.index[0] == "b"
    assert regret(rows, "-pue").set_index("design").loc["a"].to_list() == pytest.approx(
        [0.1, 0, 0.1]
    )


def two_by_two() -> pd.DataFrame:
    """Designs a and b in two scenarios at two sites."""
    rows = pd.DataFrame(
        [(d, s, w) for d in "ab" for s in ("cold", "hot") for w in ("here", "there")],
        columns=["design", "scenario", "site"],
    )
    return rows.assign(pue=np.linspace(1.1, 1.8, 8), unmet_cooling_h=0.0, status="ok")


def test_an_alternative_that_cannot_be_somewhere_comes_last() -> None:
    rows = two_by_two()
    assert regret(rows, "pue")["design"].to_list() == ["a", "b"]
    # a is the better one wherever it runs: at one site of two it does not.
    failed = rows.assign(
        status=["ok", "failed", *["ok"] * 6], pue=rows["pue"].where(rows.index != 1)
    )
    forbidden = rows.assign(unmet_cooling_h=[0.0, 5.0, *[0.0] * 6])
    bounds = [Constraint(metric="unmet_cooling_h", max=0)]
    for found in (regret(failed, "pue"), regret(forbidden, "pue", constraints=bounds)):
        assert found["design"].to_list() == ["b", "a"]
        assert found["worst"].to_list() == pytest.approx([0.4, np.inf])
        assert np.isnan(found["cold"][1])
    soft = [Constraint(metric="unmet_cooling_h", max=0, penalty_per_unit=1.0)]
    found = regret(forbidden, "pue", constraints=soft)
    assert found["design"].to_list() == ["b", "a"]
    assert found["worst"][1] == pytest.approx(2.1)  # (5 + 0) / 2 of penalty, less 0.4
    nothing = regret(rows.assign(status="failed"), "pue")
    assert np.isinf(nothing["worst"]).all()


def test_columns_that_are_not_there_are_told_with_the_nearest() -> None:
    rows = table()
    for analysis, told in (
        (lambda: uncertainty(rows, ["pue"], by=[]), "by: name at least one column"),
        (lambda: uncertainty(rows, ["pue"], by=["dsign"]), "did you mean 'design'"),
        (lambda: regret(rows, "pue", over="scenari"), "did you mean 'scenario'"),
        (lambda: regret(rows, "pue", of=["desing"]), "did you mean 'design'"),
        (lambda: regret(rows, "pue", of=[]), "of: name at least one column"),
        (lambda: regret(rows, "pui"), "did you mean 'pue'"),
    ):
        with pytest.raises(InputError, match=told):
            analysis()


def test_tornado_and_bands() -> None:
    rows = table(200)
    rows["pue"] = 1.0 + 0.3 * rows["x"]
    found = tornado(rows, "pue", ["x", "design"])
    assert found["path"][0] == "x"
    assert found["swing"][0] == pytest.approx(0.3 * 0.9, abs=0.03)
    assert list(tornado(rows, "pue", []).columns) == list(found.columns)
    bands = uncertainty(rows, ["pue"])
    assert (bands["p5"] < bands["p50"]).all()
    assert (bands["p50"] < bands["p95"]).all()
    with pytest.raises(InputError, match="did you mean 'pue'"):
        uncertainty(rows, ["pues"])


def test_sobol_indices_of_a_facility_add_up() -> None:
    """PUE is nearly additive in load and temperature: first orders add up to what there is."""
    study = {
        "name": "study",
        "designs": ["air-cooled-chiller-ac"],
        "sites": ["ishikari"],
        "sampling": {"method": "saltelli", "points": 16},
        "vary": {
            "cooling.loops.chw.supply_c": {"uniform": [8, 14]},
            "it.racks.servers.load_frac": {"uniform": [0.5, 0.8]},
        },
        "metrics": ["pue"],
    }
    job = prepare_sweep(study)
    found = evaluate(job, job.space.worlds[0], job.space.columns, job.space.samples)
    frame = frame_of(study, lambda _: found["pue"])
    world = job.space.worlds[0]._asdict()
    indices = sensitivity(frame.assign(**world), study, "pue")
    assert indices["S1"].sum() == pytest.approx(1.0, abs=0.15)
    assert (indices["ST"] >= indices["S1"] - 0.15).all()


def test_costs_in_different_money_are_not_ranked() -> None:
    found = table(4)
    found["cost_total_per_year"] = [4.0, 3.0, 2.0, 1.0]
    found["currency"], found["price_year"] = ["JPY", "JPY", "USD", "USD"], 2024.0
    for judge in (rank, pareto):
        with pytest.raises(InputError, match="2024 JPY and 2024 USD"):
            judge(found, ["cost_total_per_year"])
    assert len(rank(found[:2], ["cost_total_per_year"])) == 2
