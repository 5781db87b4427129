"""Runs published cases and says how near the prediction came.

A case is a YAML file: where its figures come from, and quantities, each with inputs, a published
figure, a tolerance and the runner that predicts it. A quantity over a table of points is judged,
and shown, at the point that comes nearest to its limit. Tolerances are what a credible simulator
should meet with these inputs; a miss is shown with its cause and the tolerance stays.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dctwin.document import faults_of, load_document
from dctwin.errors import DctwinError, InputError, nearest

HOME = Path(__file__).parent
CASES = HOME / "cases"
DATA = HOME / "data"


class SkippedError(Exception):
    """Raised by a runner whose optional input is not there; the text says which."""


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Table(_Structure):
    """Rows of a CSV file in data/: some columns are inputs, one holds the published figure."""

    file: str
    where: dict[str, str] = Field(default_factory=dict, description="column -> text it must hold")
    inputs: list[str] = Field(min_length=1, description="columns handed to the runner, by name")
    published: str = Field(description="column of the published figure")


class Quantity(_Structure):
    """One figure to predict: exactly one of published and table, and of the two tolerances."""

    name: str
    unit: str
    runner: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    published: float | None = None
    table: Table | None = None
    tolerance_frac: Annotated[float, Field(ge=0)] | None = Field(
        None, description="of the published figure"
    )
    tolerance_abs: Annotated[float, Field(ge=0)] | None = Field(None, description="in the unit")
    cause: str = Field("", description="why it is known to miss; empty when it should pass")

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.published is None) == (self.table is None):
            raise ValueError("give either published or table")
        if (self.tolerance_frac is None) == (self.tolerance_abs is None):
            raise ValueError("give either tolerance_frac or tolerance_abs")
        return self

    def allowed(self, published: float) -> float:
        """The largest deviation that passes, in the quantity's unit."""
        if self.tolerance_abs is not None:
            return self.tolerance_abs
        return float(self.tolerance_frac or 0.0) * abs(published)

    @property
    def tolerance(self) -> str:
        """The tolerance as people write it."""
        if self.tolerance_frac is not None:
            return f"{100 * self.tolerance_frac:g} %"
        return f"{self.tolerance_abs:g} {'' if self.unit == '-' else self.unit}".strip()


class Case(_Structure):
    """Quantities that share a source."""

    id: str = Field(pattern=r"^[0-9]{2}-[a-z0-9-]{1,60}$")
    rung: int = Field(ge=1, le=99)
    title: str
    source: str = Field(min_length=8)
    licence: str = Field("", description="of data that are shipped with the case")
    notes: str = ""
    quantities: list[Quantity] = Field(min_length=1)


@dataclass(frozen=True)
class CaseResult:
    """One quantity of one case: predicted against published.

    For a table, `predicted` and `published` are those of its worst point, which `point` names.
    `allowed` is the tolerance in the quantity's unit. `predicted` is None where the quantity was
    skipped (`skipped` says why) or could not be computed (`cause` says why); neither passes.
    """

    case: str
    quantity: str
    predicted: float | None
    published: float
    unit: str
    tolerance: str
    passed: bool
    source: str
    cause: str = ""
    skipped: str = ""
    allowed: float = 0.0
    point: str = ""

    @property
    def verdict(self) -> str:
        """`pass`, `MISS` or `skipped`."""
        if self.skipped:
            return "skipped"
        return "pass" if self.passed else "MISS"


def case_names(folder: Path = CASES) -> list[str]:
    """The names of all cases, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_cases(names: Iterable[str] | None = None, folder: Path = CASES) -> list[Case]:
    """The cases of these names (all when None). Raises InputError, one line per fault."""
    known = case_names(folder)
    wanted = known if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise InputError(f"{name!r}: no case of that name, {nearest(name, known)}")
    return [_load(folder / f"{name}.yaml") for name in wanted]


def _load(path: Path) -> Case:
    document = load_document(path)
    try:
        case = Case.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), Case)) from None
    if case.id != path.stem:
        raise InputError(document.fault(("id",), f"must be the file's name, {path.stem!r}"))
    return case


def run_cases(
    names: Iterable[str] | None = None,
    folder: Path = CASES,
    progress: Callable[[str], None] | None = None,
) -> list[CaseResult]:
    """Run cases by name, all when None. `progress` is called with each case's id before it runs."""
    results: list[CaseResult] = []
    for case in load_cases(names, folder):
        if progress is not None:
            progress(case.id)
        results.extend(run_quantity(case, quantity) for quantity in case.quantities)
    return results


