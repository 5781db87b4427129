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
from dctwin.design import Device, Facility, load_design
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.errors import ComputationError, InputError, nearest
from dctwin.plant import PathStep, carry

if TYPE_CHECKING:
    import pandas as pd

LOAD_FRACS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
DEFAULT_IT_KW = 1000.0


@dataclass(frozen=True)
class ChainStep:
    """A stage of a chain: all its units together, in all racks where it stands inside them."""

    stage: str
    device: Device
    units_count: float
    input_kw: float
    loss_kw: float
    output_kw: float

    @property
    def unit_load_frac(self) -> float:
        """Output over rating of one unit."""
        return float(self.device.component.load_frac(self.output_kw / self.units_count))


@dataclass(frozen=True)
class Chain:
    """A design's chain at a share of its full IT load: grid_kw = it_kw + all losses."""

    design: str
    load_frac: float
    it_kw: float
    grid_kw: float
    steps: tuple[ChainStep, ...]  # from the grid to the chips

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
    if not np.isfinite(grid_kw):
        raise ComputationError(
            f"{facility.name}: a feeder cannot carry {load_frac:g} of the full IT load, "
            "it is past its greatest power"
        )
    outside = [_step("power.shared", step) for step in shared]
    for flow in reversed(feeds):
        outside += [_step(f"power.{flow.feed.name}", step) for step in flow.steps]
    return Chain(
        facility.name,
        load_frac,
        facility.design_it_kw * load_frac,
        float(grid_kw),
        (*outside, *inside),
    )


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
        base_frac = chains[names.index(base)].efficiency_frac
        for chain in chains:
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
                }
            )
    return pd.DataFrame(rows)


def chain_table(design: str | Facility, load_frac: float = 1.0) -> pd.DataFrame:
    """The stages of a design's chain at one load, from the grid to the chips."""
    import pandas as pd

    chain = power_chain(design, load_frac)
    return pd.DataFrame(
        {
            "stage": step.stage,
            "units_count": step.units_count,
            "unit_load_frac": step.unit_load_frac,
            "input_kw": step.input_kw,
            "loss_kw": step.loss_kw,
            "output_kw": step.output_kw,
            "efficiency_frac": step.output_kw / step.input_kw,
        }
        for step in chain.steps
    )


def conductor_table(design: str | Facility) -> pd.DataFrame:
    """Copper and aluminium of a design's conductors, and the carbon that making it emitted.

    Of the metal alone, cradle to gate, as accounting counts it: dctwin/accounting/data/metals.yaml.
    """
    import pandas as pd

    facility = load_design(design) if not isinstance(design, Facility) else design
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
    return pd.DataFrame(rows, columns=["stage", "copper_kg", "aluminium_kg", "embodied_kg"])


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
    )
