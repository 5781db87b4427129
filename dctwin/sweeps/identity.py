"""What the results of a sweep come from, as digests: a folder whose digests differ is refused.

Inputs are looked for by the keys that name them (`equipment`, `file`) in the design and in all
that the sweep may set in it, so that those of combinations that cannot be, or that only a search
comes to, are among them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dctwin.api import equipment_digest, package_version, source_digest
from dctwin.equipment import load_equipment
from dctwin.errors import InputError
from dctwin.surroundings import digest_of
from dctwin.sweeps.file import Choices, SweepFile

if TYPE_CHECKING:
    from dctwin.sweeps.job import Job

# Parts of a spec that no result depends on: they may change before a sweep is resumed.
_NO_RESULTS = frozenset({"name", "title", "description", "constraints", "traces"})
# Parts whose order numbers the points and columns.
_ORDERED = frozenset({"vary", "scenarios"})
# Digest of what is named and not there: its rows say so, until it is.
_ABSENT = "absent"


def identity_of(job: Job) -> dict[str, Any]:
    """What must be the same for a sweep to be resumed: name -> digest."""
    found = {
        "version": package_version(),
        "code": source_digest(),
        "spec": _spec_digest(job.spec.document.data),
        "step": job.spec.file.step,
    }
    for design, facility in job.facilities.items():
        # In the order of the file: it is that of sums, and of limits passed equally long the first
        # is told.
        found[f"design {design}"] = _sha256(json.dumps(facility.document.data))
        written = [facility.document.data, *_changes(job.spec.file)]
        names = _named("equipment", written)
        found |= {f"equipment {name}": _equipment(name) for name in names}
        home = Path(facility.document.file).parent
        for file in _named("file", written) | _named("file", list(map(_params, names))):
            found[f"file {file} of {design}"] = _file(home / file)
    for (site, weather, scenario), around in job.surroundings.items():
        place = " ".join(part for part in (site, weather, scenario) if part)
        found[f"site {place}"] = _sha256(json.dumps(around.site.document.data))
        found[f"weather {place}"] = around.weather.digest
        found |= {f"{name} of {place}": digest for name, digest in around.inputs.items()}
    return dict(sorted(found.items()))


def _spec_digest(spec: Mapping[str, Any]) -> str:
    """Of all that results depend on; where order is part of it, in the order of the file."""
    texts = [
        json.dumps({name: spec[name]}, sort_keys=name not in _ORDERED, default=str)
        for name in sorted(spec)
        if name not in _NO_RESULTS
    ]
    return _sha256("\n".join(texts))


def _changes(file: SweepFile) -> Iterator[dict[str, Any]]:
    """All that the sweep may set in a design, each under the last key of its path."""
    settings = [pair for scenario in file.scenarios.values() for pair in scenario.design.items()]
    for path, how in file.vary.items():
        if isinstance(how, Choices):
            settings += [pair for changes in how.choices.values() for pair in changes.items()]
        elif isinstance(how, list):
            settings += [(path, value) for value in how]
    for path, value in settings:
        yield {path.rpartition(".")[2]: value}


def _named(key: str, data: Any) -> set[str]:
    """All text under this key, however deep."""
    if isinstance(data, Mapping):
        value = data.get(key)
        own = {value} if isinstance(value, str) and value else set()
        return own.union(*(_named(key, below) for below in data.values()))
    if isinstance(data, (list, tuple)):
        return set().union(*(_named(key, below) for below in data))
    return set()


def _params(equipment: str) -> dict[str, Any]:
    try:
        return load_equipment(equipment).file.params
    except InputError:
        return {}


def _equipment(name: str) -> str:
    try:
        return equipment_digest(name)
    except InputError:
        return _ABSENT


def _file(path: Path) -> str:
    try:
        return digest_of(path)
    except InputError:
        return _ABSENT


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
