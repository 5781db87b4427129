"""Runners of the power path: Frontier from its design file, busbars from physics."""

from __future__ import annotations

from functools import cache
from typing import Any

from dctwin.physics.electrical import (
    conductor_mass_kg,
    conductor_resistance_ohm,
    line_resistance_ohm,
)

# Any site will do: power of the machine and its coolant pumps does not feel the weather, but for
# a few hundredths of a per cent of leakage and fans in warm air.
_SITE = "ashburn"
_HOURS = 8760


def frontier_power(
    quantity: str,
    design: str = "frontier",
    load_frac: float = 1.0,
    cpu_use_frac: float = 1.0,
    gpu_use_frac: float = 1.0,
) -> float:
    """Power of the machine with its coolant units [MW], or the conversion's efficiency [%].

    The machine: nodes, switches and every converter in its cabinets. The conversion: what the nodes
    get of what the converters in front of them take.
    """
    run = _frontier(design, load_frac, cpu_use_frac, gpu_use_frac)
    if quantity == "power_mw":
        energy = run.energy_kwh()
        it_kwh = sum(kwh for account, kwh in energy.items() if account.startswith("it."))
        return float((it_kwh + energy["cooling.cdu_pump"]) / _HOURS / 1000.0)
    efficiency = 1.0
    for row in run.loss_tree().to_dict("records"):
        efficiency *= row["efficiency_frac"]
    return 100.0 * efficiency


@cache
def _frontier(design: str, load_frac: float, cpu_use_frac: float, gpu_use_frac: float) -> Any:
    from dctwin.api import simulate

    nodes = "it.racks.nodes."
    changes = {
        f"{nodes}load_frac": float(load_frac),
        f"{nodes}cpu_use_frac": float(cpu_use_frac),
        f"{nodes}gpu_use_frac": float(gpu_use_frac),
    }
    return simulate(design, _SITE, set=changes)


def rack_busbar(
    quantity: str,
    voltage_v: float,
    power_kw: float,
    current_density_a_per_mm2: float,
    material: str = "copper",
    conductor_c: float = 70.0,
) -> float:
    """Mass [kg] and loss [W] of one metre of a two-pole busbar, both poles, sized by density."""
    current_a = 1000.0 * power_kw / voltage_v
    section_mm2 = current_a / current_density_a_per_mm2
    if quantity == "mass_kg":
        return float(conductor_mass_kg(1.0, section_mm2, material, 2))
    ohm = line_resistance_ohm(
        conductor_resistance_ohm(1.0, section_mm2, material, conductor_c), "dc"
    )
    return float(current_a * current_a * ohm)
