"""What must hold in every run: closed books, the first law in a tower, the algebra of metrics."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.physics import moist_air

from .harness import DATA, SkippedError

if TYPE_CHECKING:
    from dctwin.metrics import Metrics
    from dctwin.result import Run


@cache
def _bundled_runs(site: str) -> list[Run]:
    """A year of every bundled design at one bundled site."""
    from importlib.resources import files
    from pathlib import Path

    from dctwin.api import simulate

    folder = Path(str(files("dctwin.models"))) / "facilities"
    designs = sorted(folder.glob("*.yaml"))
    if not designs:
        raise SkippedError("no designs are bundled")
    return [simulate(design, site) for design in designs]


def closure(site: str, books: str) -> float:
    """Largest relative imbalance over every node and hour of every bundled design."""
    return max(float(run.closure[books]) for run in _bundled_runs(site))


def tower_first_law(site: str) -> float:
    """Largest relative gap, over the hours of a year, of a tower's heat balance.

    Evaporation from the ledger times the latent heat at the leaving air must be the heat taken from
    the water plus the sensible heat that the air gives up; what the air carries is computed here
    from the weather and the air flow, not taken from the tower.
    """
    from dctwin.api import simulate_batch
    from dctwin.design import load_design
    from dctwin.site import load_site
    from dctwin.surroundings import prepare

    facility = load_design(DATA / "ref1.yaml")
    surroundings = prepare(load_site(site))
    run = simulate_batch([facility], surroundings)[0]
    tower = next(c for c in facility.circuits if c.name == "cw").stages[0].component
    air = surroundings.air
    heat_kw = _one(run, carrier="heat", source="loop.cw", target="cw.tower")
    evaporated_kg_s = _one(run, carrier="water", account="evaporation")
    leaving_air_c = run.traces["cw.tower.leaving_air_c"]
    dry_kg_per_m3 = air.density_kg_per_m3 / (1.0 + air.humidity_kg_per_kg)
    air_kg_s = run.traces["cw.tower.air_frac"] * tower.design_air_m3_s * dry_kg_per_m3
    vapour_kj_per_kg_k = moist_air.CP_VAPOUR_KJ_PER_KG_K
    latent_kj_per_kg = moist_air.LATENT_0C_KJ_PER_KG + vapour_kj_per_kg_k * leaving_air_c
    air_kj_per_kg_k = moist_air.CP_AIR_KJ_PER_KG_K + vapour_kj_per_kg_k * air.humidity_kg_per_kg
    sensible_kw = air_kg_s * air_kj_per_kg_k * (air.dry_bulb_c - leaving_air_c)
    gap_kw = evaporated_kg_s * latent_kj_per_kg - heat_kw - sensible_kw
    return float(np.max(np.abs(gap_kw) / heat_kw))


def _one(run: Run, **match: str) -> np.ndarray:
    (flow,) = run.ledger.select(**match)
    values: np.ndarray = np.asarray(flow.value)
    return values


def metric(ledger: str, name: str) -> float:
    """A metric read off a synthetic ledger, whose every value can be checked by hand."""
    value = _metrics(ledger).values[name]
    if not isinstance(value, float):
        raise SkippedError(f"{name} is undefined for this ledger")
    return value


@cache
def _metrics(file: str) -> Metrics:
    from dctwin.document import load_document
    from dctwin.ledger import Ledger
    from dctwin.metrics import GridYear, compute_metrics

    data: dict[str, Any] = load_document(DATA / file).data
    ledger = Ledger(step_h=data["step_h"])
    for flow in data["flows"]:
        ledger.post(
            flow["carrier"],
            flow["from"],
            flow["to"],
            np.array(flow["values"], dtype=float),
            flow.get("account", ""),
        )
    ledger.check()
    hours = len(data["flows"][0]["values"])
    traces = {"unmet_k": np.zeros(hours)}
    grid = GridYear(
        carbon_kg_per_kwh=np.array(data["carbon_kg_per_kwh"]),
        currency="",
        water_l_per_kwh=data["grid_water_l_per_kwh"],
        carbon_free_frac=data["grid_carbon_free_frac"],
    )
    return compute_metrics(ledger, traces, grid, design_loss_frac=data["design_loss_frac"])
