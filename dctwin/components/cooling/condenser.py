"""Condensers of two-phase loops: vapour at one temperature against water that warms."""

from __future__ import annotations

from dctwin.components.component import Duty
from dctwin.components.cooling.refrigerant_coil import saturated_kw_per_k
from dctwin.physics.arrays import Array, namespace


def condense_kw_per_k(ua_kw_per_k: Array, duty: Duty) -> Array:
    """Heat per kelvin between saturation and entering water: C_water · (1 - exp(-UA/C_water)).

    Not more than the capacity rate of the loop: its liquid leaves no colder than the water comes.
    """
    condenser = saturated_kw_per_k(ua_kw_per_k, duty.sink_kw_per_k)
    return namespace(condenser, duty.flow_kw_per_k).minimum(condenser, duty.flow_kw_per_k)
