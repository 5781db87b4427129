"""Power chains alone: designs' paths from the grid to the chips on one IT load, without a site.

A chain is what stands between the grid and the servers of a design: shared path, feeds, supplies
inside the racks. Each rack group runs at the same share of its full power; machinery and on-site
sources are left out. Devices and engines are those of every run, so nothing is modelled twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.accounting.factors import factor
from dctwin.banks import PathStep, carry
from dctwin.components.power.conductor import Conductor
from dctwin.components.power.ride_through import RideThrough
from dctwin.design import Device, Facility, RackGroup, load_design
from dctwin.engines.collapse import collapse_text
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.errors import ComputationError, InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

LOAD_FRACS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
DEFAULT_IT_KW = 1000.0
# What rounding adds to a load is no overload.
_ROUNDING = 1e-9
# Voltages at the servers that differ by less are of one class: 48, 50, 51 and 54 V.
_SAME_V = 0.2


@dataclass(frozen=True)
class ChainStep:
    """A stage of a chain: all its units together, in all racks where it stands inside them."""

    stage: str
    device: Device
    units_count: float
    input_kw: float
    loss_kw: float
    output_kw: float

    racks_count: float  # racks that it stands in, 1 outside them

    @property
    def unit_kw(self) -> float:
        """Output of one unit."""
        return self.output_kw / self.units_count

    @property
    def unit_load_frac(self) -> float:
        """Output over rating of one unit."""
        return float(self.device.component.load_frac(self.unit_kw))

    @property
    def path_lost_load_frac(self) -> float | None:
        """The same with one path lost; None where no other path is there."""
        left = self.device.survivors_count
        if left is None:
            return None
        return float(self.device.component.load_frac(self.output_kw / (left * self.racks_count)))

    @property
    def voltage_drop_frac(self) -> float | None:
        """Of a conductor, from its source to its end; None of other devices."""
        one = self.device.component
        if not isinstance(one, Conductor):
            return None
        return 1.0 - float(one.end_v(self.unit_kw)) / float(one.source_v)

    def overloads(self) -> list[str]:
        """Limits that it passes, normally and with one path lost."""
        found = [
            f"{self.stage} {limit.name} by {float(limit.beyond):.3g} {limit.unit}".removesuffix(
                " -"
            )
            for limit in self.device.component.limits(self.unit_kw)
            if limit.beyond > _ROUNDING
        ]
        lost = self.path_lost_load_frac
        if lost is not None and lost > 1.0 + _ROUNDING:
            found.append(f"{self.stage} {100 * lost:.0f} % with one path lost")
        return found


@dataclass(frozen=True)
class Chain:
    """A design's chain at a share of its full IT load: grid_kw = it_kw + all losses."""

    design: str
    load_frac: float
    it_kw: float
    grid_kw: float
    steps: tuple[ChainStep, ...]  # from the grid to the chips
    end_v: float | None  # lowest voltage at which it is handed to servers; None where not told

    @property
    def redundancy(self) -> str:
        """Of all stages outside the racks: one word, or each stage's."""
        outside = {
            s.stage.split(".", 1)[1]: s.device.redundancy
            for s in self.steps
            if s.stage.startswith("power.")
        }
        words = set(outside.values())
        if len(words) < 2:
            return words.pop() if words else "none"
        return ", ".join(f"{stage} {word}" for stage, word in outside.items())

    @property
    def busiest(self) -> ChainStep | None:
        """The stage whose units are loaded most."""
        return max(self.steps, key=lambda step: step.unit_load_frac, default=None)

    @property
    def path_lost_load_frac(self) -> float | None:
        """Load of the busiest unit with one path lost; None where no stage has another path."""
        lost = [s.path_lost_load_frac for s in self.steps if s.path_lost_load_frac is not None]
        return max(lost, default=None)

    @property
    def voltage_drop_frac(self) -> float | None:
        """Largest drop along one conductor; None without conductors."""
        drops = [s.voltage_drop_frac for s in self.steps if s.voltage_drop_frac is not None]
        return max(drops, default=None)

    def overloads(self) -> list[str]:
        """Limits that its stages pass."""
        return [text for step in self.steps for text in step.overloads()]

    @property
    def efficiency_frac(self) -> float:
        """What the chips get of what the grid gives."""
        return self.it_kw / self.grid_kw


def power_chain(design: str | Facility, load_frac: float = 1.0) -> Chain:
    """The chain of a design at one share of its full IT power.

    Raises ComputationError where a feeder cannot carry it.
    """
    facility = load_design(design) if not isinstance(design, Facility) else design
    if not 0 < load_frac <= 1:
        raise InputError(f"load_frac: above 0 up to 1 (got {load_frac:g})")
    rack_kw: dict[str, Any] = {}
    inside: list[ChainStep] = []
    with np.errstate(invalid="ignore"):
        for group in facility.racks:
            count = group.device.count
            one_kw = np.float64(group.device.component.design_kw * load_frac)
            drawn_kw, steps = carry(group.supply, one_kw)
            rack_kw[group.feed] = rack_kw.get(group.feed, 0.0) + drawn_kw * count
            inside += [_step(f"rack.{group.name}", step, count) for step in steps]
        feeds = feed_flows(facility, rack_kw)
        grid_kw, shared = carry(facility.shared_path, main_draw_kw(feeds))
    outside = [_step("power.shared", step) for step in shared]
    for flow in reversed(feeds):
        outside += [_step(f"power.{flow.feed.name}", step) for step in flow.steps]
    chain = (*outside, *inside)
    for step in chain:
        one = step.device.component
        if isinstance(one, Conductor) and (why := collapse_text(step.stage, one, step.unit_kw)):
            raise ComputationError(f"{facility.name} at {load_frac:g} of its full IT load: {why}")
    ends = [_end_v(facility, group, chain) for group in facility.racks]
    known = [volts for volts in ends if volts is not None]
    return Chain(
        facility.name,
        load_frac,
        facility.design_it_kw * load_frac,
        float(grid_kw),
        chain,
        min(known) if len(known) == len(ends) else None,
    )


def _end_v(facility: Facility, group: RackGroup, steps: Sequence[ChainStep]) -> float | None:
    """Voltage at which a group's servers are fed: of the last device that tells one."""
    feeds = {feed.name: feed for feed in facility.feeds}
    by_name = {step.stage: step for step in steps}
    stages = [f"rack.{group.name}.{device.name}" for device in reversed(group.supply)]
    name = group.feed
    while name in feeds:
        stages += [f"power.{name}.{device.name}" for device in reversed(feeds[name].path)]
        name = feeds[name].fed_from
    stages += [f"power.shared.{device.name}" for device in reversed(facility.shared_path)]
    for stage in stages:
        step = by_name[stage]
        one = step.device.component
        if isinstance(one, Conductor):
            return float(one.end_v(step.unit_kw))
        if isinstance(one, RideThrough):
            continue
        return getattr(one, "output_v", None)
    return None


def compare_chains(
    designs: Iterable[str | Facility],
    it_kw: float = DEFAULT_IT_KW,
    load_frac: Sequence[float] = LOAD_FRACS,
    baseline: str | None = None,
) -> pd.DataFrame:
    """Power chains alone on one IT load: one row a design and load, the baseline on every row.

    Each chain is taken as built for the same load: `it_kw` at the chips is `load_frac` of what it
    is sized for, so a chain of another size is scaled, not loaded differently.
    saving_frac is grid power saved against the baseline at the same load (negative: it needs more).
    Chains of one load need not be alike: voltage at the servers, redundancy, load of the busiest
    unit (normally, with one path lost), voltage drop and overloads stand on every row, and
    `not_alike` says in words what differs from the baseline.

    >>> table = compare_chains(["dtc-warm-water-ac", "dtc-warm-water-800vdc"])  # doctest: +SKIP
    """
    import pandas as pd

    facilities = [load_design(d) if not isinstance(d, Facility) else d for d in designs]
    if not facilities:
        raise InputError("chains: name at least one design")
    if not it_kw > 0:
        raise InputError(f"it_kw: above 0 (got {it_kw:g})")
    names = [facility.name for facility in facilities]
    base = baseline or names[0]
    if base not in names:
        raise InputError(f"baseline: {base!r} is not compared, {nearest(base, names)}")
    rows = []
    for share in load_frac:
        chains = [power_chain(facility, share) for facility in facilities]
        held = chains[names.index(base)]
        base_frac = held.efficiency_frac
        for chain in chains:
            busiest = chain.busiest
            grid_kw = it_kw / chain.efficiency_frac
            rows.append(
                {
                    "design": chain.design,
                    "load_frac": share,
                    "it_kw": it_kw,
                    "grid_kw": grid_kw,
                    "loss_kw": grid_kw - it_kw,
                    "efficiency_frac": chain.efficiency_frac,
                    "saving_frac": 1.0 - base_frac / chain.efficiency_frac,
                    "baseline": base,
                    "end_v": chain.end_v,
                    "redundancy": chain.redundancy,
                    "busiest_stage": "" if busiest is None else busiest.stage,
                    "busiest_load_frac": None if busiest is None else busiest.unit_load_frac,
                    "path_lost_load_frac": chain.path_lost_load_frac,
                    "voltage_drop_frac": chain.voltage_drop_frac,
                    "overloads": "; ".join(chain.overloads()),
                    "not_alike": "; ".join(_not_alike(chain, held)),
                }
            )
    return pd.DataFrame(rows)


