"""Rates of sweeps, end to end with Parquet, against one run's kernel and against EnergyPlus."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dctwin
from dctwin.engines.annual import run_year
from dctwin.memory import keep_heap
from dctwin.surroundings import boundary_of, prepare
from dctwin.sweeps import sweep
from dctwin.sweeps.job import CHUNK_POINTS

DESIGN, SITE = "dtc-warm-water-800vdc", "inzai"
MIXED = Path(__file__).parents[2] / "models" / "sweeps" / "topologies-sites.yaml"


@dataclass(frozen=True)
class Rate:
    """Design-years a second of a sweep, and how many times a single run's kernel that is."""

    item: str
    points: int
    per_s: float
    kernels: float
    note: str = ""


def spec(points: int) -> dict[str, Any]:
    """Three numbers of one rich liquid-cooled design."""
    return {
        "name": "benchmark",
        "designs": [DESIGN],
        "sites": [SITE],
        "sampling": {"method": "sobol", "points": points},
        "vary": {
            "cooling.loops.fws.supply_c": {"uniform": [33, 40]},
            "it.racks.gpu.load_frac": {"uniform": [0.4, 1.0]},
            "cooling.loops.fws.stages.dry-cooler.rated_approach_k": {"uniform": [4, 9]},
        },
    }


def kernel_per_s() -> float:
    """Years a second of the kernel of one run."""
    keep_heap()
    facility, around = dctwin.load_design(DESIGN), prepare(dctwin.load_site(SITE))
    boundary = boundary_of([facility], around)
    best = float("inf")
    for _ in range(8):
        began = time.perf_counter()
        run_year(facility, boundary)
        best = min(best, time.perf_counter() - began)
    return 1.0 / best


def timed(one: Any, **options: Any) -> tuple[int, float]:
    """(points, seconds) of a whole sweep in a new folder."""
    home = Path(tempfile.mkdtemp())
    try:
        began = time.perf_counter()
        table = sweep(one, home / "out", **options)
        return len(table), time.perf_counter() - began
    finally:
        shutil.rmtree(home)


def rates(points: int, jax: bool, mixed_samples: int) -> list[Rate]:
    """All rates; the mixed sweep with one and with two workers."""
    single = kernel_per_s()
    found = []
    cores = len(os.sched_getaffinity(0))
    backends = ["numpy", "jax"] if jax else ["numpy"]
    for backend in backends:
        count, took_s = timed(spec(points), workers=cores, backend=backend)
        note = f"{cores} workers, chunks of at most {CHUNK_POINTS}"
        found.append(
            Rate(f"sweep, {backend}", count, count / took_s, count / took_s / single, note)
        )
    if mixed_samples:
        from dctwin.sweeps.spec import load_spec

        document = dict(load_spec(MIXED).document.data)
        document["sampling"] = {"method": "latin-hypercube", "points": 1}
        timed(document, workers=1)  # so that weather and PV of all sites are in the cache
        document["sampling"]["points"] = mixed_samples
        seconds = {}
        for workers in (1, 2):
            count, seconds[workers] = timed(document, workers=workers, max_runs=1_000_000)
            per_s = count / seconds[workers]
            note = f"{workers} workers"
            found.append(Rate("20 topologies x 10 sites", count, per_s, per_s / single, note))
        found.append(Rate("its speed-up on 2 workers", 0, seconds[1] / seconds[2], 0.0, "ratio"))
    return found


def energyplus_cpu_s() -> float | None:
    """CPU seconds of a year of a plain chiller plant in EnergyPlus; None where it is missing."""
    from dctwin.validation import energyplus

    if find_spec(energyplus.WEATHER_PACKAGE) is None:
        return None
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    energyplus.theirs(energyplus.draw(1, seed=7)[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(points: int, jax: bool, mixed_samples: int) -> None:
    """Print everything, and how loaded the machine was."""
    print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    cpu_s = energyplus_cpu_s()  # first: it counts all processes that end, workers of a sweep too
    found = rates(points, jax, mixed_samples)
    print(f"{'item':32} {'points':>8} {'per second':>11} {'kernels':>8}")
    for rate in found:
        print(
            f"{rate.item:32} {rate.points:8,} {rate.per_s:11.1f} {rate.kernels:8.2f}  {rate.note}"
        )
    if cpu_s is None:
        print("EnergyPlus is not installed: no ratio")
        return
    print(f"EnergyPlus: {cpu_s:.1f} CPU seconds a year of a plain chiller plant")
    cores = len(os.sched_getaffinity(0))
    for rate in found[: 1 + jax]:
        print(f"  {rate.item}: {cpu_s * rate.per_s / cores:,.0f} years in that time on one core")
