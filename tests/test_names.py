"""One unit per quantity: every public number ends in a unit suffix, or is listed here with why not.

Public: parameters of devices, arguments and fields that are annotated as numbers or arrays (names
with an underscore in front are private), metrics, and the columns of a run.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from strategies import outdoor_air

import dctwin
from dctwin.components.component import Place
from dctwin.components.registry import device_class, kinds
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.ledger import Ledger
from dctwin.metrics import GridYear, compute_metrics
from dctwin.units import unit_of

PACKAGE = Path(dctwin.__file__).parent
NUMBERS = {
    "float", "int", "Array", "np.ndarray", "Floats", "float | None", "int | None", "Array | None",
}  # fmt: skip
# Pictures and tables: sizes on the screen and texts, not quantities of the facility.
PRESENTATION = {
    "cli",
    "figures.py",
    "run_figures.py",
    "dispatch_figures.py",
    "report.py",
    "labels.py",
}

# Ratios that everybody knows by a name of their own.
RATIOS = {
    "cop": "coefficient of performance",
    "reference_cop": "coefficient of performance",
    "cycles": "cycles of concentration",
    "power_factor": "the electrical term",
    "ntu": "number of transfer units",
    "reynolds": "Reynolds number",
    "capacity_ratio": "of two heat capacity rates",
    "case_flow_exponent": "exponent of a power law",
    "flow_ratio": "flow over design flow",
    "air_ratio": "air flow over full air flow",
    "min_ratio": "air flow over full air flow",
    "dc_ac_ratio": "DC rating over inverter rating",
    "rate_exponent": "power to which a ratio of loads is raised",
}
# Whole numbers that count or point.
COUNTERS = {
    "bytes", "chunk", "count", "day", "designs", "done", "early_steps", "evaluations",
    "failed", "faults", "first_line", "hours", "impossible", "index", "limit", "line", "looked_at",
    "max_runs", "more", "most_steps", "part", "parts", "parts_done", "point", "points",
    "rows", "rows_per_day", "samples", "seed", "steps", "timed", "top", "topologies",
    "trials", "tried", "workers", "worlds",
}  # fmt: skip
# Of any unit: helpers that work on whatever they are given.
GENERIC = {
    "after", "before", "beyond", "change", "default", "denominator", "factor", "high",
    "keys", "low", "number", "numerator", "offset", "penalty_per_unit", "scale", "series",
    "start", "step", "value", "values", "worst", "x", "y",
}  # fmt: skip
OTHER = {
    "disk_mb": "megabytes of files",
    "clock": "moments, not numbers",
    "load": "share of full load of a rack, 0-1, over the group's own",
    "kept": "1 in the steps that count, else 0",
    "local_hour": "hour of the day, 0-23",
    "missing_from": "value from which a file means 'missing', in the column's unit",
    "step_min": "minutes: steps of weather files are whole minutes",
    "temperature_coefficient_per_k": "relative change per kelvin",
    "times_utc": "moments, not numbers",
    "price_per_kwh": "in the currency named beside it",
    "export_price_per_kwh": "in the currency named beside it",
    "demand_price_per_kw": "in the currency named beside it",
    "bound": "of a program, in the unit of what it makes least",
    "works": "a truth value in each hour",
    "moving": "a truth value in each hour",
    "wanted": "a truth value",
    "share": "0 to 1, of a distribution",
    "rate_per_s": "design-years a second",
}
EXCEPTIONS = RATIOS.keys() | COUNTERS | GENERIC | OTHER.keys()

# Metrics whose names the standards give (ISO/IEC 30134, EN 50600-4, ASHRAE 90.4), all ratios.
STANDARD = {
    "pue", "pue_fuel_inside",
    "pue_category", "ppue_cooling", "ppue_power", "tue", "ere", "cer", "itee_sv", "mlc",
    "elc", "mean_chiller_cop",
}  # fmt: skip
# In the currency that the metric `currency` names.
MONEY = "cost_"


@pytest.mark.parametrize("kind", kinds())
def test_parameters_are_named_for_their_unit(kind: str) -> None:
    for row in device_class(kind).parameters():
        if row["unit"] and row["name"] not in RATIOS:
            assert unit_of(row["name"]) == row["unit"], row["name"]


def numbers(tree: ast.Module) -> list[tuple[str, int]]:
    """Public arguments and fields annotated as numbers: (name, line)."""
    found = []
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    bodies = [*tree.body, *(node for each in classes for node in each.body)]
    for node in bodies:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
                if argument.annotation and ast.unparse(argument.annotation) in NUMBERS:
                    found.append((argument.arg, argument.lineno))
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and ast.unparse(node.annotation) in NUMBERS
        ):
            found.append((node.target.id, node.lineno))
    return [(name, line) for name, line in found if not name.startswith("_")]


def modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in PRESENTATION
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arguments_and_fields_are_named_for_their_unit(path: Path) -> None:
    nameless = [
        f"{path.name}:{line}: {name}"
        for name, line in numbers(ast.parse(path.read_text(encoding="utf-8")))
        if unit_of(name) is None and name not in EXCEPTIONS
    ]
    assert nameless == []


def test_no_exception_is_left_over() -> None:
    used = {name for path in modules() for name, _ in numbers(ast.parse(path.read_text("utf-8")))}
    reported = {"cop"}
    assert EXCEPTIONS - used - reported == set()


def test_metrics_are_named_for_their_unit() -> None:
    zero = np.zeros(2)
    ledger = Ledger(1.0)
    ledger.post("electricity", "grid", "bus.facility", zero)
    grid = GridYear(carbon_kg_per_kwh=0.5, currency="JPY")
    for name in compute_metrics(ledger, {"unmet_k": zero}, grid, 0.0).values:
        assert name == "currency" or name in STANDARD or name.startswith(MONEY) or unit_of(name), (
            name
        )


@pytest.mark.parametrize("name", list(dctwin.catalogue().designs))
def test_traces_are_named_for_their_unit(name: str) -> None:
    air: Any = outdoor_air(np.array([10.0, 30.0]), np.full(2, 0.5), np.full(2, 101_325.0))
    place = Place(waters={"sea": 15.0, "ground": 15.0}, snowfall_m_per_h=0.0)
    year = run_year(
        dctwin.load_design(name),
        Boundary(
            air,
            np.zeros(2, dtype=int),
            1.0,
            place=place,
            price_per_kwh=20.0,
            carbon_kg_per_kwh=0.5,
        ),
    )
    for trace in year.traces:
        last = trace.rsplit(".", 1)[-1]
        assert last in RATIOS or unit_of(last), trace
