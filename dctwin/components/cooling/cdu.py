"""Coolant distribution unit: plate exchanger and pumps between a rack loop and facility water."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import param
from dctwin.components.cooling.terminal import PumpedUnit
from dctwin.components.media import LIQUIDS, Medium


class Cdu(PumpedUnit):
    """Liquid-to-liquid coolant distribution unit; a stage of the rack loop (which needs no pump).

    Exchanger: counterflow plates of constant conductance. Pumps: electricity = flow · head /
    (pump efficiency · motor efficiency); pumps, motors and drives stand inside the cabinet and
    are cooled by the coolant, so all of it is heat in the rack loop.
    Balance: reject_kw = heat_kw + cdu_pump.
    Valid for single-phase water or glycol and 0.3-1.1 of design flow.
    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table 11.3; affinity
    laws, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44.
    """

    kind: ClassVar[str] = "cdu"
    media: ClassVar[frozenset[Medium]] = LIQUIDS
    mover: ClassVar[str] = "cdu_pump"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "design_flow_m3_s", "held_kwh_per_k"}
    )

    design_flow_m3_s: float = param("m³/s", 1e-5, 10, "coolant flow at the design point")
    design_head_pa: float = param(
        "Pa", 1_000, 2_000_000, "head at design flow: racks, hoses and the unit itself"
    )
    static_frac: float = param(
        "-", 0, 0.9, "share of head held at any flow (differential pressure control)", 0.2
    )
    pump_efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, fluid to shaft", 0.65)
    held_kwh_per_k: float = param(
        "kWh/K", 0, 1_000, "heat held by the unit's own coolant and metal", 0.0
    )

    def mass_kwh_per_k(self) -> float:
        return self.held_kwh_per_k
