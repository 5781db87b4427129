"""Two-phase coolant distribution unit: refrigerant pump and condenser on facility water."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import Duty, param
from dctwin.components.cooling.condenser import condense_kw_per_k
from dctwin.components.cooling.terminal import PumpedUnit
from dctwin.components.media import Medium
from dctwin.physics.arrays import Array


class TwoPhaseCdu(PumpedUnit):
    """Condenses the vapour of a pumped refrigerant loop (phase: two) and pumps the liquid back.

    Condenser: the refrigerant stays at saturation (the return temperature of its loop), water
    warms along it: eff = 1 - exp(-UA/C_water), and the liquid leaves no colder than the water
    comes. Pumps move the liquid only: electricity = liquid flow · head / efficiencies, heat in the
    refrigerant. Balance: reject_kw = heat_kw + cdu_pump.
    The charge loses `loss_frac_per_year` of itself (Facility.charges; a trace of the run).
    Valid for 0.2-1.1 of design liquid flow; constant UA (film condensation varies it by the -1/4
    power of film temperature difference, Nusselt).
    Source: Incropera et al., 7th ed., table 11.3 (C_r = 0) and ch. 10; fluids, physics/boiling.py.
    """

    kind: ClassVar[str] = "two-phase-cdu"
    mover: ClassVar[str] = "cdu_pump"
    media: ClassVar[frozenset[Medium]] = frozenset({"boiling"})
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "design_flow_m3_s", "held_kwh_per_k", "charge_kg"}
    )

    ua_kw_per_k: float = param("kW/K", 0.1, 100_000, "conductance of the condenser")
    design_flow_m3_s: float = param("m³/s", 1e-6, 10, "liquid flow at the design point")
    pump_efficiency_frac: float = param("-", 0.1, 0.92, "pump efficiency, fluid to shaft", 0.4)
    held_kwh_per_k: float = param("kWh/K", 0, 1_000, "heat held by liquid and metal", 0.0)
    charge_kg: float = param("kg", 0, 100_000, "refrigerant in the unit and its racks")
    loss_frac_per_year: float = param("-/year", 0, 1, "share of the charge lost in a year", 0.02)

    def mass_kwh_per_k(self) -> float:
        return self.held_kwh_per_k

    def _exchange_kw_per_k(self, duty: Duty) -> Array:
        return condense_kw_per_k(self.ua_kw_per_k, duty)
