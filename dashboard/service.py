"""What the dashboard computes, without a word of Dash: names in, runs and rows out.

Nothing belongs to one user here. Caches are bounded and keyed by content: an uploaded weather file
by its own digest, which the browser keeps and sends back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any

import dctwin

from .text import say

MIB = 1024 * 1024
WEATHER_BYTES = 8 * MIB
MAX_RUNS = 2_000
# Tables of sweeps, up to some tens of MiB each.
_TABLES = 4
# Metrics of the comparison's rows, small; whole runs of 2 to 5 MiB; site-years of about 2 MiB.
_METRICS, _RUNS, _YEARS, _UPLOADS, _FILES = 4_096, 12, 24, 16, 512
EARTH_RADIUS_KM = 6371.0


class Cache:
    """The last `size` values by key; the one that was used longest ago goes first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.kept: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """The value of a key, made when it is not held. A failure is not kept."""
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        value = make()
        self.put(key, value)
        return value

    def put(self, key: Any, value: Any) -> None:
        self.kept[key] = value
        self.kept.move_to_end(key)
        while len(self.kept) > self.size:
            self.kept.popitem(last=False)


@dataclass(frozen=True)
class Knob:
    """A value of a design that the page can change: its dotted path and the slider's range."""

    path: str
    label: str
    base: float
    low: float
    high: float
    step: float
    main: bool  # shown at once, not folded away


@dataclass(frozen=True)
class Row:
    """One line of the comparison: the metrics of a run and how its weather is called."""

    design: str
    site: str
    metrics: Mapping[str, Any]
    weather: str
    flags: int


