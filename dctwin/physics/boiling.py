"""Boiling fluids of two-phase loops and tanks: saturation properties fitted to CoolProp.

Equations
    x = (T − middle)/half of the valid range; latent heat, liquid density and liquid specific heat
    are polynomials in x, pressure and vapour density exp(polynomial in x). The boiling temperature
    is a polynomial in ln p, scaled the same way. `make_tables` fits them along the bubble line;
    the greatest relative error of each fit (boiling temperature: in kelvin) is stored with it.

Sources (through CoolProp 8)
    R1233zd(E): Mondéjar, McLinden, Lemmon (2015). R134a: Tillner-Roth and Baehr (1994).
    R1234ze(E): Thol and Lemmon (2016). R515B: R1234ze(E) with R227ea, 91.1/8.9 % by mass (ANSI/
    ASHRAE Standard 34, addendum), as a CoolProp mixture with its own mixing rule; an azeotrope,
    whose glide of less than 0.1 K is left out. Novec 649: McLinden, Perkins, Lemmon, Fortin (2015).

Outside `min_c`…`max_c` the polynomials extrapolate; the caller flags it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import InputError, nearest
from .arrays import Array, namespace
from .fluids import PropertyFit


@dataclass(frozen=True)
class BoilingFluid:
    """A fluid on its bubble line, as functions of its saturation temperature in °C."""

    name: str
    min_c: float
    max_c: float
    log_pressure: PropertyFit
    latent: PropertyFit
    liquid_density: PropertyFit
    liquid_specific_heat: PropertyFit
    log_vapour_density: PropertyFit
    boiling: PropertyFit
    log_pressure_range: tuple[float, float]

    def _x(self, temperature_c: Array) -> Array:
        middle_c, half_k = (self.min_c + self.max_c) / 2, (self.max_c - self.min_c) / 2
        return (temperature_c - middle_c) * (1 / half_k)

    def pressure_pa(self, temperature_c: Array) -> Array:
        """Saturation pressure, absolute."""
        log_pressure = self.log_pressure(self._x(temperature_c))
        return namespace(log_pressure).exp(log_pressure)

    def boiling_c(self, pressure_pa: Array) -> Array:
        """Saturation temperature at an absolute pressure."""
        low, high = self.log_pressure_range
        log_pressure = namespace(pressure_pa).log(pressure_pa)
        return self.boiling((log_pressure - (low + high) / 2) * (2 / (high - low)))

    def latent_kj_per_kg(self, temperature_c: Array) -> Array:
        """Heat of evaporation."""
        return self.latent(self._x(temperature_c))

    def density_kg_per_m3(self, temperature_c: Array) -> Array:
        """Density of the boiling liquid."""
        return self.liquid_density(self._x(temperature_c))

    def specific_heat_kj_per_kg_k(self, temperature_c: Array) -> Array:
        """Specific heat of the boiling liquid."""
        return self.liquid_specific_heat(self._x(temperature_c))

    def vapour_density_kg_per_m3(self, temperature_c: Array) -> Array:
        """Density of the saturated vapour."""
        log_density = self.log_vapour_density(self._x(temperature_c))
        return namespace(log_density).exp(log_density)


@cache
def boiling_fluids() -> dict[str, BoilingFluid]:
    """Every boiling fluid by name."""
    text = files("dctwin.physics").joinpath("boiling_tables.json").read_text(encoding="utf-8")

    def fit(entry: dict[str, Any]) -> PropertyFit:
        return PropertyFit(tuple(entry["coefficients"]), entry["max_error_frac"])

    return {
        name: BoilingFluid(
            name=name,
            min_c=entry["min_c"],
            max_c=entry["max_c"],
            log_pressure=fit(entry["pressure"]),
            latent=fit(entry["latent"]),
            liquid_density=fit(entry["liquid_density"]),
            liquid_specific_heat=fit(entry["liquid_specific_heat"]),
            log_vapour_density=fit(entry["vapour_density"]),
            boiling=PropertyFit(tuple(entry["boiling"]["coefficients"]), None),
            log_pressure_range=(
                entry["boiling"]["min_log_pressure"],
                entry["boiling"]["max_log_pressure"],
            ),
        )
        for name, entry in json.loads(text)["fluids"].items()
    }


def boiling_fluid(name: str) -> BoilingFluid:
    """The boiling fluid of that name.

    >>> round(float(boiling_fluid("novec-649").boiling_c(101_325.0)), 1)
    49.1
    """
    try:
        return boiling_fluids()[name]
    except KeyError:
        raise InputError(f"no boiling fluid '{name}', {nearest(name, boiling_fluids())}") from None
