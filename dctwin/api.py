"""The verbs behind `import dctwin`, the CLI and the dashboard: the same calls, the same numbers."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from dctwin.accounting import all_metrics
from dctwin.accounting.contracts import contracted_kw
from dctwin.accounting.cost import grid_prices
from dctwin.chains import conductor_rows
from dctwin.climate.weather import Weather
from dctwin.components.component import Limit
from dctwin.design import Facility, load_design, source_key
from dctwin.engines.annual import run_year
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.engines.flows import Boundary
from dctwin.engines.transient import run_transient
from dctwin.engines.year import ROUNDING, Year
from dctwin.equipment import load_equipment
from dctwin.ledger import pick
from dctwin.library import entries, find
from dctwin.memory import keep_heap
from dctwin.metrics import Values, compute_metrics
from dctwin.result import FlagCount, Run
from dctwin.scenario import Scenario, load_scenario
from dctwin.site import Site, load_site
from dctwin.stacking import stack
from dctwin.surroundings import (
    PathLike,
    Surroundings,
    boundary_of,
    digest_of,
    held_air,
    held_grid,
    held_place,
    makeup_of,
    prepare,
    source_frac,
)
from dctwin.totals import Totals, totals_of
from dctwin.units import SECONDS_PER_HOUR

DesignLike = str | os.PathLike[str] | Facility
SiteLike = str | os.PathLike[str] | Site


@cache
def package_version() -> str:
    """The installed version of dctwin."""
    try:
        return version("dctwin")
    except PackageNotFoundError:
        return "0+source"


# Folders of the package that no result of a design comes from, or whose files have digests of
# their own.
_APART = frozenset({"cli", "dashboard", "models", "sites", "validation"})
_SOURCES = frozenset({".py", ".json", ".yaml"})


@cache
def source_digest() -> str:
    """Digest of the code and the tables that results come from: other code, other digest."""
    home, found = Path(__file__).parent, hashlib.sha256()
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if not _APART.isdisjoint(parts) or path.suffix not in _SOURCES:
            continue
        found.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def simulate(
    design: DesignLike,
    site: SiteLike,
    weather: PathLike | Weather | None = None,
    grid: PathLike | None = None,
    price: PathLike | None = None,
    step: str = "1h",
    set: Mapping[str, Any] | None = None,
) -> Run:
    """Simulate a design at a site for the weather's period, usually a year.

    design   name, path or Facility            site    name, path or Site
    weather  EPW, TMY3, PVGIS or CSV file that replaces the site's own weather
    grid     hourly carbon intensity (CSV)     price   hourly energy price (CSV)
    step     "5min", "15min", "30min", "1h"    set     dotted path -> value, changes the design
    Raises InputError (bad input) or ComputationError (books that do not close).

    >>> run = simulate("chilled-water-tower-ac", "inzai")          # doctest: +SKIP
    >>> run.metrics["pue"]                                          # doctest: +SKIP
    """
    facility = facility_of(design, set)
    place = site if isinstance(site, Site) else load_site(site)
    surroundings = prepare(place, weather, step, grid, price)
    return simulate_batch([facility], surroundings)[0]


def simulate_batch(facilities: list[Facility], surroundings: Surroundings) -> list[Run]:
    """Simulate designs of one topology together, as arrays over (designs, hours)."""
    keep_heap()
    began = time.perf_counter()
    stacked = stack(facilities)
    boundary = boundary_of(facilities, surroundings)
    year = run_year(stacked, boundary)
    kernel_s = time.perf_counter() - began
    return [
        _run(facility, surroundings, year, index, len(facilities), kernel_s)
        for index, facility in enumerate(facilities)
    ]


def _run(
    facility: Facility,
    surroundings: Surroundings,
    year: Year,
    index: int,
    designs: int,
    kernel_s: float,
) -> Run:
    weather = surroundings.weather
    hours = weather.rows
    ledger = year.ledger.pick(index, designs, hours)
    traces = {name: pick(value, index, designs, hours) for name, value in year.traces.items()}
    made_kw = contracted_kw(facility, made_frac_of(facility, surroundings))
    totals = totals_of(ledger, traces, surroundings.grid, made_kw)
    values, books = accounts_of(facility, totals, surroundings)
    metrics = values.one()
    return Run(
        design=facility.name,
        site=surroundings.site.name,
        metrics=metrics.values,
        undefined=metrics.undefined,
        ledger=ledger,
        traces=traces,
        flags=_flags(year, weather.times_utc, weather.step_h, index, designs),
        provenance={**_provenance(facility, surroundings), "accounting": books},
        times_utc=weather.times_utc,
        # Of this design alone, so that a run does not depend on the batch it was part of.
        closure=year.closure if designs == 1 else ledger.closure(),
        statistics={"kernel_s": kernel_s / designs},
    )


def accounts_of(
    facility: Facility, totals: Totals, surroundings: Surroundings
) -> tuple[Values, dict[str, Any]]:
    """All metrics of a facility, or of a stack of them, from its totals; what they stand on."""
    return all_metrics(
        facility,
        totals,
        surroundings.grid,
        surroundings.site.file.tariff,
        design_loss_frac(facility),
        surroundings.sources,
    )


def made_frac_of(facility: Facility, surroundings: Surroundings) -> dict[str, list[np.ndarray]]:
    """Output over rating of the plants of each contract, by its name."""
    file = facility.document.file
    return {
        contract.name: [source_frac(plant, surroundings, file) for plant in contract.plants]
        for contract in facility.contracts
    }


def design_loss_frac(facility: Facility) -> Any:
    """Loss of the racks' feeds at full load; not a number where they cannot carry it."""
    rack_kw: dict[str, Any] = {}
    for group in facility.racks:
        # A NumPy number: what cannot be carried is not a number, no exception.
        design_kw = group.device.component.design_kw * group.device.count * np.float64(1.0)
        rack_kw[group.feed] = rack_kw.get(group.feed, 0.0) + design_kw
    with np.errstate(invalid="ignore"):
        drawn_kw = main_draw_kw(feed_flows(facility, rack_kw))
    return 1.0 - facility.design_it_kw / drawn_kw


