"""What a year adds up to: its ledger as a few dozen numbers a design, which all metrics come from.

One function, in NumPy for a run or a batch and in JAX where a sweep is compiled. Each total has
shape (designs, 1), or (1,) or () for one design.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.ledger import BATTERY_LOSS, GENSET, RENEWABLES, SHED, Flow, Ledger
from dctwin.physics.arrays import Array, added, namespace
from dctwin.units import SECONDS_PER_HOUR, WATER_KG_PER_L

if TYPE_CHECKING:
    from dctwin.metrics import GridYear

# Accounts of compressors: hours without their power are free-cooling hours.
COMPRESSORS = frozenset({"cooling.chiller"})
# A flow out of `fuel.diesel` is fuel burned, lower heating value.
FUEL = "fuel."
# The ledger's places that make-up water comes from.
WATER_SOURCES = {"potable": "water.main", "reclaimed": "water.reclaimed", "sea": "water.sea"}
# Hours in which any limit is passed.
FLAGGED = "flagged_h"
WATER_KINDS = ("evaporation", "blowdown", "drift", "withdrawal")
# Series of the grid that weigh what is drawn in each step: name of the total -> name of the series.
_WEIGHTS = {
    "carbon_kg": "carbon_kg_per_kwh",
    "market_carbon_kg": "market_carbon_kg_per_kwh",
    "marginal_carbon_kg": "marginal_carbon_kg_per_kwh",
    "grid_renewable_kwh": "renewable_frac",
    "water_at_source_l": "water_l_per_kwh",
    "energy_cost": "price_per_kwh",
}

Totals = dict[str, Array]


def totals_of(
    ledger: Ledger,
    traces: Mapping[str, Array],
    grid: GridYear,
    made_kw: Mapping[str, Array] | None = None,
    kept: Array | None = None,
) -> Totals:
    """All totals of a ledger whose flows have shape (designs, hours), (hours,) or less.

    made_kw   output of the plants of each contract, by its name
    kept      where steps count, 1 or 0, shape (designs, hours) or (hours,); default all of them
    """
    over = _Hours(ledger, kept)
    ledger = _served(ledger)
    found = _energy(ledger, over)
    found |= _water(ledger, over)
    for name, kw in traces.items():
        if name.endswith(".curtailed_kw"):
            found["curtailed_kwh"] = found.get("curtailed_kwh", 0.0) + over.sum(kw) * ledger.step_h
    import_kw = _hourly(ledger.select(carrier="electricity", source="grid"))
    facility_kw = import_kw
    if not _from_grid_alone(ledger):
        facility_kw = _hourly(f for f in ledger.flows if f.account and f.carrier != "water")
    for name, series in _WEIGHTS.items():
        weight = getattr(grid, series)
        if weight is not None:
            found[name] = over.product(import_kw, weight) * ledger.step_h
    if grid.curtailing_frac is not None:
        found["curtailing_h"] = over.sum(grid.curtailing_frac) * ledger.step_h
        used_kw = import_kw * grid.curtailing_frac
        if grid.surplus_kw is not None:
            used_kw = namespace(used_kw, grid.surplus_kw).minimum(used_kw, grid.surplus_kw)
        found["surplus_import_kwh"] = over.sum(used_kw) * ledger.step_h
    # What the bus saw: outages of the site and of the design's own scenario.
    outage_frac = traces.get("onsite.outage_frac", 1.0 - grid.available_frac)
    found["outage_h"] = over.sum(outage_frac) * ledger.step_h
    found["hours_h"] = over.sum(1.0) * ledger.step_h
    found["peak_facility_kw"] = over.max(facility_kw)
    found |= over.monthly_peaks(import_kw, grid.local_month)
    found |= _cooling(ledger, traces, over)
    engine_kw = _hourly(
        flow for flow in ledger.select(carrier="electricity") if flow.source.startswith(GENSET)
    )
    found |= _matching(over, facility_kw, import_kw, engine_kw, grid, made_kw or {})
    if "onsite.plan_gap_frac" in traces:
        found["plan_gap_frac"] = traces["onsite.plan_gap_frac"][..., -1:]
    return found | _batteries(traces)


def joined(one: Totals, other: Totals) -> Totals:
    """The totals of some steps and of others as those of both: sums add up, peaks are the higher.

    Not where steps chain, as a battery's do: what it has left at the end is no sum.
    """
    found = dict(one)
    for name, value in other.items():
        if name not in found:
            found[name] = value
        elif name.startswith("peak_"):
            found[name] = namespace(value, found[name]).maximum(found[name], value)
        else:
            found[name] = found[name] + value
    return found


def _batteries(traces: Mapping[str, Array]) -> Totals:
    """Cycles of the most used battery and what is left of the most aged one, at the end."""
    found: Totals = {}
    for name, value in traces.items():
        place, _, what = name.rpartition(".")
        if not place.startswith("storage.") or what not in ("cycles_count", "capacity_left_frac"):
            continue
        key, last = f"battery_{what}", value[..., -1:]
        if key in found:
            xp = namespace(last, found[key])
            last = (xp.maximum if what == "cycles_count" else xp.minimum)(found[key], last)
        found[key] = last
    return found


def _served(ledger: Ledger) -> Ledger:
    """The flows of the load that is served, beside those that the sources and the grid really have:
    what is shed computes nothing, is not cooled and evaporates nothing."""
    if not any(flow.source == SHED for flow in ledger.flows):
        return ledger
    served_frac = ledger.served_frac()
    outside = (FUEL, GENSET)
    return Ledger(
        ledger.step_h,
        [
            replace(flow, value=flow.value * served_frac)
            if flow.account
            or (flow.carrier != "electricity" and not flow.source.startswith(outside))
            else flow
            for flow in ledger.flows
        ],
    )


def flagged(ledger: Ledger, passed: Mapping[str, Array]) -> Totals:
    """Hours in which any limit is passed, and those of each (`flagged_h:NAME`).

    passed   name -> the steps in which a limit is passed
    """
    over = _Hours(ledger)
    found: Totals = {}
    any_passed: Array = False
    for name, steps in passed.items():
        found[f"{FLAGGED}:{name}"] = over.sum(_counted(steps)) * over.step_h
        any_passed = any_passed | steps
    found[FLAGGED] = over.sum(_counted(any_passed)) * over.step_h
    return found


def part(totals: Totals, prefix: str) -> Array:
    """Energy of all accounts below a prefix [kWh]."""
    return sum(
        (kwh for name, kwh in totals.items() if name.startswith(f"account:{prefix}")),
        0.0,
    )


def monthly_peaks_kw(totals: Totals) -> list[Array]:
    """Highest draw from the grid in each month that the run touches [kW].

    A draw is the mean of a step of the run: shorter steps see higher peaks.
    """
    return [kw for name, kw in totals.items() if name.startswith("peak_grid_kw:")]


class _Hours:
    """Sums and peaks over the steps of a ledger that are kept; a value that has no steps holds in
    all of them."""

    def __init__(self, ledger: Ledger, kept: Array | None = None) -> None:
        self.step_h = ledger.step_h
        self.hours = max((_length(flow.value) for flow in ledger.flows), default=1)
        self.kept, self.count = kept, float(self.hours)
        if kept is not None:
            self.hours = _length(kept)
            self.count = namespace(kept).sum(kept, axis=-1, keepdims=True)

    def sum(self, value: Array) -> Array:
        if _length(value) != self.hours or (self.kept is not None and not np.ndim(value)):
            return value * self.count
        if self.kept is not None:
            return namespace(value, self.kept).vecdot(value, self.kept)[..., None]
        return namespace(value).sum(value, axis=-1, keepdims=True) if np.ndim(value) else value

    def max(self, value: Array, steps: slice = slice(None)) -> Array:
        """Highest value in some of the steps; none is kept: -inf."""
        if _length(value) != self.hours:
            return value
        value = value[..., steps] if np.ndim(value) else value
        if self.kept is not None:
            value = namespace(value).where(self.kept[..., steps] > 0, value, -np.inf)
        return namespace(value).max(value, axis=-1, keepdims=True) if np.ndim(value) else value

    def product(self, value: Array, weight: Array) -> Array:
        """Sum of value x weight."""
        if _length(weight) == 1:
            return self.sum(value) * weight
        return self.sum(value * weight)

    def monthly_peaks(self, value: Array, local_month: Any) -> Totals:
        """Highest value, and that of each month."""
        months = np.broadcast_to(np.asarray(local_month), (self.hours,))
        if _length(value) != self.hours or self.hours == 1:
            return {f"peak_grid_kw:{month}": self.max(value) for month in np.unique(months)}
        starts = [0, *(np.flatnonzero(np.diff(months)) + 1), self.hours]
        found: Totals = {}
        xp = namespace(value)
        for first, last in pairwise(starts):
            name = f"peak_grid_kw:{months[first]}"
            highest = self.max(value, slice(first, last))
            found[name] = xp.maximum(found[name], highest) if name in found else highest
        return found


def _length(value: Array) -> int:
    shape = np.shape(value)
    return shape[-1] if shape else 1


def _hourly(flows: Iterable[Flow]) -> Array:
    """Flows added step by step."""
    return added(flow.value for flow in flows)


def _from_grid_alone(ledger: Ledger) -> bool:
    """Whether the facility draws all that it uses, and nothing else, from the grid."""
    others = any(
        flow.carrier == "electricity"
        and (flow.source in RENEWABLES | {SHED} or flow.source.startswith((GENSET, "storage.")))
        for flow in ledger.flows
    )
    return not others


def _energy(ledger: Ledger, over: _Hours) -> Totals:
    """Energy by account, to and from outside, of compressors, and fuel [kWh]."""
    found: Totals = {}
    names = "import export own genset shed reused genset_heat removed shortfall battery_discharged"
    for name in names.split():
        found[f"{name}_kwh"] = 0.0
    batteries = {flow.source for flow in ledger.flows if flow.account == BATTERY_LOSS}
    machines = {flow.target for flow in ledger.flows if flow.account in COMPRESSORS}
    for flow in ledger.flows:
        counts = _energy_names(flow, batteries, machines)
        if counts:
            kwh = over.sum(flow.value) * ledger.step_h
            for name in counts:
                found[name] = found[name] + kwh if name in found else kwh
    return found


def _energy_names(flow: Flow, batteries: set[str], machines: set[str]) -> list[str]:
    """The totals that a flow counts in."""
    if flow.carrier == "water":
        return []
    counts = [f"account:{flow.account}"] if flow.account else []
    if flow.source.startswith(FUEL):
        counts.append(f"fuel:{flow.source.removeprefix(FUEL)}")
    if flow.account in COMPRESSORS:
        counts.append("compressor_kwh")
    if flow.carrier == "heat":
        if flow.target in machines:
            counts.append("compressor_heat_kwh")
        if flow.target == "reuse":
            engine = flow.source.startswith(GENSET)
            counts.append("genset_heat_kwh" if engine else "reused_kwh")
        if flow.target == "shortfall":
            counts.append("shortfall_kwh")
        if flow.source.startswith("rack."):
            counts.append("removed_kwh")
        return counts
    if flow.source in RENEWABLES:
        counts.append("own_kwh")
    if flow.source.startswith(GENSET):
        counts.append("genset_kwh")
    if flow.target == "grid":
        counts.append("export_kwh")
    if flow.source in batteries:
        counts.append("battery_discharged_kwh")
    for name, source in (("import_kwh", "grid"), ("shed_kwh", SHED)):
        if flow.source == source:
            counts.append(name)
    return counts


def _water(ledger: Ledger, over: _Hours) -> Totals:
    """Water drawn by its source, and by kind of use [L]."""
    to_l = ledger.step_h * SECONDS_PER_HOUR / WATER_KG_PER_L
    names = {place: f"water_{name}_l" for name, place in WATER_SOURCES.items()}
    found: Totals = dict.fromkeys(names.values(), 0.0)
    found |= {"water_l": 0.0, **{f"water:{kind}": 0.0 for kind in WATER_KINDS}}
    for flow in ledger.flows:
        if flow.carrier != "water":
            continue
        counts = [names[flow.source], "water_l"] if flow.source in names else []
        if flow.account:
            counts.append(f"water:{flow.account}")
        if counts:
            litres = over.sum(flow.value) * to_l
            for name in counts:
                found[name] = found[name] + litres if name in found else litres
    return found


def _cooling(ledger: Ledger, traces: Mapping[str, Array], over: _Hours) -> Totals:
    """Hours with heat, hours of them without compressors, hours in which a supply is not met."""
    heat_kw = _hourly(
        flow for flow in ledger.select(carrier="heat") if flow.source.startswith("rack.")
    )
    compressor_kw = _hourly(flow for flow in ledger.flows if flow.account in COMPRESSORS)
    busy = heat_kw > 0
    free = busy & (compressor_kw <= 0)
    return {
        "busy_h": over.sum(_counted(busy)) * over.step_h,
        "free_h": over.sum(_counted(free)) * over.step_h,
        "unmet_h": over.sum(_counted(traces["unmet_k"] > 0)) * over.step_h,
    }


def _counted(true: Array) -> Array:
    return true * 1.0


def _matching(
    over: _Hours,
    facility_kw: Array,
    import_kw: Array,
    engine_kw: Array,
    grid: GridYear,
    made_kw: Mapping[str, Array],
) -> Totals:
    """Own generation used in its step: what grid and engines leave; and contracts' output that
    meets the draw of its step."""
    step_h = over.step_h
    xp = namespace(facility_kw, import_kw, *made_kw.values())
    used_kw: Array = 0.0
    if facility_kw is not import_kw:
        used_kw = xp.maximum(facility_kw - import_kw, 0.0)
        # Engines that export give the rest to the facility; what they give is not carbon-free.
        engine_kw = xp.minimum(engine_kw, used_kw)
    found: Totals = {
        "own_used_kwh": over.sum(used_kw - engine_kw) * step_h,
        "genset_used_kwh": over.sum(engine_kw) * step_h,
        "matched_kwh": 0.0,
    }
    for name, kw in made_kw.items():
        found[f"contract_kwh:{name}"] = over.sum(kw) * step_h
        if grid.price_per_kwh is not None:
            worth = over.product(kw + 0.0 * import_kw, grid.price_per_kwh) * step_h
            found[f"contract_worth:{name}"] = worth
    all_kw: Array = 0.0
    for kw in made_kw.values():
        all_kw = all_kw + kw
    rest_kw = import_kw
    if made_kw:
        matched_kw = xp.minimum(import_kw, all_kw)
        found["matched_kwh"] = over.sum(matched_kw) * step_h
        rest_kw = import_kw - matched_kw
    if grid.carbon_free_frac is not None:
        found["carbon_free_rest_kwh"] = over.product(rest_kw, grid.carbon_free_frac) * step_h
    return found
