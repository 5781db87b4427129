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
from dctwin.sweeps.topology import Topology, reason, together, why_not

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


def _refused(job: Job) -> Iterator[Fault]:
    """Values that no combination of a design in a scenario can have."""
    _ = job.topologies
    for design, scenario in job.bases:
        world = World(design, "", "", scenario)
        found: list[tuple[Values, Topology | InputError]] = []
        for values, _rows in job.groups:
            try:
                found.append((values, job.topology(world, values)))
            except InputError as problem:
                found.append((values, problem))
        blamed = list(_structural(job, world, found))
        yield from blamed
        standing = [one for _, one in found if isinstance(one, Topology)]
        if standing:
            yield from _numeric(job, world, standing)
            yield from _joint(job, standing)
        elif not blamed:
            first = found[0][1]
            assert isinstance(first, InputError)
            yield from first.faults


def _structural(
    job: Job, world: World, found: list[tuple[Values, Topology | InputError]]
) -> Iterator[Fault]:
    """Values of structural paths that fail in every combination, and alone."""
    base = job.bases[world.design, world.scenario]
    for path in job.structural:
        how = job.spec.file.vary[path]
        stands = {repr(values[path]) for values, one in found if isinstance(one, Topology)}
        tried = {repr(values[path]): values[path] for values, _ in found}
        for name, value in tried.items():
            if name in stands:
                continue
            if isinstance(how, Choices):
                why = _choice_why(base, how.choices[value])
            else:
                why = why_not(base, path, value)
            if why:
                yield _fault(job, world, path, value, why)


def _choice_why(base: Facility, changes: dict[str, Any]) -> str:
    try:
        base.replace(changes)
    except InputError as problem:
        return reason(problem)
    return ""


def _numeric(job: Job, world: World, standing: list[Topology]) -> Iterator[Fault]:
    """Values of numeric paths that every topology refuses."""
    for path in standing[0].followers:
        for value, why in standing[0].refused.get(path, {}).items():
            if all(value in one.refused.get(path, {}) for one in standing):
                yield _fault(job, world, path, value, why)


def _joint(job: Job, standing: list[Topology]) -> Iterator[Fault]:
    """Paths that change the same number, each in its own way."""
    for one in standing:
        at = {
            path: [v for v in job.space.extremes(path) if v not in one.refused.get(path, {})][-1]
            for path in one.followers
        }
        if (place := together(one.facility, one.followers, at)) is not None:
            yield job.spec.document.fault(
                ("vary",),
                f"{' and '.join(at)} act on the same number ({'.'.join(map(str, place))}): "
                "give their combinations as choices",
            )


def _fault(job: Job, world: World, path: str, value: Any, why: str) -> Fault:
    """A fault at the value that is to blame, in the sweep file."""
    how = job.spec.file.vary[path]
    place: Path_ = ("vary", path)
    if isinstance(how, Choices):
        place = (*place, "choices", value)
    elif isinstance(how, list):
        place = (*place, how.index(value))
    else:
        why = f"cannot be {value:.6g}: {why}"
    return job.spec.document.fault(place, job.in_design(world) + why)
