"""The ten cooling systems of Lei and Masanet (2022) in their climate zones, against their bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from .halls import _SITE, weather_file
from .harness import load_cases

if TYPE_CHECKING:
    from dctwin.climate.weather import Weather
    from dctwin.design import Facility
    from dctwin.result import Run

Bands = Mapping[str, Mapping[str, Sequence[float]]]
# What stands for each zone: a weather file, by a part of its name, or a bundled site.
SITES = {"1A": "singapore"}
FILES = {
    "1A typical year": "Singapore-Changi",
    "2A": "Tampa",
    "2B": "Davis-Monthan",
    "3C": "San.Francisco",
    "4A": "Dulles",
    "5A": "Chicago-OHare",
    "5B": "Golden-NREL",
    "6A": "Stockholm.Arlanda",
}


def zones_inside(metric: str, bands: Bands) -> float:
    """Zones in which a metric of the system lies within its band, over all systems given.

    `bands`: system -> zone -> 5th and 95th percentile.
    """
    return float(
        sum(
            low <= zone_metric(metric, system, zone) <= high
            for system, zones in bands.items()
            for zone, (low, high) in zones.items()
        )
    )


def all_inside(metric: str, case: str) -> float:
    """The same over the quantities of a case that are about one system each."""
    (found,) = load_cases([case])
    return sum(
        zones_inside(metric, quantity.inputs["bands"])
        for quantity in found.quantities
        if quantity.runner == "zones-inside"
        and quantity.inputs["metric"] == metric
        and len(quantity.inputs["bands"]) == 1
    )


def zone_metric(metric: str, system: str, zone: str) -> float:
    """A metric of a system's year in a climate zone."""
    return float(_year(system, zone).metrics[metric])


@cache
def _year(system: str, zone: str) -> Run:
    from dctwin.api import simulate
    from dctwin.design import load_design
    from dctwin.library import entries

    (name,) = (e for e in entries("designs") if e.startswith(f"lei-masanet-{system:0>2}-"))
    weather = _weather(zone)
    facility = sized(load_design(name), float(weather.pressure_pa.mean()))
    return simulate(facility, _SITE, weather=weather)


@cache
def _weather(zone: str) -> Weather:
    from dctwin.site import load_site

    return load_site(SITES[zone]).weather() if zone in SITES else weather_file(FILES[zone])


def sized(facility: Facility, pressure_pa: float) -> Facility:
    """The facility with the fans of its rooms sized for the site's air.

    Fan pressure is an input of theirs in every zone: thin air needs the larger volume at the same
    pressure, where the bundled design has the fans of sea level.
    """
    from dctwin.physics.moist_air import STANDARD_PRESSURE_PA

    thin = STANDARD_PRESSURE_PA / pressure_pa
    changes = {}
    for circuit in facility.circuits:
        for index, device in enumerate(circuit.stages if circuit.loop.fluid == "air" else ()):
            stage = f"cooling.loops.{circuit.name}.stages.{index}"
            for name in ("design_flow_m3_s", "fan_rise_pa"):
                changes[f"{stage}.{name}"] = getattr(device.component, name) * thin
    return facility.replace(changes)
