"""What cannot be is told before anything runs: at its place, with its reason, and no more than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep, sweep
from dctwin.sweeps.batch import evaluate, table_of
from dctwin.sweeps.plan import plan
from dctwin.sweeps.spec import TAKEN
from dctwin.sweeps.topology import together, trace

DESIGN = "dtc-warm-water-ac"
LOAD = "it.racks.gpu.load_frac"
SUPPLY = "cooling.loops.fws.supply_c"
COUNT = "cooling.loops.fws.stages.dry-cooler.count"
FLUID = "cooling.loops.fws.fluid"


def spec(**changes: Any) -> dict[str, Any]:
    return {"name": "trial", "designs": [DESIGN], "sites": ["inzai"], **changes}


def refusal(**changes: Any) -> str:
    with pytest.raises(InputError) as problem:
        prepare_sweep(spec(**changes))
    return str(problem.value)


# --- paths that overwrite each other ----------------------------------------------------------

STAGES = {"cooling.loops.fws.stages": [{"equipment": "dry-cooler-1mw-close", "count": 3}]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"vary": {COUNT: [2, 3], "plant": {"choices": {"near": STAGES, "as-is": {}}}}},
            f"vary.plant.choices.near.cooling.loops.fws.stages: overlaps vary.{COUNT}",
        ),
        (
            {"vary": {SUPPLY: [34, 36]}, "scenarios": {"now": {}, "hot": {"design": {SUPPLY: 40}}}},
            f"vary.{SUPPLY}: sets the same value as scenarios.hot.design.{SUPPLY}",
        ),
        (  # the first stage by its number and by its name
            {"vary": {COUNT: [2, 3], "cooling.loops.fws.stages.0.count": [4, 5]}},
            f"vary.cooling.loops.fws.stages.0.count: sets the same value as vary.{COUNT}",
        ),
    ],
)
def test_a_path_within_another_is_refused(changes: dict[str, Any], told: str) -> None:
    text = refusal(**changes)
    assert told in text
    assert "one would overwrite the other" in text


def test_choices_of_one_kind_may_set_the_same() -> None:
    changes = {"cold": {SUPPLY: 34}, "warm": {SUPPLY: 38}}
    job = prepare_sweep(spec(vary={"water": {"choices": changes}}))
    assert len(job.space) == 2
    job = prepare_sweep(spec(scenarios={k: {"design": v} for k, v in changes.items()}))
    assert len(job.space) == 2


@pytest.mark.parametrize("name", ["design", "site", "point", "pue", "status", "backend", "penalty"])
def test_a_choice_cannot_be_called_like_a_column(name: str) -> None:
    choices = {"choices": {"cold": {SUPPLY: 34}, "warm": {SUPPLY: 38}}}
    told = refusal(vary={name: choices})
    assert told.endswith(
        f"vary.{name}: the table has a column {name} of its own: give another name"
    )


def test_all_columns_of_a_table_are_taken() -> None:
    job = prepare_sweep(spec()).with_flags()
    world = job.space.worlds[0]
    rows = table_of(job, world, np.arange(1), {}, evaluate(job, world, {}, 1))
    assert set(rows.column_names) <= TAKEN


def test_a_scenario_in_another_currency_than_a_site_is_refused() -> None:
    dear = {"dear": {"site": {"tariff.energy_price_jpy_per_kwh": 30}}}
    assert len(prepare_sweep(spec(scenarios=dear)).space) == 1
    told = refusal(sites=["inzai", "singapore"], scenarios=dear)
    assert "scenarios.dear.site: cannot be laid on singapore: " in told
    assert "counts in USD: give tariff.energy_price_usd_per_kwh" in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"weather": ["nope.epw"]}, "weather.0: nope.epw: cannot be read: No such file"),
        ({"weather": {"inzai": ["nope.epw"]}}, "weather.inzai.0: nope.epw: cannot be read"),
        (
            {"sampling": {"method": "sobol", "points": 0}},
            "sampling.points: is out of range, allowed 1 to 10000000 (got 0)",
        ),
        ({"metrics": ["wue"]}, "no such metric, did you mean 'wue_l_per_kwh'? (got 'wue')"),
        (
            {"vary": {"site.tariff.margin_jpy_per_kwh": [1, 2]}},
            "belongs to a site: a site is varied by scenarios, "
            "scenarios: {NAME: {site: {tariff.margin_jpy_per_kwh: VALUE}}}",
        ),
        (
            {"vary": {"price": {"choices": {"dear": {"tariff.margin_jpy_per_kwh": 2}}}}},
            "vary.price.choices.dear.tariff.margin_jpy_per_kwh: belongs to a site",
        ),
        (
            {"scenarios": {"dear": {"design": {"tariff.margin_jpy_per_kwh": 2}}}},
            "scenarios.dear.design.tariff.margin_jpy_per_kwh: belongs to a site",
        ),
    ],
)
def test_a_slip_is_told_with_what_to_write(changes: dict[str, Any], told: str) -> None:
    assert told in refusal(**changes)


# --- whole numbers ----------------------------------------------------------------------------


def test_counts_of_devices_can_be_ranges_and_distributions() -> None:
    sampling = {"method": "random", "points": 40}
    job = prepare_sweep(spec(sampling=sampling, vary={COUNT: {"uniform": [2, 4]}}))
    assert set(job.space.columns[COUNT]) == {2, 3, 4}
    job = prepare_sweep(spec(vary={COUNT: {"from": 2, "to": 4, "step": 1}}))
    found = evaluate(job, job.space.worlds[0], job.space.columns, 3)
    alone = dctwin.simulate(DESIGN, "inzai", set={COUNT: 3}).metrics["pue"]
    assert found["pue"][1] == pytest.approx(alone, rel=1e-12)
    warm = prepare_sweep(spec(sampling=sampling, vary={SUPPLY: {"uniform": [33, 40]}}))
    assert not np.allclose(warm.space.columns[SUPPLY], np.rint(warm.space.columns[SUPPLY]))
    assert "must be a whole number" in refusal(
        sampling=sampling, vary={COUNT: {"uniform": [2.5, 4]}}
    )


# --- values that a design refuses -------------------------------------------------------------


COOLER = "cooling.loops.chw.stages.dry-cooler"


def close_coolers(*scenarios: str) -> dict[str, Any]:
    """A close and a wide approach; weak fans have too little air for the close one."""
    weak = {f"{COOLER}.rated_air_m3_s": 58}
    approach = f"{COOLER}.rated_approach_k"
    return spec(
        designs=["dtc-warm-water-800vdc"],
        vary={"cooler": {"choices": {"wide": {approach: 10}, "close": {approach: 4}}}},
        scenarios={name: {"design": weak if "weak" in name else {}} for name in scenarios},
    )


def test_a_choice_that_one_scenario_takes_costs_the_points_of_the_others_alone() -> None:
    job = prepare_sweep(close_coolers("now", "weak-fans"))
    found = plan(job)
    assert (found.points, found.impossible) == (4, 1)
    assert "in scenario weak-fans: cooler='close'" in found.why_impossible[0]
    with pytest.raises(
        InputError, match=r"vary\.cooler\.choices\.close: .*effectiveness"
    ) as problem:
        prepare_sweep(close_coolers("weak-fans", "weak-fans-too"))
    assert len(problem.value.faults) == 1


def test_a_value_is_blamed_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        f"name: bad\ndesigns: [{DESIGN}]\nsites: [inzai]\nvary:\n"
        f"  {LOAD}: [0.5, 0.9]\n  {FLUID}:\n  - water\n  - wine\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as problem:
        prepare_sweep(file)
    assert str(problem.value).startswith(f"{file}:8: vary.{FLUID}.1: ")
    assert "wine" in str(problem.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"vary": {"it.racks.gpu.load_fraq": [0.5]}},
            "vary.it.racks.gpu.load_fraq.0: unknown key, did you mean 'load_frac'?",
        ),
        (
            {"vary": {"it.racks.gpus.load_frac": {"from": 0.5, "to": 0.6, "step": 0.1}}},
            "vary.it.racks.gpus.load_frac: no such place: 'gpus', did you mean 'gpu'?",
        ),
        (
            {"vary": {LOAD: {"from": 0.8, "to": 1.2, "step": 0.2}}},
            f"vary.{LOAD}: cannot be 1.2: is out of range, allowed 0 to 1 (got 1.2)",
        ),
        (
            {"vary": {"plant": {"choices": {"near": {"cooling.loops.fsw.supply_c": 3}}}}},
            "vary.plant.choices.near",
        ),
        (
            {"scenarios": {"now": {}, "hot": {"design": {LOAD: 2}}}},
            f"scenarios.hot.design: cannot be laid on {DESIGN}",
        ),
        (
            {"scenarios": {"dear": {"site": {"tarif.price": 2}}}},
            "scenarios.dear.site: cannot be laid on inzai",
        ),
        ({"traces": {"points": [1]}}, "traces.points.0: no such point, allowed 0 to 0 (got 1)"),
    ],
)
def test_what_no_point_can_have_is_refused_at_once(changes: dict[str, Any], told: str) -> None:
    assert told in refusal(**changes)


def test_a_combination_that_cannot_be_is_a_row_that_says_why(tmp_path: Path) -> None:
    """A second loop that one choice lays and the other's racks reject to."""
    sink = "cooling.loops.tcs.stages.0.sink"
    job_spec = spec(
        vary={
            LOAD: [0.5, 0.7],
            "cold": {"choices": {"none": {}, "loop": {"cooling.loops.aux": AUX}}},
            "sink": {"choices": {"fws": {}, "aux": {sink: "aux"}}},
        }
    )
    job = prepare_sweep(job_spec)
    assert job.topologies == 4
    table = sweep(job_spec, tmp_path, workers=1).set_index(["cold", "sink"])
    assert (table.loc[("none", "aux"), "status"] == "failed").all()
    reason = table.loc[("none", "aux"), "error"].iloc[0]
    assert reason.startswith("cold='none', sink='aux': ")  # and not where the file stands
    assert "no such loop" in reason
    others = table.drop(index=("none", "aux"))
    assert (others["status"] == "ok").all()
    assert len(others) == 6


