"""Cycles of concentration that a make-up water allows, from limits of the circulating water.

cycles = least of (limit / content of the make-up) over what is known of the make-up, as evaporation
leaves all salts behind. Content in kg/m³ (1 kg/m³ = 1000 mg/L); hardness as CaCO3.

Limits without chemicals: JRA-GL-02:1994 (Japan Refrigeration and Air Conditioning Industry
Association), circulating water of open systems: total hardness 200, calcium hardness 150, ionic
silica 50, chloride 200 mg/L (read). With scale inhibitor: silica 150 mg/L, total hardness 600,
chloride 500 mg/L (practice pages of water treatment firms, read; 120-180, 400-800, 200-750).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dctwin.errors import InputError

Treatment = Literal["plain", "inhibited"]
LIMITS_KG_PER_M3: dict[Treatment, dict[str, float]] = {
    "plain": {
        "hardness_kg_per_m3": 0.200,
        "calcium_hardness_kg_per_m3": 0.150,
        "silica_kg_per_m3": 0.050,
        "chloride_kg_per_m3": 0.200,
    },
    "inhibited": {
        "hardness_kg_per_m3": 0.600,
        "silica_kg_per_m3": 0.150,
        "chloride_kg_per_m3": 0.500,
    },
}
# Beyond some tens nothing is saved, and drift alone bleeds as much.
MOST_CYCLES, LEAST_CYCLES = 20.0, 1.1


def allowed_cycles(makeup_kg_per_m3: Mapping[str, float], treatment: Treatment) -> float:
    """Cycles of concentration at which the first limit is met.

    Raises InputError where nothing is known of the make-up, or where it is beyond a limit itself.
    """
    limits = LIMITS_KG_PER_M3[treatment]
    known = {name: limit / makeup_kg_per_m3[name] for name, limit in limits.items()
             if makeup_kg_per_m3.get(name)}  # fmt: skip
    if not known:
        raise InputError(
            "cooling.water.cycles: 'site' needs what the site's water contains, give one of "
            f"water.{', water.'.join(limits)}"
        )
    name = min(known, key=lambda key: known[key])
    if known[name] < LEAST_CYCLES:
        raise InputError(
            f"water.{name}: {makeup_kg_per_m3[name]:g} kg/m³ is too much for a tower, at most "
            f"{limits[name] / LEAST_CYCLES:.3g} with treatment '{treatment}'"
        )
    return min(known[name], MOST_CYCLES)
