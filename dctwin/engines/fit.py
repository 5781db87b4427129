"""What a design leaves to its site: the glycol share of a loop, the cycles of its towers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dctwin.components.cooling.water_quality import allowed_cycles
from dctwin.design import Circuit, Device, Facility
from dctwin.engines.flows import Boundary
from dctwin.errors import ComputationError
from dctwin.physics.fluids import FROST_PROOF, WATER_FREEZES_C, fluids

# A solution is chosen to freeze this far below the coldest hour (assumed, 3 to 5 K is practice).
FROST_MARGIN_K = 3.0


def fit(facility: Facility, boundary: Boundary) -> Facility:
    """The facility as it is built at this site."""
    coldest_c = float(np.min(np.asarray(boundary.air.dry_bulb_c)))
    cycles = None
    if facility.water_cycles == "site":
        cycles = allowed_cycles(boundary.makeup_kg_per_m3, facility.water_treatment)
    if cycles is None and not any(c.loop.fluid in FROST_PROOF for c in facility.circuits):
        return facility
    source = facility.water_source
    circuits = tuple(_circuit(c, coldest_c, cycles, source) for c in facility.circuits)
    return replace(facility, circuits=circuits)


def _circuit(circuit: Circuit, coldest_c: float, cycles: float | None, source: str) -> Circuit:
    if circuit.loop.fluid in FROST_PROOF:
        name = frost_proof(FROST_PROOF[circuit.loop.fluid], coldest_c)
        circuit = replace(circuit, loop=circuit.loop.with_values(fluid=name))
    if cycles is None:
        return circuit
    # What the site says of its water is not said of the sea.
    fresh = {s.name for s in circuit.stages if (s.control.water_source or source) != "sea"}
    return replace(
        circuit,
        stages=tuple(_with_cycles(s, cycles) if s.name in fresh else s for s in circuit.stages),
    )


def _with_cycles(device: Device, cycles: float) -> Device:
    component: Any = device.component
    if "cycles" not in type(component).model_fields:
        return device
    return replace(device, component=component.with_values(cycles=cycles))


def frost_proof(base: str, coldest_c: float) -> str:
    """The weakest solution of `base` that does not freeze at this temperature, or plain water.

    Raises ComputationError where even the strongest one freezes.
    """
    needed_c = coldest_c - FROST_MARGIN_K
    if needed_c >= WATER_FREEZES_C:
        return "water"
    shares = sorted(
        (item.freezing_c, name)
        for name, item in fluids().items()
        if name.startswith(base) and item.freezing_c is not None
    )
    enough = [name for freezing_c, name in shares if freezing_c <= needed_c]
    if not enough:
        raise ComputationError(
            f"{base}-auto: the strongest solution freezes at {shares[0][0]:g} °C, the coldest hour "
            f"is {coldest_c:.1f} °C with {FROST_MARGIN_K:g} K to spare"
        )
    return enough[-1]
