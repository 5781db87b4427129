"""A sweep made ready: designs and sites loaded, topologies found, points cut into chunks.

A `Job` holds all that a worker needs, so that it can be sent to another process or machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any, TypeVar

import numpy as np

from dctwin.design import Facility, load_design
from dctwin.document import WHOLE_NUMBER, Path_
from dctwin.errors import InputError
from dctwin.labels import is_money, money_of
from dctwin.site import Site, load_site
from dctwin.surroundings import Surroundings, prepare
from dctwin.sweeps.bind import Follower
from dctwin.sweeps.compiled import TILE_DESIGNS
from dctwin.sweeps.file import Choices, Span, Spread
from dctwin.sweeps.identity import identity_of
from dctwin.sweeps.kernel import Bench
from dctwin.sweeps.space import NO_SCENARIO, Space, World
from dctwin.sweeps.spec import Spec, at_weather, watched
from dctwin.sweeps.topology import Topology, reason, together, trace, why_not

# Points in a part: some seconds of work, so that a kill loses little and a part is worth a file.
CHUNK_POINTS = 512
# Smaller sweeps are cut into this many parts, so that many workers share them, though into none of
# fewer points than a compiled call takes, which are about as many as the kernel runs well together.
PARTS = 64
MAX_TOPOLOGIES = 2_000

Key = tuple[Any, ...]
Values = Mapping[str, Any]  # varied path -> value


@dataclass(frozen=True)
class Job:
    """A sweep ready to run."""

    spec: Spec
    facilities: Mapping[str, Facility]
    surroundings: Mapping[tuple[str, str, str], Surroundings]  # by site, weather, scenario
    watched: bool = False  # count the hours in which limits are passed at every point
    _facilities: dict[Key, Facility | InputError] = field(default_factory=dict, compare=False)
    _topologies: dict[Key, Topology | InputError] = field(default_factory=dict, compare=False)
    _benches: dict[tuple[int, World], Bench] = field(default_factory=dict, compare=False)

    @cached_property
    def bases(self) -> dict[tuple[str, str], Facility]:
        """The designs in each scenario, before anything is varied.

        Raises InputError where a scenario cannot be laid on a design.
        """
        found, faults = {}, []
        scenarios = self.spec.file.scenarios
        for (design, facility), name in product(
            self.facilities.items(), scenarios or [NO_SCENARIO]
        ):
            changes = scenarios[name].design if name in scenarios else {}
            try:
                found[design, name] = facility.replace(changes) if changes else facility
            except InputError as problem:
                why = f"cannot be laid on {design}: {reason(problem)}"
                faults.append(self.spec.document.fault(("scenarios", name, "design"), why))
        if faults:
            raise InputError(*faults)
        return found

    @cached_property
    def space(self) -> Space:
        return Space(self.spec, self._whole)

    @property
    def _whole(self) -> frozenset[str]:
        """Ranges and distributions of numbers that a design takes whole alone."""
        found = set()
        for path, how in self.spec.file.vary.items():
            if not isinstance(how, (Span, Spread)):
                continue
            low, high = how.ends()
            if low.is_integer() and high.is_integer():
                between = low + 0.5
                reasons = (why_not(base, path, between) for base in self.bases.values())
                if any(WHOLE_NUMBER in why for why in reasons):
                    found.add(path)
        return frozenset(found)

    @cached_property
    def structural(self) -> tuple[str, ...]:
        """Varied paths that change more than numbers, in any of the designs."""
        return tuple(
            path
            for path, how in self.spec.file.vary.items()
            if isinstance(how, Choices)
            or any(self._is_structural(base, path) for base in self.bases.values())
        )

    def _is_structural(self, base: Facility, path: str) -> bool:
        try:
            return self._trace(base, path)[0] is None
        except InputError:
            return False  # it can stand in no design, or in others alone: checked when they are

    def _trace(
        self, facility: Facility, path: str
    ) -> tuple[tuple[Follower, ...] | None, dict[Any, str]]:
        how = self.spec.file.vary[path]
        between = isinstance(how, Spread) and path not in self.space.whole
        return trace(facility, path, self.space.extremes(path), between)

    def key(self, world: World, values: Values) -> Key:
        """What points of one topology share: design, scenario, and values of structural paths."""
        return (
            world.design,
            world.scenario,
            *(_hashable(values[path]) for path in self.structural),
        )

    def facility(self, world: World, values: Values) -> Facility:
        """The design with the structural values of a point, parsed when first asked for.

        Raises InputError when they cannot stand together.
        """
        return _kept(self._facilities, self.key(world, values), lambda: self._parse(world, values))

    def topology(self, world: World, values: Values) -> Topology:
        """The topology of a point, traced when first asked for.

        Raises InputError when its structural values cannot stand together, or with no number.
        """
        return _kept(self._topologies, self.key(world, values), lambda: self._traced(world, values))

    def _parse(self, world: World, values: Values) -> Facility:
        picked = {path: values[path] for path in self.structural}
        base = self.bases[world.design, world.scenario]
        try:
            return self._with(base, self.space.written_out(picked))
        except InputError as problem:
            raise self._cannot(world, picked, reason(problem)) from None

    def _traced(self, world: World, values: Values) -> Topology:
        facility = self.facility(world, values)
        followers, refused = {}, {}
        for path in self.spec.file.vary:
            if path in self.structural:
                continue
            try:
                found, bad = self._trace(facility, path)
            except InputError as problem:
                picked = {path: values[path] for path in self.structural}
                place = self.place(path, self.space.extremes(path)[0])
                raise self._cannot(world, picked, reason(problem), place) from None
            if found is None:
                why = "changes numbers in one design and parts in another"
                raise InputError(self.spec.document.fault(("vary", path), why))
            followers[path] = found
            if bad:
                refused[path] = bad
        self._check_together(facility, followers, refused)
        return Topology(facility, followers, refused)

    def _check_together(
        self,
        facility: Facility,
        followers: Mapping[str, tuple[Follower, ...]],
        refused: Mapping[str, Mapping[Any, str]],
    ) -> None:
        """Raise InputError where paths act on the same number: each was traced alone."""
        at = {
            path: [v for v in self.space.extremes(path) if v not in refused.get(path, {})][-1]
            for path in followers
        }
        place = together(facility, followers, at)
        if place is not None:
            why = (
                f"{' and '.join(at)} act on the same number ({'.'.join(map(str, place))}): give "
                "their combinations as choices"
            )
            raise InputError(self.spec.document.fault(("vary",), why))

    def _with(self, base: Facility, changes: Values) -> Facility:
        """A design with structural values; with numbers of its own, or where these do not go with
        them, with some of the numbers that are varied."""
        if not changes:
            return base
        try:
            return base.replace(changes)
        except InputError:
            numeric = [path for path in self.spec.file.vary if path not in self.structural]
            for side in (0, -1):
                numbers = {path: self.space.extremes(path)[side] for path in numeric}
                with suppress(InputError):
                    return base.replace({**changes, **numbers})
            raise

    def place(self, path: str, value: Any) -> Path_:
        """Where the sweep file gives a value of a varied path."""
        how = self.spec.file.vary[path]
        if isinstance(how, Choices):
            return ("vary", path, "choices", value)
        return ("vary", path, how.index(value)) if isinstance(how, list) else ("vary", path)

    def _cannot(
        self, world: World, picked: Values, why: str, place: Path_ = ("vary",)
    ) -> InputError:
        """That a design cannot be with these values, named one by one."""
        names = ", ".join(f"{path}={value!r}" for path, value in picked.items())
        text = f"{self.in_design(world)}{names}{': ' if names else ''}{why}"
        return InputError(self.spec.document.fault(place, text))

    def in_design(self, world: World) -> str:
        """`in DESIGN, scenario NAME: `, as far as there are several of them."""
        design = f"in {world.design}: " if len(self.facilities) > 1 else ""
        scenario = f"in scenario {world.scenario}: " if self.spec.file.scenarios else ""
        return f"{design}{scenario}"

    def tabled(self, path: str) -> bool:
        """Whether what a path does is known at the values of the sweep alone, not between them."""
        known = [one for one in self._topologies.values() if isinstance(one, Topology)]
        return any(
            follower.table is not None for one in known for follower in one.followers.get(path, ())
        )

    @cached_property
    def groups(self) -> list[tuple[Values, np.ndarray]]:
        """Samples of a world by the values of structural paths that they share."""
        columns = self.space.columns
        if not self.structural:
            return [({}, np.arange(self.space.samples))]
        rows: dict[Key, list[int]] = {}
        picked = [columns[path] for path in self.structural]
        for row in range(self.space.samples):
            rows.setdefault(tuple(_hashable(column[row]) for column in picked), []).append(row)
        return [
            ({path: columns[path][some[0]] for path in self.structural}, np.array(some))
            for some in rows.values()
        ]

    @cached_property
    def topologies(self) -> int:
        """How many topologies there are: sites and weather years share them.

        Raises InputError when they are too many.
        """
        count = len(self.bases) * len(self.groups)
        if count > MAX_TOPOLOGIES:
            raise InputError(
                self.spec.document.fault(
                    ("vary",),
                    f"at most {MAX_TOPOLOGIES} topologies (got {count}): fewer values of "
                    f"{', '.join(self.structural)}, which change more than numbers",
                )
            )
        return count

    @cached_property
    def chunks(self) -> list[np.ndarray]:
        """Points of each part: of one topology in one world, in the order of their numbers.

        Their size depends on the sweep alone, so that its table has the same bytes on any machine.
        """
        tiles = math.ceil(len(self.space) / PARTS / TILE_DESIGNS)
        size = min(CHUNK_POINTS, tiles * TILE_DESIGNS)
        return [
            world * self.space.samples + rows[start : start + size]
            for world in range(len(self.space.worlds))
            for _, rows in self.groups
            for start in range(0, len(rows), size)
        ]

    def bench(self, topology: Topology, world: World) -> Bench:
        """A topology at its site, made ready once."""
        key = id(topology), world
        if key not in self._benches:
            around = self.surroundings[world.site, world.weather, world.scenario]
            self._benches[key] = Bench(topology.facility, around, topology.places, self.watched)
        return self._benches[key]

    def refuse_mixed_money(self, metrics: Iterable[str], place: tuple[str, ...]) -> None:
        """Raise InputError when one of the metrics is money and the sites count in several."""
        grids = [around.grid for around in self.surroundings.values()]
        worths = [{"currency": grid.currency, "price_year": grid.price_year} for grid in grids]
        found = sorted(set(filter(None, map(money_of, worths))))
        money = next(filter(is_money, metrics), None)
        if money and len(found) > 1:
            raise InputError(
                self.spec.document.fault(
                    place,
                    f"{money} is in {' and '.join(found)} at these sites, which are not compared "
                    "with each other: choose sites of one currency and price year",
                )
            )

    def with_flags(self) -> Job:
        """The same job, that counts the hours in which limits are passed."""
        return self if self.watched else replace(self, watched=True, _benches={})

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: it makes topologies and benches ready itself."""
        return {**self.__dict__, "_facilities": {}, "_topologies": {}, "_benches": {}}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a sweep to be resumed: name -> digest."""
        return identity_of(self)


def make_job(spec: Spec) -> Job:
    """Load what a spec names. Raises InputError, one line per fault, for anything it cannot use."""
    file = spec.file
    faults = []
    facilities: dict[str, Facility] = {}
    for index, name in enumerate(file.designs):
        try:
            facilities[name] = load_design(name)
        except InputError as problem:
            if problem.faults and problem.faults[0].line:
                raise
            faults.append(spec.document.fault(("designs", index), str(problem)))
    sites: dict[str, Site] = {}
    for index, name in enumerate(file.sites):
        try:
            sites[name] = load_site(name)
        except InputError as problem:
            if problem.faults and problem.faults[0].line:
                raise
            faults.append(spec.document.fault(("sites", index), str(problem)))
    if faults:
        raise InputError(*faults)
    surroundings = {}
    for world in Space(spec).worlds:
        key = world.site, world.weather, world.scenario
        if key not in surroundings:
            scenario = file.scenarios.get(world.scenario)
            site = sites[world.site]
            if scenario is not None and scenario.site:
                try:
                    site = site.replace(scenario.site)
                except InputError as problem:
                    why = f"cannot be laid on {world.site}: {reason(problem)}"
                    place = ("scenarios", world.scenario, "site")
                    raise InputError(spec.document.fault(place, why)) from None
            try:
                surroundings[key] = prepare(site, world.weather or None, file.step)
            except InputError as problem:
                raise at_weather(spec, world.site, world.weather, problem) from None
    return Job(spec, facilities, surroundings, watched(file))


T = TypeVar("T")


def _kept(held: dict[Key, T | InputError], key: Key, make: Callable[[], T]) -> T:
    """What is held of a key, or made; a refusal is held too, and raised again."""
    if key not in held:
        try:
            held[key] = make()
        except InputError as problem:
            held[key] = problem
    found = held[key]
    if isinstance(found, InputError):
        raise found
    return found


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)
