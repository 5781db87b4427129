"""Terminal units: a fan or pump that drives a loop's fluid through an exchanger to a sink loop.

Air handler, coolant distribution unit and immersion tank are this with different machinery:

    heat to the sink = heat of the load + electricity of the mover, all of it in the fluid
    heat to the sink <= eff(NTU, Cr) · Cmin · (T_return - T_sink)

The mover stands after the exchanger (draw-through), so that the fluid enters the exchanger at the
temperature at which it returns and is supplied at T_return - heat/flow.
"""

from __future__ import annotations

from collections.abc import Mapping

from dctwin.components.component import Duty, Service, ratio
from dctwin.physics.arrays import Array, namespace


def terminal_reach_c(duty: Duty, conductance_kw_per_k: Array, mover_kw: Array) -> Array:
    """Coldest supply temperature at which heat and mover's electricity both reach the sink."""
    drive_k = ratio(duty.heat_kw + mover_kw, conductance_kw_per_k)
    return duty.sink_c + drive_k - ratio(duty.heat_kw, duty.flow_kw_per_k)


def terminal_service(
    duty: Duty,
    conductance_kw_per_k: Array,
    mover_kw: Array,
    account: str,
    traces: Mapping[str, Array],
) -> Service:
    """The service of a terminal unit; a valve turns it down to the setpoint.

    The unit stops when there is nothing to remove, and when it could not even carry off the heat
    of its own mover: running would only warm the loop.
    """
    xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, conductance_kw_per_k)
    able_kw = conductance_kw_per_k * (duty.return_c - duty.sink_c) - mover_kw
    heat_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
    power_kw = xp.where(heat_kw > 0, mover_kw, 0.0)
    leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
    return Service(
        heat_kw=heat_kw,
        power_kw={account: power_kw},
        reject_kw=heat_kw + power_kw,
        traces={"leaving_c": leaving_c, **traces},
    )
