"""A sweep file read and checked, as far as it can be without its designs."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from dctwin.document import Document, Path_, faults_of, load_document
from dctwin.errors import InputError, nearest
from dctwin.labels import LABELS
from dctwin.sweeps.file import SENSITIVITY, Choices, Spread, SweepFile
from dctwin.totals import FLAGGED

# Every metric; and those that are numbers, which can be ranked and bounded.
METRICS: frozenset[str] = frozenset({*LABELS, "currency", "pue_category"})
NUMBERS = METRICS - {"currency"}
# Columns of limits, for those who ask for them: the hours in which any is passed, and the one that
# is passed in most of them.
WORST_FLAG = "worst_flag"
FLAG_COLUMNS = (FLAGGED, WORST_FLAG)
# What a sweep's table and its analyses call their own columns: what is varied cannot be called so.
TAKEN = METRICS.union(
    FLAG_COLUMNS,
    ("point", "design", "site", "weather", "scenario", "backend", "status", "error"),
    ("price_year", "penalty", "worst", "metric", "unit", "points"),
)


@dataclass(frozen=True)
class Spec:
    """A checked sweep file and where it stands."""

    file: SweepFile
    document: Document = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.file.name


SpecLike = str | os.PathLike[str] | Mapping[str, Any] | Spec


def load_spec(spec: SpecLike) -> Spec:
    """A sweep from a file, or from the same structure as a mapping. Raises InputError."""
    if isinstance(spec, Spec):
        return spec
    if isinstance(spec, Mapping):
        document = Document("sweep", dict(spec), {(): 0})
    else:
        document = load_document(spec)
    try:
        file = SweepFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), SweepFile)) from None
    _check(file, document)
    return Spec(file, document)


def watched(file: SweepFile) -> bool:
    """Whether the hours in which limits are passed are asked for."""
    named = {*file.metrics, *(bound.metric for bound in file.constraints), file.traces.by}
    return not named.isdisjoint(FLAG_COLUMNS)


def at_weather(spec: Spec, site: str, weather: str, problem: InputError) -> InputError:
    """What is wrong with a weather file as a whole, at its place in the sweep file."""
    if not weather or any(fault.line for fault in problem.faults):
        return problem
    by_site = isinstance(spec.file.weather, dict)
    index = spec.file.weather_of(site).index(weather)
    place: Path_ = ("weather", site, index) if by_site else ("weather", index)
    return InputError(*(spec.document.fault(place, str(fault)) for fault in problem.faults))


def number_names(file: SweepFile) -> frozenset[str]:
    """Columns that can be ranked and bounded: metrics that are kept, limits, varied numbers."""
    varied = {path for path, how in file.vary.items() if not isinstance(how, Choices)}
    kept = NUMBERS.intersection(file.metrics) if file.metrics else NUMBERS
    return kept | varied | {FLAGGED}


def first_choice(file: SweepFile) -> str:
    """What points are ranked by when nobody says: PUE, or else the first number that is kept."""
    kept = [name for name in file.metrics if name in NUMBERS]
    return "pue" if "pue" in number_names(file) or not kept else kept[0]


def metric_fault(name: str, file: SweepFile) -> str | None:
    """Why a name cannot be ranked or bounded in this sweep; None when it can."""
    known = number_names(file)
    if name in known:
        return None
    if name in NUMBERS:
        return f"is not kept, name it in `metrics` too (got {name!r})"
    if name in METRICS or name == WORST_FLAG:
        return f"is text, not a number (got {name!r})"
    return f"no such metric, {nearest(name, known)} (got {name!r})"


def _check(file: SweepFile, document: Document) -> None:
    faults = [
        document.fault(place, why)
        for place, why in (
            *_sampling(file),
            *_names(file),
            *_repeated(file),
        )
    ]
    if faults:
        raise InputError(*sorted(faults, key=lambda fault: fault.line))


Finding = tuple[Path_, str]


def _sampling(file: SweepFile) -> Iterator[Finding]:
    """What does not go with the method of sampling."""
    method = file.sampling.method
    if method == "grid" and file.sampling.points is not None:
        yield ("sampling", "points"), "a grid has no number of points"
    if method != "grid" and file.sampling.points is None:
        yield ("sampling",), f"points is missing: {method} needs a number"
    if file.sampling.second_order and method != "saltelli":
        yield ("sampling", "second_order"), f"belongs to saltelli alone (method {method})"
    for path, how in file.vary.items():
        place = ("vary", path)
        if isinstance(how, list) and not how:
            yield place, "needs at least one value"
        if method == "grid" and isinstance(how, Spread):
            yield place, "a distribution cannot be laid on a grid: choose a method"
        if method in SENSITIVITY and isinstance(how, Choices):
            yield place, f"{method} needs numbers, not choices between parts"
    if method in SENSITIVITY and len(file.vary) < 2:
        yield ("vary",), f"{method} compares at least two varied paths"


def _names(file: SweepFile) -> Iterator[Finding]:
    """What is called like a column, set in a design and of a site; unknown metrics and sites."""
    for path in file.vary:
        if path in TAKEN:
            yield ("vary", path), f"the table has a column {path} of its own: give another name"
    for place, path in _design_paths(file):
        if _OF_SITES.match(path):
            yield (
                place,
                (
                    "belongs to a site: a site is varied by scenarios, "
                    f"scenarios: {{NAME: {{site: {{{path.removeprefix('site.')}: VALUE}}}}}}"
                ),
            )
    for index, name in enumerate(file.metrics):
        if name not in (known := {*METRICS, *FLAG_COLUMNS}):
            yield ("metrics", index), f"no such metric, {nearest(name, known)} (got {name!r})"
    for index, bound in enumerate(file.constraints):
        if why := metric_fault(bound.metric, file):
            yield ("constraints", index, "metric"), why
    if file.traces.top and (why := metric_fault(file.traces.by, file)):
        yield ("traces", "by"), why
    if isinstance(file.weather, dict):
        for site in file.weather:
            if site not in file.sites:
                yield ("weather", site), f"is not among the sites, {nearest(site, file.sites)}"
    elif file.weather and len(file.sites) > 1:
        yield (
            ("weather",),
            "is of one place: say which files belong to which of the "
            f"{len(file.sites)} sites, {file.sites[0]}: [{file.weather[0]}]",
        )


# Paths of a site file: a design has no such parts.
_OF_SITES = re.compile(r"(site|climate|grid|tariff|weather|waters|connection|curtailment)\.")


def _design_paths(file: SweepFile) -> Iterator[tuple[Path_, str]]:
    """Paths of the designs that the file sets, and where it does so."""
    for path, how in file.vary.items():
        if isinstance(how, Choices):
            for label, changes in how.choices.items():
                for inner in changes:
                    yield ("vary", path, "choices", label, inner), inner
        else:
            yield ("vary", path), path
    for name, scenario in file.scenarios.items():
        for path in scenario.design:
            yield ("scenarios", name, "design", path), path


def _repeated(file: SweepFile) -> Iterator[Finding]:
    """Entries that stand twice in a list: their points would count twice."""
    lists: dict[Path_, Sequence[Any]] = {
        ("designs",): file.designs,
        ("sites",): file.sites,
        ("metrics",): file.metrics,
        ("traces", "points"): file.traces.points,
    }
    if isinstance(file.weather, dict):
        lists |= {("weather", site): files for site, files in file.weather.items()}
    else:
        lists[("weather",)] = file.weather
    lists |= {("vary", path): how for path, how in file.vary.items() if isinstance(how, list)}
    for place, items in lists.items():
        seen: set[Any] = set()
        for index, item in enumerate(items):
            key = item if isinstance(item, Hashable) else repr(item)
            if key in seen:
                yield (*place, index), f"is given twice (got {item!r})"
            seen.add(key)
