"""Liquids of cooling loops and immersion tanks: polynomials in temperature fitted to CoolProp.

Equations
    x = (T − middle)/half of the valid range; density, specific heat and conductivity are
    polynomials in x, viscosity is exp(polynomial in x). `make_tables` fits them to CoolProp 8 at
    3 bar (Novec 649: along its saturated liquid); the greatest error of each fit is stored with it.

Sources (through CoolProp)
    water: IAPWS-95. Glycols: Melinder (2010), IIR, percent by mass ("PG25" of liquid cooling is
    25 %; by volume or by mass differ by less than 0.3 % in ρ·cp). `mineral-oil` is Paratherm NF, a
    food-grade white mineral oil of about 22 mm²/s at 40 °C: it stands for hydrocarbon immersion
    fluids, of which thin synthetic ones (5–10 mm²/s) flow more easily. `silicone-oil` is Syltherm
    800, a dimethyl polysiloxane. `paraffinic-oil-thin` is Paratherm LR (1.5 mm²/s at 40 °C), the
    thin end of hydrocarbon fluids. `novec-7500`: one data-sheet point at 25 °C (see make_tables),
    no error bound. `novec-649`: McLinden et al. (2015) equation of state; its
    conductivity and viscosity are single data-sheet points at 25 °C, without an error bound.
    CoolProp's INCOMP::HFE gives 0.968 W/m/K for a fluorinated ether, some ten times too much: no
    fluid here is made from it.

Outside `min_c`…`max_c` the polynomials extrapolate; the caller flags it. Glycols end at freezing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import InputError, nearest
from ..units import KELVIN_AT_0_C
from .arrays import Array, namespace

WATER_FREEZES_C = 0.0
# A loop's fluid whose share of glycol its site decides.
FROST_PROOF = {
    "propylene-glycol-auto": "propylene-glycol",
    "ethylene-glycol-auto": "ethylene-glycol",
}


def freezing_point_c(name: str) -> float | None:
    """Freezing point of a loop's fluid; None where it stays liquid in any weather."""
    return WATER_FREEZES_C if name == "water" else fluid(name).freezing_c


@dataclass(frozen=True)
class PropertyFit:
    """A polynomial, lowest power first, and its greatest relative error against its source."""

    coefficients: tuple[float, ...]
    # None: not fitted, one data-sheet value.
    max_error_frac: float | None

    def __call__(self, x: Array) -> Array:
        value: Array = self.coefficients[-1] + 0.0 * x
        for coefficient in self.coefficients[-2::-1]:
            value = value * x + coefficient
        return value


@dataclass(frozen=True)
class Fluid:
    """A liquid with its properties as functions of its temperature in °C."""

    name: str
    min_c: float
    max_c: float
    # Freezing point of a glycol solution; None where the table ends for another reason.
    freezing_c: float | None
    density: PropertyFit
    specific_heat: PropertyFit
    conductivity: PropertyFit
    log_viscosity: PropertyFit

    def _x(self, temperature_c: Array) -> Array:
        middle_c, half_k = (self.min_c + self.max_c) / 2, (self.max_c - self.min_c) / 2
        return (temperature_c - middle_c) * (1 / half_k)

    def density_kg_per_m3(self, temperature_c: Array) -> Array:
        """Density."""
        return self.density(self._x(temperature_c))

    def specific_heat_kj_per_kg_k(self, temperature_c: Array) -> Array:
        """Isobaric specific heat (Novec 649: of the saturated liquid)."""
        return self.specific_heat(self._x(temperature_c))

    def conductivity_w_per_m_k(self, temperature_c: Array) -> Array:
        """Thermal conductivity."""
        return self.conductivity(self._x(temperature_c))

    def viscosity_pa_s(self, temperature_c: Array) -> Array:
        """Dynamic viscosity."""
        log_viscosity = self.log_viscosity(self._x(temperature_c))
        return namespace(log_viscosity).exp(log_viscosity)

    def heat_capacity_kj_per_m3_k(self, temperature_c: Array) -> Array:
        """Volumetric heat capacity ρ·cp: what a litre carries per kelvin."""
        x = self._x(temperature_c)
        return self.density(x) * self.specific_heat(x)


@cache
def fluids() -> dict[str, Fluid]:
    """Every loop fluid by name."""
    text = files("dctwin.physics").joinpath("fluid_tables.json").read_text(encoding="utf-8")

    def fit(entry: dict[str, Any]) -> PropertyFit:
        return PropertyFit(tuple(entry["coefficients"]), entry["max_error_frac"])

    return {
        name: Fluid(
            name=name,
            min_c=entry["min_c"],
            max_c=entry["max_c"],
            freezing_c=entry["freezing_c"],
            density=fit(entry["density"]),
            specific_heat=fit(entry["specific_heat"]),
            conductivity=fit(entry["conductivity"]),
            log_viscosity=fit(entry["viscosity"]),
        )
        for name, entry in json.loads(text)["fluids"].items()
    }


def fluid(name: str) -> Fluid:
    """The fluid of that name.

    >>> fluid("propylene-glycol-25").freezing_c
    -9.79
    """
    try:
        return fluids()[name]
    except KeyError:
        raise InputError(f"no fluid '{name}', {nearest(name, fluids())}") from None


@dataclass(frozen=True)
class Saturation:
    """Boiling state of a pure fluid at one pressure."""

    boiling_c: float
    latent_kj_per_kg: float
    liquid_specific_heat_kj_per_kg_k: float
    liquid_density_kg_per_m3: float
    vapour_density_kg_per_m3: float


# Pure fluids that boil in a two-phase tank or cold plate, by our name.
BOILING_FLUIDS = {"water": "Water", "novec-649": "Novec649"}


@cache
def saturation(name: str, pressure_pa: float) -> Saturation:
    """Boiling state from CoolProp (imported here: 20 µs a call, not for hourly use)."""
    if name not in BOILING_FLUIDS:
        raise InputError(f"no boiling data for '{name}', {nearest(name, BOILING_FLUIDS)}")
    from CoolProp.CoolProp import PropsSI

    def at(key: str, quality: int) -> float:
        return float(PropsSI(key, "P", pressure_pa, "Q", quality, BOILING_FLUIDS[name]))

    try:
        return Saturation(
            boiling_c=at("T", 0) - KELVIN_AT_0_C,
            latent_kj_per_kg=(at("H", 1) - at("H", 0)) / 1000,
            liquid_specific_heat_kj_per_kg_k=at("C", 0) / 1000,
            liquid_density_kg_per_m3=at("D", 0),
            vapour_density_kg_per_m3=at("D", 1),
        )
    except ValueError as error:
        why = f"'{name}' does not boil at {pressure_pa:g} Pa: between triple and critical point"
        raise InputError(why) from error