def run_quantity(case: Case, quantity: Quantity) -> CaseResult:
    """Predict one quantity and judge it."""
    from .runners import RUNNERS

    if quantity.runner not in RUNNERS:
        raise InputError(
            f"{case.id}: {quantity.name}: no runner {quantity.runner!r}, "
            f"{nearest(quantity.runner, RUNNERS)}"
        )
    worst = _Point("", None, quantity.published or 0.0)
    cause, skipped = quantity.cause, ""
    try:
        worst = _worst_point(quantity, RUNNERS[quantity.runner])
    except SkippedError as reason:
        skipped = str(reason)
    except DctwinError as problem:
        cause = cause or f"could not be computed: {str(problem).splitlines()[0]}"
    allowed = quantity.allowed(worst.published)
    passed = worst.predicted is not None and abs(worst.predicted - worst.published) <= allowed
    return CaseResult(
        case=case.id,
        quantity=quantity.name,
        predicted=worst.predicted,
        published=worst.published,
        unit=quantity.unit,
        tolerance=quantity.tolerance,
        passed=passed,
        source=case.source,
        cause="" if passed or skipped else cause,
        skipped=skipped,
        allowed=allowed,
        point=worst.place,
    )


@dataclass(frozen=True)
class _Point:
    place: str
    predicted: float | None
    published: float


def _worst_point(quantity: Quantity, runner: Callable[..., float]) -> _Point:
    """The one figure of a quantity, or the row of its table that comes nearest to its limit."""
    table = quantity.table
    if table is None:
        return _Point("", _finite(runner(**quantity.inputs)), quantity.published or 0.0)
    worst = _Point("", None, 0.0)
    worst_share = -1.0
    rows = read_rows(table.file, table.where)
    for row in rows:
        given = {key: number(row[key]) for key in table.inputs}
        predicted, published = runner(**quantity.inputs, **given), float(row[table.published])
        miss, allowed = abs(predicted - published), quantity.allowed(published)
        share = miss / allowed if allowed > 0 else math.inf if miss > 0 else 0.0
        # `not <=` rather than `>`: a prediction that is not a number is the worst of all.
        if not share <= worst_share:
            place = ", ".join(f"{key} {row[key]}" for key in table.inputs)
            worst = _Point(f"worst of {len(rows)}: {place}", _finite(predicted), published)
            worst_share = share
        if math.isnan(share):
            break
    return worst


def _finite(value: float) -> float | None:
    """The value, or None where it is not a number, which no tolerance can judge."""
    return float(value) if math.isfinite(value) else None


def read_rows(file: str, where: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Rows of a CSV file in data/ whose columns hold these texts; `#` lines are comments."""
    with (DATA / file).open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(line for line in handle if not line.startswith("#"))
        rows = [
            row for row in reader if all(row[key] == text for key, text in (where or {}).items())
        ]
    if not rows:
        raise InputError(f"{file}: no row where {dict(where or {})}")
    return rows


def number(text: str) -> float | str:
    """A cell as a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def format_results(results: Iterable[CaseResult]) -> str:
    """A plain-text table: predicted against published, tolerance, verdict, source, causes."""
    rows = list(results)
    heads = ("quantity", "predicted", "published", "unit", "tolerance", "")
    cells = [
        (
            r.quantity,
            "-" if r.predicted is None else _figure(r.predicted),
            _figure(r.published),
            r.unit,
            f"± {r.tolerance}",
            r.verdict,
        )
        for r in rows
    ]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]

    def line(row: tuple[str, ...]) -> str:
        """Text to the left, numbers to the right."""
        texts = (
            text.rjust(width) if column in (1, 2) else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  " + "  ".join(texts).rstrip()

    lines = [line(heads)]
    for index, (result, row) in enumerate(zip(rows, cells, strict=True)):
        if index == 0 or rows[index - 1].case != result.case:
            lines += ["", f"{result.case}    source: {result.source}"]
        lines.append(line(row))
        if result.point:
            lines.append(f"      {result.point}")
        if result.cause:
            lines.append(f"      cause: {result.cause}")
        if result.skipped:
            lines.append(f"      not run: {result.skipped}")
    count = {word: sum(r.verdict == word for r in rows) for word in ("pass", "MISS", "skipped")}
    lines += ["", f"{count['pass']} pass, {count['MISS']} miss, {count['skipped']} skipped"]
    return "\n".join(lines)


def _figure(value: float) -> str:
    """Six significant digits, thousands kept readable, 0 as 0."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{value:,.6g}" if abs(value) < 1e5 else f"{value:,.0f}"
    return f"{value:.2e}"
