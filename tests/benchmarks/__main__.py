"""`python -m tests.benchmarks [--json] [--quick] [--sweeps POINTS]`: how long things take, and in what ratio.

Each time stands beside its ratio to a calibration unit: a fixed piece of NumPy and Python work that
is timed again before each item. On a noisy machine compare ratios within one run, never seconds
between runs. No test asserts a time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

import dctwin
from dctwin.design import Facility
from dctwin.engines.annual import run_year
from dctwin.errors import InputError
from dctwin.memory import keep_heap
from dctwin.stacking import stack
from dctwin.surroundings import Surroundings, boundary_of, prepare
from tests.benchmarks.sweeps import report

SITE = "inzai"
STACK = 8


@dataclass(frozen=True)
class Measured:
    """One item: best time, and that time over the calibration unit of the same moment."""

    item: str
    best_ms: float
    ratio: float
    note: str = ""


def calibration_ms(repeats: int = 5) -> float:
    """Best time of the unit: 60 operations on 8760 numbers and 20,000 steps of plain Python."""
    values = np.linspace(0.1, 2.0, 8760)

    def unit() -> None:
        held = values
        for _ in range(20):
            held = np.maximum(held * 1.01, 0.5)
            held = np.exp(-held) + values
        total = 0.0
        for step in range(20_000):
            total += step * 0.5

    return best_ms(unit, repeats)


def best_ms(work: Callable[[], object], repeats: int) -> float:
    """Best of several, in milliseconds."""
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1000.0


def measure(item: str, work: Callable[[], object], repeats: int, note: str = "") -> Measured:
    unit_ms = calibration_ms()
    took_ms = best_ms(work, repeats)
    unit_ms = min(unit_ms, calibration_ms())
    return Measured(item, took_ms, took_ms / unit_ms, note)


def process(*arguments: str) -> Callable[[], object]:
    """A whole process of the command line."""
    command = [sys.executable, "-m", "dctwin.cli", *arguments]
    return lambda: subprocess.run(command, capture_output=True, check=True)


def kernels(repeats: int) -> list[Measured]:
    """One design-year of every bundled design alone, and of eight in a stack; weather and PV
    cached."""
    surroundings = prepare(dctwin.load_site(SITE))
    found = []
    for name, facility in dctwin.catalogue().designs.items():
        boundary = boundary_of([facility], surroundings)
        stacked_ms = _stacked_ms(facility, surroundings, max(repeats // 8, 2))
        note = "" if stacked_ms is None else f"in a stack of {STACK}: {stacked_ms:.2f} ms"
        found.append(measure(f"design-year {name}", lambda f=facility, b=boundary: run_year(f, b),
                             repeats, note))  # fmt: skip
    return found


def _stacked_ms(facility: Facility, surroundings: Surroundings, repeats: int) -> float | None:
    """A design-year of designs that differ in their load, simulated together."""
    group = facility.racks[0].name
    rack, path = facility.document.data["it"]["racks"][group], f"it.racks.{group}."
    shares = [1.0 - 0.04 * k for k in range(STACK)]
    try:
        if profile := rack.get("daily_profile_frac"):
            loads = [{path + "daily_profile_frac": [s * x for x in profile]} for s in shares]
        else:
            loads = [{path + "load_frac": s * rack.get("load_frac", 1.0)} for s in shares]
        designs = [facility.replace(load) for load in loads]
    except InputError:  # a load that is given otherwise
        return None
    stacked, boundary = stack(designs), boundary_of(designs, surroundings)
    return best_ms(lambda: run_year(stacked, boundary), repeats) / STACK


def peak_mb() -> float:
    """Peak memory of a comparison of the whole catalogue in a process of its own."""
    code = (
        "import resource, dctwin\n"
        "c = dctwin.catalogue()\n"
        "runs = dctwin.each_run(c.designs, c.sites, left_out=lambda *pair: None)\n"
        "dctwin.Comparison.of(runs)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="the kernels only, few repeats")
    parser.add_argument("--sweeps", type=int, metavar="POINTS", help="rates of sweeps instead")
    parser.add_argument("--jax", action="store_true", help="with --sweeps: the JAX backend too")
    parser.add_argument(
        "--mixed",
        type=int,
        default=0,
        metavar="SAMPLES",
        help="with --sweeps: also 20 topologies at 10 sites, with 1 and 2 workers",
    )
    chosen = parser.parse_args()
    if chosen.sweeps:
        report(chosen.sweeps, chosen.jax, chosen.mixed)
        return
    keep_heap()
    results = kernels(3 if chosen.quick else 40)
    if not chosen.quick:
        results += [
            measure("dctwin --help", process("--help"), 5),
            measure("dctwin list", process("list"), 5),
            measure(
                "dctwin run", process("run", "chilled-water-tower-ac", "--site", SITE), 5,
                "warm caches",
            ),
            measure("dctwin compare, all designs x all sites", process("compare"), 3),
        ]  # fmt: skip
    memory = None if chosen.quick else peak_mb()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if chosen.json:
        print(json.dumps({"results": [asdict(r) for r in results], "compare_peak_mb": memory}))
        return
    print(f"calibration unit {calibration_ms():.2f} ms")
    print(f"{'item':48} {'best [ms]':>10} {'ratio':>8}")
    for r in results:
        print(f"{r.item:48} {r.best_ms:10.2f} {r.ratio:8.2f}  {r.note}")
    if memory is not None:
        print(f"peak memory of compare, all x all: {memory:.0f} MB (this process: {own:.0f} MB)")


if __name__ == "__main__":
    main()
