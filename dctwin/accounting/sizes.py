"""How much of each kind of machine a facility holds, in the unit that its factors count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dctwin.accounting.factors import table
from dctwin.design import Device, Facility

# Conductors of a feeder: two poles, or three phases and a neutral.
_CONDUCTORS = {"dc": 2, "ac3": 4}
# kg/m³ at 20 °C, CRC Handbook. Aluminium carries the same current in 1.6 times the section, half
# the mass, at 2 to 3 times the carbon and half the price a kilogram: it counts by its own mass.
_DENSITY_KG_PER_M3 = {"copper": 8960.0, "aluminium": 2700.0}
_MM2_M2 = 1e-6


@dataclass(frozen=True)
class Installed:
    """All units of one machine."""

    name: str
    kind: str
    group: str
    amount: Any  # in the unit of its kind's factors


def installed_parts(facility: Facility) -> tuple[list[Installed], list[str]]:
    """Every part that has factors, and the names of devices whose kind has none."""
    found = [Installed("building", "building", "building", facility.design_it_kw)]
    missing: list[str] = []
    for group, device in _devices(facility):
        kind = _kind(device.component)
        row = table("equipment").get(kind)
        if row is None or not all(hasattr(device.component, name) for name in row["size"]):
            missing.append(f"{device.name} ({kind})")
            continue
        size = _size(device.component) * device.count
        found.append(Installed(device.name, kind, group, float(size)))
    return found, missing


def _devices(facility: Facility) -> Iterable[tuple[str, Device]]:
    for rack in facility.racks:
        yield "it", rack.device
        for supply in rack.supply:
            # As many as there are racks.
            many = Device(supply.name, supply.component, supply.count * rack.device.count)
            yield "it", many
    for circuit in facility.circuits:
        for device in (circuit.pump, *circuit.stages):
            if device is not None:
                yield "cooling", device
    for device in (*facility.it_path, *facility.mechanical_path, *facility.shared_path):
        yield "power", device
    for device in facility.onsite.devices():
        yield "onsite", device


def _kind(component: Any) -> str:
    """The kind by which factors are listed: a gas engine for long running is no standby diesel."""
    gas = component.kind == "genset" and component.fuel == "gas"
    return "gas-engine" if gas else str(component.kind)


def _size(component: Any) -> float:
    """Of one unit, from the parameters that its kind's factors name."""
    if component.kind == "busway":
        volume_m3 = component.length_m * component.section_mm2 * _MM2_M2
        return _CONDUCTORS[component.system] * volume_m3 * _DENSITY_KG_PER_M3[component.material]
    row = table("equipment")[_kind(component)]
    size = float(row["scale"])
    for name in row["size"]:
        size *= getattr(component, name)
    return size