def _not_alike(chain: Chain, base: Chain) -> list[str]:
    """In what a chain differs from the baseline besides its devices."""
    found = []
    if chain.end_v is None or base.end_v is None:
        if chain is not base:
            found.append("voltage at the servers not told by both")
    elif abs(chain.end_v / base.end_v - 1.0) > _SAME_V:
        found.append(f"ends at {chain.end_v:.3g} V, not {base.end_v:.3g} V")
    if chain.redundancy != base.redundancy:
        found.append(f"redundancy {chain.redundancy}, not {base.redundancy}")
    if bool(chain.overloads()) != bool(base.overloads()):
        found.append("overloaded" if chain.overloads() else "the baseline is overloaded")
    return found


def chain_table(design: str | Facility, load_frac: float = 1.0) -> pd.DataFrame:
    """The stages of a design's chain at one load, from the grid to the chips."""
    import pandas as pd

    chain = power_chain(design, load_frac)
    return pd.DataFrame(
        {
            "stage": step.stage,
            "units_count": step.units_count,
            "redundancy": step.device.redundancy,
            "unit_load_frac": step.unit_load_frac,
            "path_lost_load_frac": step.path_lost_load_frac,
            "voltage_drop_frac": step.voltage_drop_frac,
            "overloads": "; ".join(step.overloads()),
            "input_kw": step.input_kw,
            "loss_kw": step.loss_kw,
            "output_kw": step.output_kw,
            "efficiency_frac": step.output_kw / step.input_kw,
        }
        for step in chain.steps
    )


def conductor_rows(facility: Facility) -> list[dict[str, Any]]:
    """Copper and aluminium of a design's conductors, and the carbon that making it emitted.

    Of the metal alone, cradle to gate, as accounting counts it: dctwin/accounting/data/metals.yaml.
    """
    placed = [(f"power.{feed.name}", 1.0, feed.path) for feed in facility.feeds]
    placed += [("power.mechanical", 1.0, facility.mechanical_path)]
    placed += [("power.shared", 1.0, facility.shared_path)]
    placed += [(f"rack.{g.name}", float(g.device.count), g.supply) for g in facility.racks]
    rows = []
    for place, times, path in placed:
        for device in path:
            laid_kg = {metal: times * kg for metal, kg in _metal_kg(device).items()}
            if any(laid_kg.values()):
                embodied_kg = sum(
                    kg * factor("metals", metal, "embodied").value for metal, kg in laid_kg.items()
                )
                mass = {f"{metal}_kg": kg for metal, kg in laid_kg.items()}
                stage = f"{place}.{device.name}"
                rows.append({"stage": stage, **mass, "embodied_kg": embodied_kg})
    return rows


def conductor_table(design: str | Facility) -> pd.DataFrame:
    """Copper and aluminium of a design's conductors as a table: see `conductor_rows`."""
    import pandas as pd

    facility = load_design(design) if not isinstance(design, Facility) else design
    columns = ["stage", "copper_kg", "aluminium_kg", "embodied_kg"]
    return pd.DataFrame(conductor_rows(facility), columns=columns)


def _metal_kg(device: Device) -> dict[str, float]:
    """Copper and aluminium in all units of a device; 0 where it says nothing of a conductor."""
    one = device.component
    units = float(device.count) + float(device.standby_count or 0.0)
    return {
        metal: units * float(getattr(one, f"{metal}_kg", 0.0)) for metal in ("copper", "aluminium")
    }


def _step(place: str, step: PathStep, times: float = 1.0) -> ChainStep:
    return ChainStep(
        f"{place}.{step.device.name}",
        step.device,
        float(step.on_count * times),
        float(step.input_kw * times),
        float(step.loss_kw * times),
        float(step.output_kw * times),
        times,
    )
