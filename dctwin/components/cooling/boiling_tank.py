"""Two-phase immersion tank: servers in a boiling bath under a water-cooled condenser coil."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, Stage, param, ratio
from dctwin.components.cooling.condenser import condense_kw_per_k
from dctwin.components.cooling.exchanger import float_supply_c
from dctwin.components.media import Medium
from dctwin.physics.arrays import Array, namespace


class BoilingTank(Stage):
    """Condenser coil of a two-phase bath; the only stage of its loop (phase: two, no pump).

    The bath boils at the pressure in the tank: a loop with `follow: boiling` keeps it at that of
    the outdoor air. Vapour rises, condenses on the coil, eff = 1 - exp(-UA/C_water), and drips
    back: no electricity. A valve turns the water down to the boiling point; where the coil cannot
    condense all of it the bath and its pressure rise (flagged: a real tank vents).
    Balance: reject_kw = heat_kw. What escapes through seals and at opening is
    charge · loss_frac_per_year (Facility.charges; a trace of the run).
    Valid below the critical heat flux of the chips (Novec 649: 17 W/cm² on plain copper, ASME J.
    Electron. Packag. 143(4) 041103); constant UA.
    Source: Incropera et al., 7th ed., table 11.3 (C_r = 0); fluids, physics/boiling.py.
    """

    kind: ClassVar[str] = "boiling-tank"
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    media: ClassVar[frozenset[Medium]] = frozenset({"boiling"})
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "rated_kw", "held_kwh_per_k", "charge_kg"}
    )
    reports: ClassVar[frozenset[str]] = frozenset({"load_frac", "leaving_c"})

    rated_kw: float = param("kW", 0.1, 100_000, "heat that the tank is built for")
    ua_kw_per_k: float = param("kW/K", 0.1, 100_000, "conductance of the condenser coil")
    held_kwh_per_k: float = param("kWh/K", 0, 1_000, "heat held by bath, servers and coil", 0.0)
    charge_kg: float = param("kg", 0, 1_000_000, "fluid in the tank")
    loss_frac_per_year: float = param("-/year", 0, 1, "share of the charge lost in a year", 0.05)

    def mass_kwh_per_k(self) -> float:
        return self.held_kwh_per_k

    def reach_c(self, duty: Duty) -> Array:
        return float_supply_c(duty, condense_kw_per_k(self.ua_kw_per_k, duty), duty.sink_c)

    def serve(self, duty: Duty) -> Service:
        conductance = condense_kw_per_k(self.ua_kw_per_k, duty)
        xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, conductance)
        heat_kw = xp.clip(conductance * (duty.return_c - duty.sink_c), 0.0, duty.heat_kw)
        return Service(
            heat_kw=heat_kw,
            power_kw={},
            reject_kw=heat_kw,
            traces={
                "load_frac": heat_kw / self.rated_kw,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )
