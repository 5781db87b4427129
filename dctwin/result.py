"""`Run`: what a simulation gives back. Frozen; saves to Parquet + JSON and loads back equal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.errors import InputError
from dctwin.files import write_file, write_text
from dctwin.ledger import Flow, Ledger
from dctwin.losses import heat_rows, loss_rows, pue_by_category

if TYPE_CHECKING:
    import pandas as pd

_TABLE, _HEAD = "run.parquet", "run.json"


@dataclass(frozen=True)
class FlagCount:
    """A limit that was passed: in how many hours, when first, how far at worst, what it means."""

    place: str
    limit: str
    count_h: float
    first_utc: str
    worst: float
    unit: str
    note: str = ""

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.limit} outside its range in {self.count_h:g} h, "
            f"first {self.first_utc}, worst by {self.worst:.3g} {self.unit}"
            f"{self.note and f' ({self.note})'}"
        )


@dataclass(frozen=True)
class Outcome:
    """What a comparison shows of a run: all but its hourly flows and traces, a few kilobytes."""

    design: str
    site: str
    metrics: Mapping[str, Any]
    undefined: Mapping[str, str]
    flags: tuple[FlagCount, ...]
    provenance: Mapping[str, Any]
    closure: Mapping[str, float]
    step_h: float
    hours_h: float

    @property
    def assumed(self) -> Mapping[str, list[str]]:
        """Metric -> the assumed prices and factors that it stands on."""
        return _assumed(self.provenance)


def _assumed(provenance: Mapping[str, Any]) -> Mapping[str, list[str]]:
    books: Mapping[str, Any] = provenance.get("accounting", {})
    found: Mapping[str, list[str]] = books.get("assumed_behind", {})
    return found


@dataclass(frozen=True, eq=False)
class Run:
    """One design at one site over one period.

    metrics      name -> number, text or None (docs/metrics.md)
    undefined    name of each None metric -> why
    ledger       every flow, arrays of shape (hours,)
    traces       temperatures, load fractions, COPs by name, arrays of shape (hours,)
    flags        limits that were passed
    """

    design: str
    site: str
    metrics: Mapping[str, Any]
    undefined: Mapping[str, str]
    ledger: Ledger
    traces: Mapping[str, np.ndarray]
    flags: tuple[FlagCount, ...]
    provenance: Mapping[str, Any]
    times_utc: np.ndarray
    closure: Mapping[str, float]
    events: tuple[Mapping[str, Any], ...] = ()
    statistics: Mapping[str, float] = field(default_factory=dict)

    @property
    def step_h(self) -> float:
        """Length of a step."""
        return self.ledger.step_h

    @property
    def hours_h(self) -> float:
        """Length of the period."""
        return len(self.times_utc) * self.ledger.step_h

    @property
    def assumed(self) -> Mapping[str, list[str]]:
        """Metric -> the assumed prices and factors that it stands on."""
        return _assumed(self.provenance)

    def outcome(self) -> Outcome:
        """What is left of it once its hours are forgotten."""
        return Outcome(**{field.name: getattr(self, field.name) for field in fields(Outcome)})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a step with a UTC index; accounts [kW], water, temperatures, traces."""
        import pandas as pd

        hours = len(self.times_utc)
        columns: dict[str, np.ndarray] = {
            f"{account}_kw": np.broadcast_to(values, (hours,))
            for account, values in self.ledger.accounts().items()
        }
        columns["facility_kw"] = sum(columns.values(), np.zeros(hours))
        served_frac = self.ledger.served_frac()
        for kind in ("evaporation", "drift", "blowdown"):
            flows = [f.value for f in self.ledger.select(carrier="water", account=kind)]
            if flows:
                columns[f"water.{kind}_kg_s"] = sum(flows, np.zeros(hours)) * served_frac
        columns |= {name: np.broadcast_to(v, (hours,)) for name, v in self.traces.items()}
        index = pd.DatetimeIndex(self.times_utc, name="time_utc").tz_localize("UTC")
        return pd.DataFrame(columns, index=index)

    def energy_kwh(self) -> dict[str, float]:
        """Account -> kWh; they add up to facility_kwh."""
        return {
            account: self.ledger.total(kw, "electricity")
            for account, kw in self.ledger.accounts().items()
        }

    def loss_tree(self) -> pd.DataFrame:
        """Losses by stage from the grid to the chips: one row a device that passes power on."""
        import pandas as pd

        return pd.DataFrame(loss_rows(self.ledger))

    def heat_by_place(self) -> pd.DataFrame:
        """Heat that IT, power path and lights give to each room or loop, and to the outdoors."""
        import pandas as pd

        return pd.DataFrame(heat_rows(self.ledger))

    def pue_by_category(self) -> dict[int, float | None]:
        """PUE by metering category: IT metered at UPS output (1), PDU output (2), IT input (3)."""
        return pue_by_category(self.ledger)

    def document(self) -> dict[str, Any]:
        """The JSON document of `dctwin run --json`."""
        return {
            "design": self.design,
            "site": self.site,
            "version": self.provenance["version"],
            "metrics": dict(self.metrics),
            "undefined": dict(self.undefined),
            "assumed": dict(self.assumed),
            "energy_kwh": self.energy_kwh(),
            "water_l": {
                "evaporation": self.metrics.get("water_evaporated_l", 0.0),
                "blowdown": self.metrics.get("water_blowdown_l", 0.0),
                "drift": self.metrics.get("water_drift_l", 0.0),
            },
            "carbon_kg": {
                "operational": self.metrics.get("carbon_operational_kg"),
                "scope1": self.metrics.get("carbon_scope1_kg"),
                "scope2_location": self.metrics.get("carbon_scope2_location_kg"),
                "scope2_market": self.metrics.get("carbon_scope2_market_kg"),
                "scope3": self.metrics.get("carbon_scope3_kg"),
            },
            "pue_by_category": {str(k): pue for k, pue in self.pue_by_category().items()},
            "loss_tree": loss_rows(self.ledger),
            "closure": dict(self.closure),
            "flags": [asdict(flag) for flag in self.flags],
            "events": [dict(event) for event in self.events],
            "provenance": dict(self.provenance),
        }

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write run.parquet and run.json into a folder; each file appears whole or not at all."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        home = Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        hours = len(self.times_utc)
        arrays: dict[str, Any] = {"time_utc": self.times_utc.astype("datetime64[ms]")}
        for name, values in self.traces.items():
            arrays[f"trace:{name}"] = np.broadcast_to(values, (hours,))
        for index, flow in enumerate(self.ledger.flows):
            arrays[f"flow:{index}"] = np.broadcast_to(flow.value, (hours,))
        for index, (_, values) in enumerate(self.ledger.stored):
            arrays[f"stored:{index}"] = np.broadcast_to(values, (hours,))
        table = pa.table({name: pa.array(values) for name, values in arrays.items()})
        head = {
            **self.document(),
            "step_h": self.ledger.step_h,
            "flows": [[f.carrier, f.source, f.target, f.account] for f in self.ledger.flows],
            "stored": [node for node, _ in self.ledger.stored],
            "statistics": dict(self.statistics),
        }
        write_file(home / _TABLE, lambda path: pq.write_table(table, path, compression="zstd"))
        text = json.dumps(head, indent=1, allow_nan=False)
        write_text(home / _HEAD, text)
        return home

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Run):
            return NotImplemented
        same_arrays = self.traces.keys() == other.traces.keys() and all(
            np.array_equal(np.broadcast_to(v, self.times_utc.shape), other.traces[k])
            for k, v in self.traces.items()
        )
        same_flows = len(self.ledger.flows) == len(other.ledger.flows) and all(
            (a.carrier, a.source, a.target, a.account) == (b.carrier, b.source, b.target, b.account)
            and np.array_equal(np.broadcast_to(a.value, self.times_utc.shape), b.value)
            for a, b in zip(self.ledger.flows, other.ledger.flows, strict=True)
        )
        return (
            same_arrays
            and same_flows
            and np.array_equal(self.times_utc, other.times_utc)
            and self.document() == other.document()
        )

    def __hash__(self) -> int:
        return hash((self.design, self.site, json.dumps(dict(self.provenance), sort_keys=True)))

    def _repr_html_(self) -> str:
        names = ("pue", "wue_l_per_kwh", "cue_kg_per_kwh", "facility_kwh", "unmet_cooling_h")
        cells = "".join(
            f"<tr><td>{n}</td><td>{self.metrics.get(n):,.4g}</td></tr>"
            for n in names
            if isinstance(self.metrics.get(n), (int, float))
        )
        return f"<b>{self.design}</b> at <b>{self.site}</b><table>{cells}</table>"


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read a saved run. Raises InputError when the folder holds none that can be read."""
    home = Path(folder)
    if not (home / _HEAD).is_file() or not (home / _TABLE).is_file():
        raise InputError(f"{home}: holds no saved run ({_HEAD} and {_TABLE})")
    try:
        return _read(home)
    except (ValueError, KeyError, TypeError, OSError) as problem:  # pyarrow's are among these
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise InputError(f"{home}: holds no run that can be read: {reason}") from None


def _read(home: Path) -> Run:
    import pyarrow.parquet as pq

    head = json.loads((home / _HEAD).read_text(encoding="utf-8"))
    table = pq.read_table(home / _TABLE)

    def column(name: str) -> np.ndarray:
        array: np.ndarray = table.column(name).to_numpy()
        return array

    ledger = Ledger(head["step_h"])
    ledger.flows = [
        Flow(c, s, t, column(f"flow:{k}"), a) for k, (c, s, t, a) in enumerate(head["flows"])
    ]
    ledger.stored = [(node, column(f"stored:{k}")) for k, node in enumerate(head["stored"])]
    traces = {
        name.removeprefix("trace:"): column(name)
        for name in table.column_names
        if name.startswith("trace:")
    }
    return Run(
        design=head["design"],
        site=head["site"],
        metrics=head["metrics"],
        undefined=head["undefined"],
        ledger=ledger,
        traces=traces,
        flags=tuple(FlagCount(**flag) for flag in head["flags"]),
        provenance=head["provenance"],
        times_utc=column("time_utc"),
        closure=head["closure"],
        events=tuple(head["events"]),
        statistics=head["statistics"],
    )