def _flags(
    year: Year, times_utc: np.ndarray, step_h: float, index: int, designs: int
) -> tuple[FlagCount, ...]:
    found = []
    for flag in year.joined():
        limit: Limit = flag.limit
        if not (np.asarray(limit.beyond) > ROUNDING).any():
            continue
        beyond = pick(limit.beyond, index, designs, len(times_utc))
        outside = beyond > ROUNDING
        if outside.any():
            first = times_utc[int(np.argmax(outside))]
            found.append(
                FlagCount(
                    flag.place,
                    limit.name,
                    float(outside.sum()) * step_h,
                    f"{first}Z",
                    float(beyond.max()),
                    limit.unit,
                    limit.note,
                )
            )
    return tuple(found)


def _provenance(facility: Facility, surroundings: Surroundings) -> dict[str, Any]:
    weather, site = surroundings.weather, surroundings.site
    climate = site.file.climate
    design = json.dumps(facility.document.data, sort_keys=True)
    return {
        "version": package_version(),
        "design": {"name": facility.name, "sha256": _sha256(design)},
        "conductors": conductor_rows(facility),
        "equipment": {name: equipment_digest(name) for name in sorted(facility.equipment())},
        "site": {"name": site.name, "sha256": site.digest, **_connection(site)},
        "weather": {
            "name": weather.name,
            "source": weather.source,
            "synthetic": weather.synthetic,
            "utc_offset_h": weather.utc_offset_h,
            "sha256": weather.digest,
            "notes": list(weather.notes),
        },
        "inputs": {**surroundings.inputs, **_series_digests(facility)},
        # Of the synthetic year, where that is the weather that was used.
        "seed": climate.seed if climate is not None and weather.synthetic else None,
    }


def _connection(site: Site) -> dict[str, Any]:
    """When a new connection to the grid can be had there, which no result of a year shows."""
    link = site.file.connection
    if link is None or not link.available_from:
        return {}
    shown = {"available_from": link.available_from, "status": link.status, "source": link.source}
    return {"connection": shown}


