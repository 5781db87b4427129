"""What of a sweep cannot be, found before anything runs.

Refused, as an error: paths of which one would overwrite the other, and values that a design cannot
have in any of their combinations. Values that cannot stand together in some of their combinations
only are points like any other, whose rows say `failed` and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from dctwin.document import Path_
from dctwin.errors import Fault, InputError
from dctwin.sweeps.file import Choices
from dctwin.sweeps.space import World
from dctwin.sweeps.topology import reason, why_not

if TYPE_CHECKING:
    from dctwin.design import Facility
    from dctwin.sweeps.job import Job, Values


def check(job: Job) -> None:
    """Raises InputError, one line per fault, for what cannot be."""
    for found in (_traces(job), _overlaps(job), _refused(job)):
        if faults := list(dict.fromkeys(found)):
            raise InputError(*sorted(faults, key=lambda fault: fault.line))


def _traces(job: Job) -> Iterator[Fault]:
    last = len(job.space) - 1
    for index, point in enumerate(job.spec.file.traces.points):
        if point > last:
            why = f"no such point, allowed 0 to {last} (got {point})"
            yield job.spec.document.fault(("traces", "points", index), why)


# --- paths that overwrite each other ----------------------------------------------------------


class _Setting(NamedTuple):
    """A path that the file sets, and where it says so."""

    place: Path_  # in the sweep file
    path: str
    group: str  # what it is one choice of: `scenarios`, or a varied path
    label: str  # which choice

    def never_with(self, other: _Setting) -> bool:
        """Whether no point has both: they belong to two choices of the same."""
        return self.group == other.group and self.label != other.label


def _settings(job: Job) -> Iterator[_Setting]:
    file = job.spec.file
    for name, scenario in file.scenarios.items():
        for path in scenario.design:
            yield _Setting(("scenarios", name, "design", path), path, "scenarios", name)
    for path, how in file.vary.items():
        if isinstance(how, Choices):
            for label, changes in how.choices.items():
                for inner in changes:
                    yield _Setting(
                        ("vary", path, "choices", label, inner), inner, f"vary {path}", label
                    )
        else:
            yield _Setting(("vary", path), path, f"vary {path}", "")


def _overlaps(job: Job) -> Iterator[Fault]:
    """Paths set together of which one is the other or lies within it."""
    settings = list(_settings(job))
    for facility in job.facilities.values():
        homes = [_home(facility, setting.path) for setting in settings]
        for (one, home), (other, within) in combinations(zip(settings, homes, strict=True), 2):
            short = min(len(home), len(within))
            if home[:short] != within[:short] or one.never_with(other):
                continue
            first = ".".join(map(str, one.place))
            how = "sets the same value as" if home == within else "overlaps"
            yield job.spec.document.fault(
                other.place, f"{how} {first}: one would overwrite the other, give it in one place"
            )


def _home(facility: Facility, path: str) -> Path_:
    """Where a path leads in a design; one that is not there yet as it is written."""
    try:
        return facility.document.place(path)
    except InputError:
        return tuple(path.split("."))


# --- values that a design refuses -------------------------------------------------------------


# (path, value) -> its faults; () when nothing stands, whatever the values.
_Refusals = dict[tuple[str, ...], list[Fault]]


def _refused(job: Job) -> Iterator[Fault]:
    """Values that no combination of a design can have, in any of its scenarios."""
    _ = job.topologies
    for design in job.facilities:
        scenarios = [scenario for name, scenario in job.bases if name == design]
        each = [_refusals(job, World(design, "", "", scenario)) for scenario in scenarios]
        for key in dict.fromkeys(key for found in each for key in found):
            # What another scenario takes costs the points of this one alone.
            if all(key in found or () in found for found in each):
                yield from next(found[key] for found in each if key in found)


def _refusals(job: Job, world: World) -> _Refusals:
    """What no combination of a design in one scenario can have."""
    standing: list[Values] = []
    problems: list[InputError] = []
    for values, _rows in job.groups:
        try:
            job.facility(world, values)
            standing.append(values)
        except InputError as problem:
            problems.append(problem)
    found: _Refusals = {}
    for path, value, why in _structural(job, world, standing):
        found.setdefault((path, repr(value)), []).append(_fault(job, world, path, value, why))
    if not standing:
        return found or {(): list(problems[0].faults)}
    refused = _numeric(job, world, standing)
    if isinstance(refused, InputError):
        return {(): list(refused.faults)}
    for (path, value), why in refused.items():
        found[path, repr(value)] = [_fault(job, world, path, value, why)]
    return found


def _structural(job: Job, world: World, standing: list[Values]) -> Iterator[tuple[str, Any, str]]:
    """Values of structural paths that fail in every combination, and alone."""
    base = job.bases[world.design, world.scenario]
    for path in job.structural:
        how = job.spec.file.vary[path]
        stands = {repr(values[path]) for values in standing}
        tried = {repr(values[path]): values[path] for values, _ in job.groups}
        for name, value in tried.items():
            if name in stands:
                continue
            if isinstance(how, Choices):
                why = _choice_why(base, how.choices[value])
            else:
                why = why_not(base, path, value)
            if why:
                yield path, value, why


def _choice_why(base: Facility, changes: dict[str, Any]) -> str:
    try:
        base.replace(changes)
    except InputError as problem:
        return reason(problem)
    return ""


def _numeric(
    job: Job, world: World, standing: list[Values]
) -> dict[tuple[str, Any], str] | InputError:
    """Values of numeric paths that every topology refuses, and why; one that refuses none settles
    it. What is wrong with the first, where none can be traced."""
    refused: dict[tuple[str, Any], str] | None = None
    problems: list[InputError] = []
    for values in standing:
        try:
            topology = job.topology(world, values)
        except InputError as problem:
            problems.append(problem)
            continue
        bad = {
            (path, value): why
            for path, some in topology.refused.items()
            for value, why in some.items()
        }
        refused = bad if refused is None else {k: why for k, why in refused.items() if k in bad}
        if not refused:
            break
    return problems[0] if refused is None else refused


def _fault(job: Job, world: World, path: str, value: Any, why: str) -> Fault:
    """A fault at the value that is to blame, in the sweep file."""
    if not isinstance(job.spec.file.vary[path], (Choices, list)):
        why = f"cannot be {value:.6g}: {why}"
    return job.spec.document.fault(job.place(path, value), job.in_design(world) + why)
