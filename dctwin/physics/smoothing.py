"""Power swings of synchronous jobs within seconds, and what smooths them.

A training job computes and communicates in step on all accelerators, so racks swing together
between a high and a low power, tens of per cent, at 0.1 to 3 Hz (Choukse et al., Power
Stabilization for AI Training Datacenters, arXiv 2508.14318, 2025).

Equations
    pattern    square with a finite rise, or sine, of load between low and high
    software   a floor (idle silicon is made to burn) and a limit to the ramp, both ways:
               P_k = clip(max(asked_k, floor), P_{k-1} − down dt, P_{k-1} + up dt)
               power above what was asked is burned, power below it is work held back
    buffer     a store at the load with one-way efficiency η, limits of power and energy. It aims
               at a first-order mean of the load, exact over a step:
               T_{k+1} = T_k + (1 − exp(−dt/τ)) (P_k − T_k), and takes or gives the difference;
               a slow correction brings it back to half full.
    spectrum   amplitudes by FFT over whole periods; energy share in a band, DC left out

Balances, in every step: rack = asked + burned − held back; fed = rack + stored + loss.
Valid for steps much shorter than a period and a rise; converters follow at once (their own
capacitors hold milliseconds). Steps chain, so this is a loop over time, on floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError

Pattern = Literal["square", "sine"]
# Frequencies at which grids and generators may resonate [Hz], as utilities ask (arXiv 2508.14318).
CRITICAL_HZ = (0.1, 20.0)
# The store is brought back to half full over this many time constants (assumed, 5 to 50): slow
# enough to leave the smoothing alone.
_RESTORE_TIMES = 20.0


@dataclass(frozen=True)
class Buffer:
    """A supercapacitor or battery beside the load: limits at its terminals, one-way efficiency."""

    energy_kwh: float
    power_kw: float
    time_constant_s: float
    efficiency_frac: float = 0.97  # one way; assumed, 0.93 (battery) to 0.99 (supercapacitor)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("energy_kwh", 1e-9, 1e9),
            ("power_kw", 1e-9, 1e9),
            ("time_constant_s", 1e-3, 86_400),
            ("efficiency_frac", 0.5, 1.0),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(
                    f"buffer: {name}: allowed {low:g} to {high:g} (got {getattr(self, name):g})"
                )


@dataclass(frozen=True)
class Buffered:
    """fed_kw = load_kw + stored_kw + loss_kw in every step; energy_kwh after each step."""

    fed_kw: np.ndarray
    stored_kw: np.ndarray
    loss_kw: np.ndarray
    energy_kwh: np.ndarray


@dataclass(frozen=True)
class Softened:
    """rack_kw = asked_kw + burned_kw - held_back_kw in every step."""

    rack_kw: np.ndarray
    burned_kw: np.ndarray
    held_back_kw: np.ndarray


def swing_load_frac(
    time_s: np.ndarray,
    pattern: Pattern,
    frequency_hz: float,
    low_frac: float,
    high_frac: float,
    duty_frac: float = 0.5,
    rise_s: float = 0.0,
) -> np.ndarray:
    """Load over time: high for `duty_frac` of each period, with ramps of `rise_s` both ways."""
    phase = np.mod(time_s * frequency_hz, 1.0)
    if pattern == "sine":
        shape = 0.5 - 0.5 * np.cos(2.0 * np.pi * phase)
    else:
        rise = rise_s * frequency_hz
        if rise <= 0:
            shape = (phase < duty_frac).astype(float)
        else:
            up = np.clip(phase / rise, 0.0, 1.0)
            down = np.clip((phase - duty_frac) / rise, 0.0, 1.0)
            shape = up - down
    return low_frac + (high_frac - low_frac) * shape


def soften(
    asked_kw: np.ndarray,
    step_s: float,
    floor_kw: float = 0.0,
    up_kw_per_s: float = math.inf,
    down_kw_per_s: float = math.inf,
) -> Softened:
    """Software smoothing: a floor of power, and limits to how fast it may rise and fall."""
    target = np.maximum(asked_kw, floor_kw)
    if math.isinf(up_kw_per_s) and math.isinf(down_kw_per_s):
        rack = target
    else:
        rack = np.empty_like(target)
        now, up, down = float(target[0]), up_kw_per_s * step_s, down_kw_per_s * step_s
        for index, aim in enumerate(target.tolist()):
            now = min(max(aim, now - down), now + up)
            rack[index] = now
    return Softened(rack, np.maximum(rack - asked_kw, 0.0), np.maximum(asked_kw - rack, 0.0))


def through_buffer(load_kw: np.ndarray, step_s: float, buffer: Buffer) -> Buffered:
    """What feeds a load whose swings a store takes up."""
    step_h = step_s / 3600.0
    gain = -math.expm1(-step_s / buffer.time_constant_s)
    eta, full = buffer.efficiency_frac, buffer.energy_kwh
    restore_h = _RESTORE_TIMES * buffer.time_constant_s / 3600.0
    energy, mean = 0.5 * full, float(np.mean(load_kw))
    fed, stored, loss, level = (np.empty_like(load_kw) for _ in range(4))
    for index, load in enumerate(load_kw.tolist()):
        mean += gain * (load - mean)
        wanted = mean + (0.5 * full - energy) / restore_h - load  # charge, or discharge below 0
        charge = min(max(wanted, 0.0), buffer.power_kw, (full - energy) / (eta * step_h))
        discharge = min(max(-wanted, 0.0), buffer.power_kw, energy * eta / step_h, load)
        change = charge * eta - discharge / eta
        energy = min(max(energy + change * step_h, 0.0), full)
        fed[index] = load + charge - discharge
        stored[index] = change
        loss[index] = charge - discharge - change
        level[index] = energy
    return Buffered(fed, stored, loss, level)


def largest_ramp_kw_per_s(power_kw: np.ndarray, step_s: float) -> float:
    """The steepest rise or fall between two steps."""
    return float(np.max(np.abs(np.diff(power_kw)), initial=0.0)) / step_s


def spectrum(power_kw: np.ndarray, step_s: float) -> tuple[np.ndarray, np.ndarray]:
    """(frequency [Hz], amplitude [kW] of the sine at each), the mean left out."""
    count = len(power_kw)
    amplitude = 2.0 * np.abs(np.fft.rfft(power_kw - np.mean(power_kw))) / count
    return np.fft.rfftfreq(count, step_s), amplitude


def band_rms_kw(power_kw: np.ndarray, step_s: float, low_hz: float, high_hz: float) -> float:
    """Root mean square of the part of a power that swings within a band of frequencies."""
    frequency_hz, amplitude_kw = spectrum(power_kw, step_s)
    inside = (frequency_hz >= low_hz) & (frequency_hz <= high_hz)
    return float(np.sqrt(0.5 * np.sum(amplitude_kw[inside] ** 2)))
