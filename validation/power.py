"""Runners of power chains: efficiency from the grid to the busbar, and a busbar's own figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dctwin.banks import carry
from dctwin.components.power.busway import Busway
from dctwin.components.power.loss_law import LossLaw
from dctwin.design import Device
from dctwin.equipment import load_equipment


def chain_efficiency(
    path: Sequence[str | dict[str, Any]], wiring_frac: float, load_frac: float
) -> float:
    """Output over input of catalogue devices in series, every one at the same load fraction.

    path  equipment names from the source to the load; a mapping also replaces parameters
    wiring_frac  efficiency of the conductors between them, the same at every load
    """
    load_kw = 100.0
    wiring = LossLaw(role="switchgear", rated_kw=load_kw, proportional_frac=1.0 / wiring_frac - 1.0)
    drawn_kw, _ = carry((Device("wiring", wiring),), load_kw)
    for entry in reversed(path):
        changes = {} if isinstance(entry, str) else dict(entry)
        name = str(entry) if isinstance(entry, str) else changes.pop("equipment")
        unit: Any = load_equipment(name).component.with_values(**changes)
        # As many units as make the load fraction, a part of one included.
        count = drawn_kw / (load_frac * unit.rated_kw)
        drawn_kw, _ = carry((Device(name, unit, count),), drawn_kw)
    return float(load_kw / drawn_kw)


def chain_difference(better: dict[str, Any], baseline: dict[str, Any], load_frac: float) -> float:
    """Points of efficiency between two chains at one load fraction; positive: `better` is."""
    gain = chain_efficiency(**better, load_frac=load_frac) - chain_efficiency(
        **baseline, load_frac=load_frac
    )
    return 100.0 * gain


def busbar(quantity: str, equipment: str, load_kw: float) -> float:
    """Copper [kg] or loss [W] of a metre of busbar of the catalogue, both poles."""
    bar = load_equipment(equipment).component
    assert isinstance(bar, Busway)
    figures = {
        "copper_kg": bar.copper_kg / bar.length_m,
        "loss_w": 1000.0 * bar.loss_kw(load_kw) / bar.length_m,
    }
    return float(figures[quantity])