class Service:
    """Runs of catalogue designs at catalogue sites, for any number of pages at once."""

    def __init__(self, results: str | Path = "results") -> None:
        self.results = Path(results)
        self._tables = Cache(_TABLES)
        self._catalogue = dctwin.catalogue
        self._lock = RLock()
        self._files = Cache(_FILES)
        self._uploads = Cache(_UPLOADS)
        self._years = Cache(_YEARS)
        self._runs = Cache(_RUNS)
        self._metrics = Cache(_METRICS)

    # --- the catalogue -----------------------------------------------------------------

    def designs(self) -> list[str]:
        return list(self._catalogue().designs)

    def sites(self) -> list[str]:
        return list(self._catalogue().sites)

    def design(self, name: str) -> Any:
        """A facility of the catalogue; only a name is taken, never a path from the page."""
        return self._entry("designs", name, "unknown_design")

    def site(self, name: str) -> Any:
        return self._entry("sites", name, "unknown_site")

    def _entry(self, kind: str, name: str, unknown: str) -> Any:
        """An entry, read anew when its file has changed."""
        with self._lock:
            held = self._files.kept.get((kind, name))
            if held is None or held[1] != _modified_ns(held[0].document.file):
                try:
                    entry = getattr(self._catalogue(), kind)[name]
                except (KeyError, TypeError):
                    raise dctwin.InputError(say(unknown, name=name)) from None
                held = (entry, _modified_ns(entry.document.file))
                self._files.put((kind, name), held)
            return held[0]

    # --- weather -----------------------------------------------------------------------

    def upload(self, contents: str, name: str) -> dict[str, Any]:
        """Read an uploaded weather file (a data URL); what the browser keeps of it.

        Raises InputError with one line per fault.
        """
        try:
            data = base64.b64decode(contents.partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            fault = f"{name}: {say('weather_not_base64')}"
            raise dctwin.InputError(fault) from None
        weather = dctwin.parse_weather(data, name, dctwin.Limits(bytes=WEATHER_BYTES))
        key = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._uploads.put(key, weather)
        return {"key": key, "name": name, "rows": weather.rows, "notes": list(weather.notes)}

    def holds(self, key: str) -> bool:
        return key in self._uploads.kept

    def distance_km(self, site_name: str, key: str) -> float:
        """Great-circle distance between a site and the place of an uploaded weather file."""
        site, weather = self.site(site_name).file, self._uploads.kept[key]
        lat_a, lat_b = math.radians(site.latitude_deg), math.radians(weather.latitude_deg)
        turn = math.radians(site.longitude_deg - weather.longitude_deg)
        haversine = (
            math.sin((lat_a - lat_b) / 2) ** 2
            + math.cos(lat_a) * math.cos(lat_b) * math.sin(turn / 2) ** 2
        )
        return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(haversine, 1.0)))

    def surroundings(self, site_name: str, uploads: Mapping[str, Any] | None = None) -> Any:
        """The site made ready, with its own or an uploaded weather; computed once."""
        site = self.site(site_name)
        key = _upload_key(site_name, uploads)
        with self._lock:
            weather = self._uploads.kept.get(key) if key else None
            token = (site_name, site.digest, key if weather is not None else "")
            return self._years.get(token, lambda: dctwin.prepare(site, weather))

    # --- runs --------------------------------------------------------------------------

    def run(
        self,
        design: str,
        site: str,
        uploads: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Any:
        """The run of a design at a site, perhaps with changed set-points."""
        facility = self.design(design)
        wanted = self.checked(design, changes or {})
        with self._lock:
            surroundings = self.surroundings(site, uploads)

            def make() -> Any:
                changed = facility.replace(wanted) if wanted else facility
                return dctwin.simulate_batch([changed], surroundings)[0]

            key = (*_run_key(facility, surroundings), tuple(sorted(wanted.items())))
            return self._runs.get(key, make)

    def checked(self, design: str, changes: Mapping[str, Any]) -> dict[str, float]:
        """Changes of the page, refused when they are no set-point or no number."""
        known = {knob.path for knob in self.knobs(design)}
        for path, value in changes.items():
            if path not in known:
                raise dctwin.InputError(say("unknown_path", path=path, design=design))
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise dctwin.InputError(say("not_a_number", path=path, value=value))
        return dict(changes)

    def rows(
        self, designs: Sequence[str], sites: Sequence[str], uploads: Mapping[str, Any] | None = None
    ) -> tuple[list[Row], list[str]]:
        """The comparison, site by site, and one line for each fault of what cannot be computed."""
        if len(designs) * len(sites) > MAX_RUNS:
            fault = say("too_many", runs=len(designs) * len(sites), most=MAX_RUNS)
            raise dctwin.InputError(fault)
        found: list[Row] = []
        faults: list[str] = []
        for site in sites:
            for design in designs:
                try:
                    found.append(self._summary(design, site, uploads))
                except dctwin.DctwinError as problem:
                    faults.extend(lines_of(problem))
        return found, list(dict.fromkeys(faults))

    def _summary(self, design: str, site: str, uploads: Mapping[str, Any] | None) -> Row:
        facility = self.design(design)
        with self._lock:
            surroundings = self.surroundings(site, uploads)

            def make() -> tuple[Mapping[str, Any], int]:
                run = dctwin.simulate_batch([facility], surroundings)[0]
                return run.metrics, len(run.flags)

            metrics, flags = self._metrics.get(_run_key(facility, surroundings), make)
        synthetic = surroundings.weather.synthetic
        return Row(design, site, metrics, self.weather_label(site, uploads, synthetic), flags)

    def weather_label(self, site: str, uploads: Mapping[str, Any] | None, synthetic: bool) -> str:
        """How the weather of a site is called: an uploaded file, a synthetic year, its own."""
        key = _upload_key(site, uploads)
        if uploads and key and self.holds(key):
            return say("weather_uploaded", name=uploads[site]["name"])
        return say("weather_synthetic" if synthetic else "weather_own")

    # --- sweeps ------------------------------------------------------------------------

    def sweeps(self) -> dict[str, Any]:
        """How far each sweep below the folder of results is, by the name of its folder."""
        found = {}
        for folder in dctwin.find_sweeps(self.results):
            try:
                found[self._sweep_name(folder)] = dctwin.sweep_status(folder)
            except (dctwin.DctwinError, OSError):  # going, or not whole yet
                continue
        return found

    def _sweep_name(self, folder: Path) -> str:
        name = folder.relative_to(self.results).as_posix()
        return folder.resolve().name if name == "." else name

    def _sweep_folder(self, name: str) -> Path:
        """The folder of a listed sweep; no other place can be named."""
        for folder in dctwin.find_sweeps(self.results):
            if self._sweep_name(folder) == name:
                return folder
        raise dctwin.InputError(say("unknown_sweep", name=name))

    def sweep_table(self, name: str) -> tuple[Any, Any]:
        """The finished points of a sweep, and its spec."""
        folder = self._sweep_folder(name)
        status = dctwin.sweep_status(folder)
        key = (
            str(folder),
            status.parts_done,
            status.state,
            _modified_ns(f"{folder}/manifest.json"),
        )
        with self._lock:
            frame = self._tables.get(key, lambda: dctwin.sweep_frame(folder))
        return frame, dctwin.sweep_spec(folder)

    # --- set-points --------------------------------------------------------------------

    def knobs(self, design: str) -> list[Knob]:
        """The set-points that the page offers: supply of each loop, then rises and loads."""
        facility = self.design(design)
        main = [knob for circuit in facility.circuits for knob in _supply_knobs(circuit)]
        more = [
            Knob(
                f"cooling.loops.{c.name}.rise_k",
                say("knob_rise_k", name=c.name),
                c.loop.rise_k,
                *_around(c.loop.rise_k, 8.0, 1.0, 40.0),
                0.5,
                False,
            )
            for c in facility.circuits
        ]
        more += [
            Knob(
                f"it.racks.{g.name}.load_frac",
                say("knob_load_frac", name=g.name),
                g.load_frac,
                0.05,
                # The busiest hour of the profile may not pass full load.
                int(100.0 * min(1.0, 1.0 / max(g.daily_profile_frac))) / 100.0,
                0.05,
                False,
            )
            for g in facility.racks
        ]
        return [_accepted(facility, knob) for knob in main + more]


def _accepted(facility: Any, knob: Knob) -> Knob:
    """The knob with its ends drawn in to what the design accepts: brine that freezes ice stays
    below 0 °C."""
    ends = []
    for end in (knob.low, knob.high):
        steps = round(abs(end - knob.base) / knob.step)
        while steps > 0 and not _accepts(facility, knob.path, end):
            steps -= 1
            end = knob.base + math.copysign(steps * knob.step, end - knob.base)
        ends.append(end)
    return replace(knob, low=ends[0], high=ends[1])


def _accepts(facility: Any, path: str, value: float) -> bool:
    try:
        facility.replace({path: value})
    except dctwin.InputError:
        return False
    return True


def _supply_knobs(circuit: Any) -> list[Knob]:
    """The supply set-point of a loop, or its distance from what it follows outdoors."""
    loop, path, name = circuit.loop, f"cooling.loops.{circuit.name}", circuit.name
    if loop.follow == "nothing":
        label = say("knob_supply_c", name=name)
        around = _around(loop.supply_c, 12.0, -20.0, 70.0)
        return [Knob(f"{path}.supply_c", label, loop.supply_c, *around, 0.5, True)]
    if loop.follow == "boiling":  # at the pressure outdoors: nothing to set
        return []
    label = say("knob_offset_k", name=name, follow=say(f"follow_{loop.follow}"))
    lowest = say("knob_follow_min_c", name=name)
    return [
        Knob(
            f"{path}.offset_k",
            label,
            loop.offset_k,
            *_around(loop.offset_k, 8.0, 0.0, 40.0),
            0.5,
            True,
        ),
        Knob(
            f"{path}.follow_min_c",
            lowest,
            loop.follow_min_c,
            *_around(loop.follow_min_c, 10.0, -20.0, loop.follow_max_c),
            0.5,
            True,
        ),
    ]


def _around(base: float, reach: float, least: float, most: float) -> tuple[float, float]:
    return max(base - reach, least), min(base + reach, most)


def lines_of(problem: Exception) -> list[str]:
    """The faults of an error, one line each; files by name, not by the server's folders."""
    faults = getattr(problem, "faults", None)
    if not faults:
        return str(problem).splitlines()
    return [str(replace(fault, file=Path(fault.file).name)) for fault in faults]


def _run_key(facility: Any, surroundings: Any) -> tuple[Any, ...]:
    """What the run of an unchanged design depends on."""
    return (
        facility.name,
        _modified_ns(facility.document.file),
        surroundings.site.name,
        surroundings.site.digest,
        surroundings.weather.digest,
    )


def _upload_key(site: str, uploads: Mapping[str, Any] | None) -> str:
    entry = (uploads or {}).get(site)
    return str(entry["key"]) if entry else ""


def _modified_ns(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0
