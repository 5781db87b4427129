"""The verbs: simulate, batch, compare, save and load, overrides, files, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import dctwin
from dctwin.components.component import Stage
from dctwin.components.it.classes import AirClass, LiquidClass
from dctwin.components.registry import device_class, kinds
from dctwin.errors import InputError
from dctwin.physics.vapour_compression import cycle_fits

DESIGN, SITE = "chilled-water-tower-ac", "inzai"


@pytest.fixture(scope="module")
def run() -> dctwin.Run:
    return dctwin.simulate(DESIGN, SITE)


def test_accounts_add_up_to_the_facility(run: dctwin.Run) -> None:
    assert sum(run.energy_kwh().values()) == pytest.approx(run.metrics["facility_kwh"], rel=1e-12)
    by_frame = run.frame["facility_kw"].sum() / run.metrics["it_kwh"]
    assert by_frame == pytest.approx(run.metrics["pue"], rel=1e-12)


def test_undefined_metrics_have_a_reason(run: dctwin.Run) -> None:
    nothing = {name for name, value in run.metrics.items() if value is None}
    assert nothing == set(run.undefined)
    assert all(run.undefined.values())


def test_json_document_has_the_contract_keys(run: dctwin.Run) -> None:
    document = json.loads(json.dumps(run.document(), allow_nan=False))
    assert {
        "design", "site", "version", "metrics", "energy_kwh", "water_l", "carbon_kg", "closure",
        "flags", "provenance",
    } <= document.keys()  # fmt: skip
    assert document["provenance"]["weather"]["synthetic"] is True


def test_saves_and_loads_back_equal(run: dctwin.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "run")
    again = dctwin.load_run(tmp_path / "run")
    assert again == run
    assert again.frame.equals(run.frame)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["run.json", "run.parquet"]


def test_loading_nothing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no saved run"):
        dctwin.load_run(tmp_path)


def test_same_inputs_give_the_same_numbers(run: dctwin.Run) -> None:
    assert dctwin.simulate(DESIGN, SITE) == run


def test_set_and_replace_agree(run: dctwin.Run) -> None:
    change = {"cooling.loops.chw.supply_c": 8.0}
    by_set = dctwin.simulate(DESIGN, SITE, set=change)
    by_replace = dctwin.simulate(dctwin.load_design(DESIGN).replace(change), SITE)
    assert by_set.metrics == by_replace.metrics
    assert by_set.metrics["facility_kwh"] > run.metrics["facility_kwh"]


@pytest.mark.parametrize("step", ["15min", "30min"])
def test_finer_steps_change_little(run: dctwin.Run, step: str) -> None:
    fine = dctwin.simulate(DESIGN, SITE, step=step)
    assert len(fine.times_utc) == 8760 * {"15min": 4, "30min": 2}[step]
    assert fine.metrics["facility_kwh"] == pytest.approx(run.metrics["facility_kwh"], rel=2e-3)


def test_batch_is_its_designs_one_by_one() -> None:
    base = dctwin.load_design(DESIGN)
    variants = [base.replace({"cooling.loops.chw.supply_c": c}) for c in (7.0, 8.0, 8.8)]
    surroundings = dctwin.prepare(dctwin.load_site(SITE))
    together = dctwin.simulate_batch(variants, surroundings)
    for variant, batched in zip(variants, together, strict=True):
        (alone,) = dctwin.simulate_batch([variant], surroundings)
        assert batched.metrics["facility_kwh"] == pytest.approx(
            alone.metrics["facility_kwh"], rel=1e-12
        )
        assert batched.metrics["water_l"] == pytest.approx(alone.metrics["water_l"], rel=1e-12)


def test_weather_grid_and_price_files(tmp_path: Path) -> None:
    from dctwin.climate.csv_file import write_csv

    weather = dctwin.load_site("ishikari").weather()
    write_csv(weather, tmp_path / "w.csv")
    hours = np.arange("2023-01-01T00", "2024-01-01T00", dtype="datetime64[h]")
    lines = [f"{hour}:00:00Z,0.25" for hour in hours]
    (tmp_path / "g.csv").write_text("time_utc,carbon_kg_per_kwh\n" + "\n".join(lines))
    (tmp_path / "p.csv").write_text("time_utc,price_jpy_per_kwh\n" + "\n".join(lines))
    found = dctwin.simulate(
        DESIGN, SITE, weather=tmp_path / "w.csv", grid=tmp_path / "g.csv", price=tmp_path / "p.csv"
    )
    imported = found.metrics["grid_import_kwh"]
    assert found.metrics["carbon_operational_kg"] == pytest.approx(0.25 * imported)
    assert found.metrics["cost_energy_per_year"] == pytest.approx(0.25 * imported)
    cold = dctwin.simulate(DESIGN, "ishikari")
    assert found.metrics["facility_kwh"] == pytest.approx(cold.metrics["facility_kwh"], rel=1e-6)


@pytest.mark.parametrize("which", ["weather", "grid", "price"])
def test_missing_file_is_one_line(which: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        dctwin.simulate(DESIGN, SITE, **{which: tmp_path / "none.csv"})  # type: ignore[arg-type]
    assert "none.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_compare_is_a_row_a_pair() -> None:
    table = dctwin.compare([DESIGN, "air-cooled-chiller-ac"], ["ishikari", "singapore"])
    assert len(table) == 4
    assert set(table["site"]) == {"ishikari", "singapore"}
    assert (table["pue"] > 1).all()


def test_climates_come_out_in_the_right_order() -> None:
    """Design (a): colder and drier is cheaper, in electricity and in water a kWh of heat."""
    runs = {
        site: dctwin.simulate(DESIGN, site)
        for site in ("ishikari", "ashburn", "inzai", "singapore")
    }
    pue = [run.metrics["pue"] for run in runs.values()]
    assert pue == sorted(pue)
    water = [run.metrics["wue_l_per_kwh"] for run in runs.values()]
    assert water == sorted(water)
    assert runs["ishikari"].metrics["cue_kg_per_kwh"] > runs["inzai"].metrics["cue_kg_per_kwh"]


def test_evaporation_per_heat_differs_by_climate() -> None:
    found: dict[str, float] = {}
    for site in dctwin.catalogue().sites:
        run = dctwin.simulate(DESIGN, site)
        heat_kw = next(
            f.value for f in run.ledger.flows if f.carrier == "heat" and f.source == "loop.cw"
        )
        found[site] = run.metrics["water_evaporated_l"] / float(np.sum(heat_kw))
    # EnergyPlus gives 0.93 to 1.35 at five US sites; in a desert the air is cooled too.
    assert all(0.9 <= value <= 1.7 for value in found.values())
    assert all(value <= 1.45 for site, value in found.items() if "phoenix" not in site)
    assert max(found.values()) - min(found.values()) > 0.1


@pytest.mark.parametrize("design", sorted(dctwin.catalogue().designs))
@pytest.mark.parametrize("site", sorted(dctwin.catalogue().sites))
def test_every_bundled_pair_closes(design: str, site: str) -> None:
    run = dctwin.simulate(design, site)
    assert max(run.closure.values()) <= 1e-9
    assert run.metrics["pue"] >= 1


def test_every_class_fluid_and_control_stands_in_a_bundled_design() -> None:
    found: dict[str, set[Any]] = {}

    def add(name: str, value: Any) -> None:
        found.setdefault(name, set()).add(value)

    for design in dctwin.catalogue().designs:
        facility = dctwin.load_design(design)
        for group in facility.racks:
            add("class", group.device.component.air_class)
            add("class", group.device.component.liquid_class)
        for circuit in facility.circuits:
            add("idle", circuit.loop.idle)
            add("reset", circuit.loop.reset)
            add("fluid", circuit.loop.fluid)
            for stage in circuit.stages:
                one = stage.component
                add("kind", one.kind)
                add("parallel", stage.control.parallel_flow_frac > 0)
                add("source", stage.control.water_source or facility.water_source)
                for name in ("refrigerant", "drive", "water"):
                    if hasattr(one, name):
                        add(name, getattr(one, name))
    classes = {*get_args(AirClass), *get_args(LiquidClass)}
    assert found["class"] == classes
    assert found["refrigerant"] == set(cycle_fits())
    assert found["kind"] == {k for k in kinds() if issubclass(device_class(k), Stage)}
    assert found["water"] >= {"sea", "river", "lake", "ground"}
    assert found["source"] == {"potable", "reclaimed", "sea"}
    assert {"mineral-oil", "paraffinic-oil-thin", "silicone-oil", "novec-7500"} <= found["fluid"]
    assert found["idle"] == {"runs", "stops"}
    assert found["reset"] >= {"load", "dry_bulb"}
    assert True in found["parallel"]


def test_catalogue_is_a_mapping() -> None:
    catalogue = dctwin.catalogue()
    assert DESIGN in catalogue.designs
    assert SITE in repr(catalogue.sites)
    with pytest.raises(KeyError):
        catalogue.equipment["nothing"]


def test_public_names_resolve() -> None:
    assert all(getattr(dctwin, name) is not None for name in dctwin.__all__)
    with pytest.raises(AttributeError):
        dctwin.nothing  # noqa: B018


def test_rounding_is_not_unmet_cooling() -> None:
    """A supply that floats in humid heat stays below the servers' limit in every hour."""
    run = dctwin.simulate("outside-air-evaporative-ac", "singapore")
    assert run.traces["loop.room.supply_c"].max() < 35
    assert run.metrics["unmet_cooling_h"] == 0


def test_a_run_does_not_depend_on_its_batch() -> None:
    facility = dctwin.load_design(DESIGN)
    other = facility.replace({"it.racks.servers.load_frac": 0.3})
    surroundings = dctwin.prepare(dctwin.load_site(SITE))
    first, _ = dctwin.simulate_batch([facility, other], surroundings)
    assert first == dctwin.simulate_batch([facility], surroundings)[0]