AUX = {
    "fluid": "water",
    "design_heat_kw": 100,
    "volume_m3": 1,
    "supply_c": 30,
    "rise_k": 8,
    "stages": [{"equipment": "dry-cooler-1mw-close", "count": 3}],
}


def test_a_value_that_one_topology_refuses_fails_there_alone() -> None:
    """A daily profile whose peak times the load would pass full load; the even profile takes it."""
    peaky = [0.8] * 12 + [1.2] * 12
    profiles = {"even": {}, "peaky": {"it.racks.gpu.daily_profile_frac": peaky}}
    vary = {"profile": {"choices": profiles}, LOAD: {"uniform": [0.4, 1.0]}}
    job = prepare_sweep(spec(sampling={"method": "sobol", "points": 16}, vary=vary))
    for values, rows in job.groups:
        world = job.space.worlds[0]
        columns = {p: [column[r] for r in rows] for p, column in job.space.columns.items()}
        found = evaluate(job, world, columns, len(rows))
        beyond = np.array(columns[LOAD]) * 1.2 > 1.0
        if values["profile"] == "even":
            beyond[:] = False
        else:
            assert beyond.any()
            assert not beyond.all()
        assert list(found["status"] == "failed") == list(beyond)
        assert all(
            "must stay within 0 to 1" in found["error"][row] for row in np.flatnonzero(beyond)
        )
        row = int(np.flatnonzero(~beyond)[0])
        set_ = job.space.written_out({path: column[row] for path, column in columns.items()})
        alone = dctwin.simulate(DESIGN, "inzai", set=set_).metrics["pue"]
        assert found["pue"][row] == pytest.approx(alone, rel=1e-12)