def _series_digests(facility: Facility) -> dict[str, str]:
    """Of the files that the design's series name."""
    home = Path(facility.document.file).parent
    return {
        source_key(device): digest_of(home / device.component.file)
        for device in (*facility.onsite.series, *facility.contracted())
        if getattr(device.component, "file", "")
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def equipment_digest(name: str) -> str:
    path = find("equipment", name)
    return _file_digest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _file_digest(path: Path, _changed_ns: int) -> str:
    return _sha256(path.read_text(encoding="utf-8"))


def transient(
    design: DesignLike,
    site: SiteLike,
    scenario: PathLike | Scenario,
    step_s: float | None = None,
    set: Mapping[str, Any] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Run:
    """Follow a design through a scenario, second by second, under held outdoor air.

    scenario   name, path or Scenario           step_s   replaces the scenario's step
    `run.events` is the event log; `run.metrics["time_to_limit_s"]` is the time from the first event
    to the first limit that is passed (None when none is).
    Raises InputError or ComputationError.

    >>> run = transient("dtc-warm-water-ac", "inzai", "facility-water-pump-loss")  # doctest: +SKIP
    """
    facility = facility_of(design, set)
    place = site if isinstance(site, Site) else load_site(site)
    plan = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    surroundings = prepare(place)
    index, air = held_air(plan, surroundings)
    began = time.perf_counter()
    step = plan.file.step_s if step_s is None else step_s
    held = held_grid(surroundings.grid, index)
    boundary = Boundary(
        air,
        int(surroundings.local_hour[index]),
        step / SECONDS_PER_HOUR,
        place=held_place(surroundings.place, index),
        **grid_prices(place.file.tariff, held),
        carbon_kg_per_kwh=held.carbon_kg_per_kwh,
        makeup_kg_per_m3=makeup_of(place),
    )
    done = run_transient(
        facility, boundary, plan.file.events, plan.file.duration_s, step, progress=progress
    )
    start = surroundings.weather.times_utc[index].astype("datetime64[ms]")
    times = start + done.start_ms.astype("timedelta64[ms]")
    ledger = done.year.ledger.pick(0, 1, len(times))
    traces = {name: pick(value, 0, 1, len(times)) for name, value in done.year.traces.items()}
    metrics = compute_metrics(ledger, traces, held, design_loss_frac(facility))
    values, undefined = dict(metrics.values), dict(metrics.undefined)
    values["time_to_limit_s"] = _time_to_limit(done.events)
    if values["time_to_limit_s"] is None:
        undefined["time_to_limit_s"] = "no limit was passed"
    step_h = done.year.ledger.step_h
    return Run(
        design=facility.name,
        site=place.name,
        metrics=values,
        undefined=undefined,
        ledger=ledger,
        traces=traces,
        flags=_flags(done.year, times, step_h, 0, 1),
        provenance={
            **_provenance(facility, surroundings),
            "scenario": {"name": plan.name, "data": plan.document.data},
            "held_air": {
                "dry_bulb_c": float(air.dry_bulb_c),
                "wet_bulb_c": float(air.wet_bulb_c),
                "pressure_pa": float(air.pressure_pa),
            },
        },
        times_utc=times,
        closure=done.year.closure,
        events=tuple(done.events),
        statistics={"kernel_s": time.perf_counter() - began},
    )


def _time_to_limit(events: list[dict[str, Any]]) -> float | None:
    limits = [e["time_s"] for e in events if e["event"] in ("limit", "throttle")]
    return limits[0] - events[0]["time_s"] if limits else None


def facility_of(design: DesignLike, changes: Mapping[str, Any] | None = None) -> Facility:
    """The facility of a name or path, with values set by dotted path."""
    facility = design if isinstance(design, Facility) else load_design(design)
    return facility.replace(dict(changes)) if changes else facility


@dataclass(frozen=True)
class Catalogue:
    """What can be named from here: name -> entry, loaded when it is asked for."""

    designs: Mapping[str, Facility]
    sites: Mapping[str, Site]
    equipment: Mapping[str, Any]


class _Entries(Mapping[str, Any]):
    def __init__(self, kind: str, load: Callable[[str], Any]) -> None:
        self._names, self._load = list(entries(kind)), load

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{len(self)}: {', '.join(self._names)}>"


def catalogue() -> Catalogue:
    """The bundled and the user's designs, sites and equipment."""
    return Catalogue(
        designs=_Entries("designs", load_design),
        sites=_Entries("sites", load_site),
        equipment=_Entries("equipment", load_equipment),
    )
