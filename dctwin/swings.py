"""Power swings of a design's racks: what the servers ask, what smooths it, what the grid sees.

The chain from the racks to the grid is that of every run, evaluated at each instant; heat and
machinery are left out, as their masses do not feel seconds. Physics: physics/smoothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.banks import carry
from dctwin.buffers import buffers_of
from dctwin.components.power.conductor import Conductor
from dctwin.design import Facility, RackGroup, load_design
from dctwin.engines.collapse import collapse_text
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.errors import ComputationError, InputError, nearest
from dctwin.physics.smoothing import (
    CRITICAL_HZ,
    Buffer,
    Pattern,
    band_rms_kw,
    largest_ramp_kw_per_s,
    soften,
    spectrum,
    swing_load_frac,
    through_buffer,
)

if TYPE_CHECKING:
    import pandas as pd

# Rack power is taken at the reference inlet of its curve.
_INLET_C = 25.0
# Steps a period: the finest of these is used, so that a rise is seen as a rise.
_STEPS_PER_PERIOD = 400
_MAX_STEPS = 2_000_000


@dataclass(frozen=True)
class PowerSwing:
    """A swing over time, all racks together; arrays of shape (steps,).

    asked_kw    servers without smoothing        rack_kw   servers with software smoothing
    fed_kw      behind the buffers               grid_kw   at the grid, chain losses included
    """

    design: str
    time_s: np.ndarray
    asked_kw: np.ndarray
    rack_kw: np.ndarray
    fed_kw: np.ndarray
    grid_kw: np.ndarray
    unsmoothed_grid_kw: np.ndarray
    burned_kw: np.ndarray
    held_back_kw: np.ndarray
    buffer_loss_kw: np.ndarray
    stored_kw: np.ndarray
    settled_count: int  # from the end: whole periods after the start has died away

    @property
    def step_s(self) -> float:
        """Length of a step."""
        return float(self.time_s[1] - self.time_s[0])

    @property
    def frame(self) -> pd.DataFrame:
        """One row a step."""
        import pandas as pd

        names = (
            "time_s", "asked_kw", "rack_kw", "fed_kw", "grid_kw", "unsmoothed_grid_kw",
            "burned_kw", "held_back_kw", "buffer_loss_kw", "stored_kw",
        )  # fmt: skip
        return pd.DataFrame({name: getattr(self, name) for name in names})

    @property
    def metrics(self) -> dict[str, Any]:
        """Peak, swing, ramp and spectrum before and after, over whole settled periods."""
        last = slice(-self.settled_count, None)
        found: dict[str, Any] = {"design": self.design, "step_s": self.step_s}
        for name in ("unsmoothed_grid_kw", "grid_kw"):
            power, prefix = getattr(self, name)[last], name.removesuffix("_kw")
            frequency_hz, amplitude_kw = spectrum(power, self.step_s)
            strongest = int(np.argmax(amplitude_kw))
            found |= {
                f"{prefix}_mean_kw": float(np.mean(power)),
                f"{prefix}_peak_kw": float(np.max(power)),
                f"{prefix}_swing_kw": float(np.ptp(power)),
                f"{prefix}_ramp_kw_per_s": largest_ramp_kw_per_s(power, self.step_s),
                f"{prefix}_band_rms_kw": band_rms_kw(power, self.step_s, *CRITICAL_HZ),
                f"{prefix}_strongest_hz": float(frequency_hz[strongest]),
                f"{prefix}_strongest_kw": float(amplitude_kw[strongest]),
            }
        asked_kw = float(np.mean(self.asked_kw[last]))
        for name in ("burned_kw", "held_back_kw", "buffer_loss_kw"):
            mean = float(np.mean(getattr(self, name)[last]))
            found[f"{name.removesuffix('_kw')}_frac"] = mean / asked_kw if asked_kw > 0 else None
        return found

    def closure_rel(self) -> float:
        """Largest imbalance of a step: rack = asked + burned - held back, fed = rack + stored +
        loss."""
        first = self.rack_kw - self.asked_kw - self.burned_kw + self.held_back_kw
        second = self.fed_kw - self.rack_kw - self.stored_kw - self.buffer_loss_kw
        scale = max(float(np.max(self.fed_kw)), float(np.max(self.asked_kw)))
        return float(np.max(np.abs([first, second]))) / scale if scale > 0 else 0.0


def power_swing(
    design: str | Facility,
    frequency_hz: float = 0.5,
    low_frac: float = 0.2,
    high_frac: float = 1.0,
    duty_frac: float = 0.7,
    pattern: Pattern = "square",
    rise_s: float = 0.05,
    racks: Sequence[str] | None = None,
    floor_frac: float = 0.0,
    ramp_frac_per_s: float = math.inf,
    buffers: Sequence[Buffer | str] = (),
    duration_s: float | None = None,
) -> PowerSwing:
    """A synchronous job on a design's racks, second by second and finer.

    low_frac, high_frac   load of the servers in the two phases   duty_frac  share of the high one
    racks                 groups that take part, all when None; others keep their mean load
    floor_frac            software never lets a rack draw less than this share of its full power
    ramp_frac_per_s       software lets it change by this share of full power in a second
    buffers               stores at the racks, nearest first; energy and power of all together:
                          Buffer, or a word: "supercapacitor-48v-5kw:336:5" (catalogue name, count,
                          time constant in s), "own:5" (the stores in the design's own racks)
    Raises InputError, or ComputationError where a feeder cannot carry the peak.

    >>> swing = power_swing("dtc-warm-water-ac", frequency_hz=0.5)  # doctest: +SKIP
    >>> swing.metrics["grid_ramp_kw_per_s"]                          # doctest: +SKIP
    """
    facility = load_design(design) if not isinstance(design, Facility) else design
    groups = _groups(facility, racks)
    _check(frequency_hz, low_frac, high_frac, duty_frac, rise_s, floor_frac, ramp_frac_per_s)
    stores: list[Buffer] = []
    for item in buffers:
        stores += [item] if isinstance(item, Buffer) else buffers_of(item, facility, groups)
    period_s = 1.0 / frequency_hz
    slowest_s = max((buffer.time_constant_s for buffer in stores), default=0.0)
    # A limited ramp drifts until it meets its bounds, a store until it is half full again.
    warm_s = max(10.0 * slowest_s, 2.0 * period_s, 10.0 / ramp_frac_per_s)
    warm_s = math.ceil(warm_s / period_s) * period_s
    length_s = duration_s or warm_s + 20.0 * period_s
    step_s = period_s / _STEPS_PER_PERIOD
    steps = round(length_s / step_s)
    settled = steps - round(warm_s / step_s)
    settled -= settled % _STEPS_PER_PERIOD
    if settled <= 0:
        raise InputError(
            f"duration_s: at least {warm_s + period_s:g} s, one period after {warm_s:g} s in "
            f"which the start dies away (got {length_s:g})"
        )
    if steps > _MAX_STEPS:
        raise InputError(f"duration_s: at most {_MAX_STEPS * step_s:g} s (got {length_s:g})")
    time_s = step_s * np.arange(steps)
    load = swing_load_frac(time_s, pattern, frequency_hz, low_frac, high_frac, duty_frac, rise_s)
    asked = {group.name: _drawn_kw(group, load) for group in groups}
    full_kw = sum(float(_drawn_kw(group, np.ones(1))[0]) for group in groups)
    total_kw = sum(asked.values(), np.zeros(steps))
    soft = soften(
        total_kw, step_s, floor_frac * full_kw, ramp_frac_per_s * full_kw, ramp_frac_per_s * full_kw
    )
    fed_kw, stored_kw, loss_kw = soft.rack_kw, np.zeros(steps), np.zeros(steps)
    for buffer in stores:
        done = through_buffer(fed_kw, step_s, buffer)
        fed_kw, stored_kw, loss_kw = done.fed_kw, stored_kw + done.stored_kw, loss_kw + done.loss_kw
    return PowerSwing(
        design=facility.name,
        time_s=time_s,
        asked_kw=total_kw,
        rack_kw=soft.rack_kw,
        fed_kw=fed_kw,
        grid_kw=_grid_kw(facility, groups, asked, fed_kw / total_kw),
        unsmoothed_grid_kw=_grid_kw(facility, groups, asked, np.ones(steps)),
        burned_kw=soft.burned_kw,
        held_back_kw=soft.held_back_kw,
        buffer_loss_kw=loss_kw,
        stored_kw=stored_kw,
        settled_count=settled,
    )


def _grid_kw(
    facility: Facility,
    groups: Sequence[RackGroup],
    asked: dict[str, np.ndarray],
    factor: np.ndarray,
) -> np.ndarray:
    """What the grid gives at each instant when the swinging racks are fed asked x factor."""
    names = {group.name for group in groups}
    rack_kw: dict[str, Any] = {}
    with np.errstate(invalid="ignore"):
        for group in facility.racks:
            count = group.device.count
            wanted = (
                asked[group.name] * factor
                if group.name in names
                else _drawn_kw(group, np.full(factor.shape, group.load_frac))
            )
            drawn, _ = carry(group.supply, wanted / count)
            rack_kw[group.feed] = rack_kw.get(group.feed, 0.0) + drawn * count
        # Sources on a bus are left out: a day's dispatch does not answer seconds.
        feeds = feed_flows(facility, rack_kw)
        grid_kw, shared = carry(facility.shared_path, main_draw_kw(feeds))
    if not np.all(np.isfinite(grid_kw)):
        paths = {flow.feed.name: flow.steps for flow in feeds} | {"shared": shared}
        for name, steps in paths.items():
            for step in steps:
                one, place = step.device.component, f"power.{name}.{step.device.name}"
                if not isinstance(one, Conductor):
                    continue
                if why := collapse_text(place, one, step.output_kw / step.on_count):
                    raise ComputationError(f"{facility.name}: {why}")
    return np.asarray(grid_kw)


def _drawn_kw(group: RackGroup, load_frac: np.ndarray) -> np.ndarray:
    """Power of all racks of a group behind their supplies, in air of sea level."""
    one = group.device.component.power(load_frac, _INLET_C)
    drawn: np.ndarray = (one.compute_kw + one.fans_kw) * group.device.count
    return drawn


def _groups(facility: Facility, racks: Sequence[str] | None) -> list[RackGroup]:
    known = [group.name for group in facility.racks]
    for name in racks or ():
        if name not in known:
            raise InputError(f"racks: {name!r} is not there, {nearest(name, known)}")
    return [group for group in facility.racks if racks is None or group.name in racks]


def _check(
    frequency_hz: float,
    low_frac: float,
    high_frac: float,
    duty_frac: float,
    rise_s: float,
    floor_frac: float,
    ramp_frac_per_s: float,
) -> None:
    limits = (
        ("frequency_hz", frequency_hz, 0.001, 50.0),
        ("low_frac", low_frac, 0.0, 1.0),
        ("high_frac", high_frac, low_frac, 1.0),
        ("duty_frac", duty_frac, 0.01, 0.99),
        ("floor_frac", floor_frac, 0.0, 1.0),
        ("ramp_frac_per_s", ramp_frac_per_s, 1e-6, math.inf),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise InputError(f"{name}: allowed {low:g} to {high:g} (got {value:g})")
    shorter = min(duty_frac, 1.0 - duty_frac) / frequency_hz
    if not 0 <= rise_s <= shorter:
        raise InputError(f"rise_s: allowed 0 to {shorter:g}, the shorter phase (got {rise_s:g})")
