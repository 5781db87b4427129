"""A sweep made ready: designs and sites loaded, topologies found, points cut into chunks.

A `Job` holds all that a worker needs, so that it can be sent to another process or machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from dctwin.api import equipment_digest, package_version, source_digest
from dctwin.design import Facility, load_design
from dctwin.errors import InputError
from dctwin.labels import is_money
from dctwin.site import Site, load_site
from dctwin.surroundings import Surroundings, prepare
from dctwin.sweeps.bind import Follower, follow, refuse
from dctwin.sweeps.kernel import Bench
from dctwin.sweeps.space import Space, World
from dctwin.sweeps.spec import Choices, Spec
from dctwin.totals import FLAGGED

# Points in a part: some seconds of work, so that a kill loses little and a part is worth a file.
CHUNK_POINTS = 512
MAX_TOPOLOGIES = 2_000

# Columns of limits: the hours in which any is passed, and the one that is passed in most of them.
WORST_FLAG = "worst_flag"
FLAG_COLUMNS = (FLAGGED, WORST_FLAG)
# Parts of a spec that no result depends on: they may change before a sweep is resumed.
_NO_RESULTS = frozenset({"name", "title", "description", "constraints", "traces"})

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Topology:
    """A facility that batches are made of, and where the numeric paths end up in it."""

    facility: Facility
    followers: Mapping[str, tuple[Follower, ...]]


@dataclass(frozen=True)
class Job:
    """A sweep ready to run."""

    spec: Spec
    facilities: Mapping[str, Facility]
    surroundings: Mapping[tuple[str, str, str], Surroundings]  # by site, weather, scenario
    watched: bool = False  # count the hours in which limits are passed at every point
    _topologies: dict[Key, Topology] = field(default_factory=dict, compare=False)
    _benches: dict[tuple[int, World], Bench] = field(default_factory=dict, compare=False)

    @cached_property
    def space(self) -> Space:
        return Space(self.spec)

    @cached_property
    def structural(self) -> tuple[str, ...]:
        """Varied paths that change more than numbers, in any of the designs."""
        file, world = self.spec.file, self.space.worlds[0]
        return tuple(
            path
            for path, how in file.vary.items()
            if isinstance(how, Choices)
            or any(
                self._follow(self._scenario(world._replace(design=name)), path) is None
                for name in file.designs
            )
        )

    def _follow(self, facility: Facility, path: str) -> tuple[Follower, ...] | None:
        def parse(value: Any) -> Facility:
            try:
                return facility.replace({path: value})
            except InputError as problem:
                raise refuse(self.spec.document, path, value, problem) from None

        return follow(facility, path, self.space.extremes(path), parse)

    def _scenario(self, world: World) -> Facility:
        scenario = self.spec.file.scenarios.get(world.scenario)
        base = self.facilities[world.design]
        return base.replace(scenario.design) if scenario and scenario.design else base

    def key(self, world: World, values: Mapping[str, Any]) -> Key:
        """What points of one topology share: world, and the values of structural paths."""
        return (*world, *(_hashable(values[path]) for path in self.structural))

    def topology(self, world: World, values: Mapping[str, Any]) -> Topology:
        """The topology of a point, parsed when first asked for."""
        key = self.key(world, values)
        if key not in self._topologies:
            self._topologies[key] = self._parse(world, values)
        return self._topologies[key]

    def _parse(self, world: World, values: Mapping[str, Any]) -> Topology:
        file = self.spec.file
        changes: dict[str, Any] = {}
        for path in self.structural:
            how, value = file.vary[path], values[path]
            changes |= how.choices[value] if isinstance(how, Choices) else {path: value}
        base = self._scenario(world)
        try:
            facility = base.replace(changes) if changes else base
        except InputError as problem:
            path = self.structural[0]
            raise refuse(self.spec.document, path, values[path], problem) from None
        followers = {}
        for path in file.vary:
            if path in self.structural:
                continue
            found = self._follow(facility, path)
            if found is None:
                raise InputError(
                    self.spec.document.fault(
                        ("vary", path), "changes numbers in one design and parts in another"
                    )
                )
            followers[path] = found
        return Topology(facility, followers)

    @cached_property
    def chunks(self) -> list[np.ndarray]:
        """Points of each part: of one topology, in the order of their numbers."""
        cut: list[np.ndarray] = []
        if not self.structural:
            return [np.array(block) for block in self.space.blocks(CHUNK_POINTS)]
        by_key: dict[Key, list[int]] = {}
        for point in range(len(self.space)):
            by_key.setdefault(self._key_of(point), []).append(point)
        if len(by_key) > MAX_TOPOLOGIES:
            raise InputError(
                self.spec.document.fault(
                    ("vary",),
                    f"at most {MAX_TOPOLOGIES} topologies (got {len(by_key)}): fewer values of "
                    f"{', '.join(self.structural)}, which change more than numbers",
                )
            )
        for points in by_key.values():
            for start in range(0, len(points), CHUNK_POINTS):
                cut.append(np.array(points[start : start + CHUNK_POINTS]))
        return cut

    def _key_of(self, point: int) -> Key:
        return self.key(self.space.world(point), self.space.values(point))

    @cached_property
    def topologies(self) -> int:
        """How many topologies there are, worlds counted apart."""
        return len({self._key_of(int(chunk[0])) for chunk in self.chunks})

    def bench(self, topology: Topology, world: World) -> Bench:
        """A topology at its site, made ready once."""
        key = id(topology), world
        if key not in self._benches:
            places = tuple(f.place for some in topology.followers.values() for f in some)
            around = self.surroundings[world.site, world.weather, world.scenario]
            self._benches[key] = Bench(topology.facility, around, places, self.watched)
        return self._benches[key]

    def refuse_mixed_money(self, metrics: Iterable[str], place: tuple[str, ...]) -> None:
        """Raise InputError when one of the metrics is money and the sites count in several."""
        grids = [around.grid for around in self.surroundings.values()]
        found = sorted({grid.currency for grid in grids if grid.currency})
        money = next(filter(is_money, metrics), None)
        if money and len(found) > 1:
            raise InputError(
                self.spec.document.fault(
                    place,
                    f"{money} is in {' and '.join(found)} at these sites, which are not compared "
                    "with each other: choose sites of one currency",
                )
            )

    def with_flags(self) -> Job:
        """The same job, that counts the hours in which limits are passed."""
        return self if self.watched else replace(self, watched=True, _benches={})

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: it makes topologies and benches ready itself."""
        return {**self.__dict__, "_topologies": {}, "_benches": {}}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a sweep to be resumed: name -> digest."""
        file, document = self.spec.file, self.spec.document.data
        wanted = {name: value for name, value in document.items() if name not in _NO_RESULTS}
        text = json.dumps(wanted, sort_keys=True, default=str)
        found = {"version": package_version(), "code": source_digest(), "spec": _sha256(text)}
        for name, facility in self.facilities.items():
            data = json.dumps(facility.document.data, sort_keys=True)
            found[f"design {name}"] = _sha256(data)
            for equipment in sorted(facility.equipment()):
                found[f"equipment {equipment}"] = equipment_digest(equipment)
        for (site, weather, scenario), around in self.surroundings.items():
            place = " ".join(part for part in (site, weather, scenario) if part)
            found[f"site {place}"] = around.site.digest
            found[f"weather {place}"] = around.weather.digest
        found["step"] = file.step
        return found


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
                site = site.replace(scenario.site)
            surroundings[key] = prepare(site, world.weather or None, file.step)
    named = {*file.metrics, *(bound.metric for bound in file.constraints), file.traces.by}
    return Job(spec, facilities, surroundings, watched=not named.isdisjoint(FLAG_COLUMNS))


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
