"""Runner of rung 17: power of Frontier from its design file."""

from __future__ import annotations

from functools import cache
from typing import Any

# Any site will do: power of the machine and its coolant pumps does not feel the weather, but for
# a few hundredths of a per cent of leakage and fans in warm air.
_SITE = "ashburn"
_HOURS = 8760


def frontier_power(
    quantity: str,
    facility: str = "frontier",
    load_frac: float = 1.0,
    cpu_use_frac: float = 1.0,
    gpu_use_frac: float = 1.0,
) -> float:
    """Power of the machine with its coolant units [MW], or the conversion's efficiency [%].

    The machine: nodes, switches and every converter in its cabinets. The conversion: what the nodes
    get of what the converters in front of them take.
    """
    run = _frontier(facility, load_frac, cpu_use_frac, gpu_use_frac)
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