def test_sites_share_topologies_and_small_sweeps_have_parts_for_many_workers() -> None:
    vary = {FLUID: ["water", "propylene-glycol-40"], LOAD: {"uniform": [0.5, 0.9]}}
    sampling = {"method": "sobol", "points": 256}
    job = prepare_sweep(spec(sites=["inzai", "osaka"], vary=vary, sampling=sampling))
    assert job.topologies == 2
    assert len(job.chunks) == 16
    assert sorted(int(p) for chunk in job.chunks for p in chunk) == list(range(512))
    assert all(len({job.space.world(int(p)) for p in chunk}) == 1 for chunk in job.chunks)


def test_numbers_that_paths_set_together_are_those_of_a_parsed_design() -> None:
    facility = dctwin.load_design(DESIGN)
    followers = {}
    for path, ends in ((COUNT, [2, 4]), (SUPPLY, [33.0, 36.0, 39.0])):
        found, refused = trace(facility, path, ends, between=False)
        assert found
        assert not refused
        followers[path] = found
    at = {COUNT: 4, SUPPLY: 39.0}
    assert together(facility, followers, at) is None
    # As if the count acted on the setpoint too, in a way of its own.
    (setpoint,) = followers[SUPPLY]
    followers[COUNT] = (*followers[COUNT], replace(setpoint, offset=1.0))
    order = {path: followers[path] for path in (SUPPLY, COUNT)}
    assert together(facility, order, at) == setpoint.place
