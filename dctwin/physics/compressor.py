"""Off-design compressor with motor and drive, in units of the machine's rating point.

Equation
    P/P_rated = F + A v^m + (1 - F - A) v h
    v  cooling over rated cooling, which stands for the mass flow
    h  isentropic work per cooling over that at rating (physics/vapour_compression.py)
    F  losses of a running machine whatever its load: bearings, gears, oil, motor iron, drive
    A  work that the flow takes whatever the lift: what inlet vanes or a slide valve throttle away
       at fixed speed (m = 1), what passages rub off at speeds that follow the flow (m = 2)
The rest compresses at the rated efficiency. The form (constant loss, and a share of isentropic
work) is that of Bourdouxhe, Grodent and Lebrun, Reference Guide for Dynamic Models of HVAC
Equipment / HVAC1 Toolkit, ASHRAE 1998; the flow term is added for the three ways of control.

Coefficients: least mean relative error over catalogue machines of EnergyPlus 25.2 (DataSets
Chillers.idf, AirCooledChiller.idf), with heat exchangers of constant UA (1.5 K approaches; air
15 K) and R134a or R410A, at four loads from 1 to 0.25 over each machine's range of temperatures.
Left out: the four machines that validation case 06 is judged on, and air-cooled machines that
state no part-load curve. Within 15 % of the power were:
    speed        37 centrifugal machines, variable speed       72 % of points (83 % at full load)
    vanes        93 centrifugal machines, inlet vanes          75 % (94 %)
    slide-valve  24 screw machines                             90 % (99 %)
    scrolls      12 air-cooled machines of several scrolls     97 % (100 %)
What is left is the difference between machines of a kind, most of it at a quarter of the load.
`magnetic-bearing` is `speed` with assumed F 0.03 (0.02-0.05): no gears, oil pump or oil heater.

Most flow at full speed. Centrifugal: a backswept stage with head coefficient (1 + c) - c φ², so
v² <= ((1 + c) - h)/c, c = 1 (choke at 1.41 of the design flow; 0.6-1.8; assumed after Aungier,
Centrifugal Compressors, 2000). Positive displacement: 1 - s (h - 1), s from the same machines.

Valid: h 0.2-1.3 for positive displacement, up to surge at 1.15 (1.1-1.3, assumed) for centrifugal;
v 0.1-1.2. Higher heads are flagged by the caller; below 0.2 the law is cautious: F and A stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .arrays import Array, namespace

Drive = Literal["speed", "magnetic-bearing", "vanes", "slide-valve", "scrolls"]


@dataclass(frozen=True)
class Law:
    """Coefficients of one way of control; see the module's text."""

    fixed_frac: float
    flow_frac: float
    follows_speed: bool
    centrifugal: bool
    highest_head_frac: float
    # Capacity lost per unit of head (positive displacement), or c of the stage (centrifugal).
    slope_frac: float


LAWS: dict[str, Law] = {
    "speed": Law(0.07, 0.42, True, True, 1.15, 1.0),
    "magnetic-bearing": Law(0.03, 0.42, True, True, 1.15, 1.0),
    "vanes": Law(0.12, 0.36, False, True, 1.15, 1.0),
    "slide-valve": Law(0.18, 0.10, False, False, 1.3, 0.2),
    "scrolls": Law(0.035, 0.18, False, False, 1.3, 0.45),
}


def power_frac(law: Law, flow_frac: Array, head_frac: Array) -> Array:
    """Power of a running machine over its rated power."""
    lost = law.flow_frac * flow_frac if law.follows_speed else law.flow_frac
    useful = 1.0 - law.fixed_frac - law.flow_frac
    return law.fixed_frac + flow_frac * (lost + useful * head_frac)


def most_flow_frac(law: Law, head_frac: Array) -> Array:
    """The greatest flow at full speed against this head, never negative."""
    xp = namespace(head_frac)
    if law.centrifugal:
        return xp.sqrt(xp.maximum((1.0 + law.slope_frac - head_frac) / law.slope_frac, 0.0))
    return xp.maximum(1.0 - law.slope_frac * (head_frac - 1.0), 0.0)
