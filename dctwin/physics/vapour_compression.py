"""The single-stage vapour-compression cycle: exact from CoolProp, and fast from fits made with it.

Equations
    State 1: vapour at the evaporating dew pressure, `superheat_k` above dew (useful: it cools).
    State 2: h2 = h1 + (h2s − h1)/η with s2s = s1 at the condensing bubble pressure.
    State 3: liquid `subcooling_k` below bubble. q_e = h1 − h3, w = (h2s − h1)/η, COP = q_e/w.
    No pressure drop, no heat loss of the compressor.

    As q_e does not depend on η, COP(η) = η · COP(1) exactly, so one fitted function of evaporating
    and condensing temperature serves every machine. The fitted quantity is
    g = (w_s/q_e) · T_e/(T_c − T_e + glide), the work per cooling relative to Carnot: near one and
    smooth down to zero lift, which the COP itself (infinite there) is not. Against `cycle` the
    fits err by less than 0.1 % over their whole range.

Valid range: evaporating −15…40 °C, condensing up to 65 °C (R32, R410A), 75 (R513A), 85 (R134a) or
90 °C (R1234ze(E), R1233zd(E), R717), lift ≥ 3 K, superheat and subcooling 5 K. Below 3 K the fit
runs on smoothly to w = 0. Beyond the range the caller flags; g is held 20 K outside it, and the
lift is the true one, so that no machine gains on Carnot by leaving the range.
R410A is CoolProp's pseudo-pure fluid; R513A is CoolProp's Helmholtz mixture of R1234yf and R134a
(56/44 % by mass, ASHRAE 34). Their glides are 0.11 K and 0.013 K.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from ..errors import InputError, nearest
from ..units import KELVIN_AT_0_C
from .arrays import Array, namespace

# Blends that CoolProp knows only by their components: names and mass fractions (ASHRAE 34).
MIXTURES: dict[str, tuple[str, tuple[float, ...]]] = {
    "R513A": ("R1234yf&R134a", (0.56, 0.44)),
}
# Lowest lift that the fits are made from; they run on smoothly to zero.
LEAST_LIFT_K = 3.0
# How far outside its range a fit's work over Carnot's still runs on: it stays above 0.95 there
# (tested), which a compressor and motor of 0.9 at best make 1.05, and work never falls with lift.
BEYOND_K = 20.0


@dataclass(frozen=True)
class Cycle:
    """One operating point of a vapour-compression cycle, per kilogram of refrigerant."""

    cop: float
    evaporator_kj_per_kg: float
    compressor_kj_per_kg: float
    discharge_c: float
    evaporating_pa: float
    condensing_pa: float


@cache
def _coolprop_state(refrigerant: str) -> Any:
    from CoolProp.CoolProp import AbstractState

    components, mass_fractions = MIXTURES.get(refrigerant, (refrigerant, ()))
    try:
        state = AbstractState("HEOS", components)
    except ValueError as error:
        raise InputError(f"CoolProp knows no refrigerant '{refrigerant}'") from error
    if mass_fractions:
        state.set_mass_fractions(mass_fractions)
    return state


def cycle(
    refrigerant: str,
    evaporating_c: float,
    condensing_c: float,
    isentropic_efficiency_frac: float = 0.70,
    superheat_k: float = 5.0,
    subcooling_k: float = 5.0,
) -> Cycle:
    """The cycle from CoolProp's equations of state (0.1 ms, a mixture 1 ms; not for hourly use)."""
    if condensing_c <= evaporating_c:
        raise InputError(f"condensing_c: must lie above evaporating_c (got {condensing_c:g} °C)")
    if not 0 < isentropic_efficiency_frac <= 1:
        raise InputError(f"isentropic_efficiency_frac: 0 to 1 (got {isentropic_efficiency_frac:g})")
    import CoolProp

    state = _coolprop_state(refrigerant)
    evaporating_k, condensing_k = evaporating_c + KELVIN_AT_0_C, condensing_c + KELVIN_AT_0_C
    try:
        state.unspecify_phase()
        state.update(CoolProp.QT_INPUTS, 0.0, condensing_k)
        condensing_pa, liquid_j = state.p(), state.hmass()
        state.update(CoolProp.QT_INPUTS, 1.0, evaporating_k)
        evaporating_pa, suction_j, suction_j_per_k = state.p(), state.hmass(), state.smass()
        # The phase is known, and mixtures cannot be solved from p and s without being told.
        state.specify_phase(CoolProp.iphase_liquid)
        if subcooling_k > 0:
            state.update(CoolProp.PT_INPUTS, condensing_pa, condensing_k - subcooling_k)
            liquid_j = state.hmass()
        state.specify_phase(CoolProp.iphase_gas)
        if superheat_k > 0:
            state.update(CoolProp.PT_INPUTS, evaporating_pa, evaporating_k + superheat_k)
            suction_j, suction_j_per_k = state.hmass(), state.smass()
        state.update(CoolProp.PSmass_INPUTS, condensing_pa, suction_j_per_k)
        work_j = (state.hmass() - suction_j) / isentropic_efficiency_frac
        state.update(CoolProp.HmassP_INPUTS, suction_j + work_j, condensing_pa)
        discharge_c = state.T() - KELVIN_AT_0_C
    except ValueError as error:
        raise InputError(
            f"{refrigerant}: no cycle between {evaporating_c:g} and {condensing_c:g} °C ({error})"
        ) from error
    cooling_j = suction_j - liquid_j
    return Cycle(
        cop=cooling_j / work_j,
        evaporator_kj_per_kg=cooling_j / 1000,
        compressor_kj_per_kg=work_j / 1000,
        discharge_c=discharge_c,
        evaporating_pa=evaporating_pa,
        condensing_pa=condensing_pa,
    )


def glide_at_k(refrigerant: str, dew_c: float) -> float:
    """Dew minus bubble temperature at the dew pressure of `dew_c`: zero for a pure fluid."""
    import CoolProp

    state = _coolprop_state(refrigerant)
    state.unspecify_phase()
    state.update(CoolProp.QT_INPUTS, 1.0, dew_c + KELVIN_AT_0_C)
    state.update(CoolProp.PQ_INPUTS, state.p(), 0.0)
    return float(dew_c + KELVIN_AT_0_C - state.T())


class AtEvaporating(NamedTuple):
    """A fit at one evaporating temperature: per_k, one over it in kelvin; the polynomial's rows."""

    evaporating_c: Array
    per_k: Array
    rows: tuple[Array, ...]


@dataclass(frozen=True)
class CycleFit:
    """Isentropic work per cooling of one refrigerant, as a polynomial in both temperatures."""

    refrigerant: str
    evaporating_range_c: tuple[float, float]
    condensing_range_c: tuple[float, float]
    # Dew minus bubble temperature: a blend compresses by this much more than the lift.
    glide_k: float
    # Row j: coefficients of y^j as a polynomial in x, lowest power first.
    coefficients: tuple[tuple[float, ...], ...]
    # Greatest relative error of the COP against CoolProp within the range.
    max_error_frac: float

    def work_per_cooling_frac(self, evaporating_c: Array, condensing_c: Array) -> Array:
        """Isentropic compressor work per unit of cooling (1/COP); zero at zero lift."""
        return self.work_at(self.at_evaporating(evaporating_c), condensing_c)

    def at_evaporating(self, evaporating_c: Array) -> AtEvaporating:
        """What is the same for all condensing temperatures."""
        x = _scaled(evaporating_c, self.evaporating_range_c)
        rows = []
        for row in self.coefficients:
            factor: Array = row[-1]
            for coefficient in row[-2::-1]:
                factor = factor * x + coefficient
            rows.append(factor)
        return AtEvaporating(evaporating_c, 1.0 / (evaporating_c + KELVIN_AT_0_C), tuple(rows))

    def work_at(self, at: AtEvaporating, condensing_c: Array) -> Array:
        """Work per unit of cooling between an evaporating temperature and this one."""
        y = _scaled(condensing_c, self.condensing_range_c)
        carnot_ratio = at.rows[-1]
        for factor in at.rows[-2::-1]:
            carnot_ratio = carnot_ratio * y + factor
        return carnot_ratio * ((condensing_c - at.evaporating_c + self.glide_k) * at.per_k)


def _scaled(value: Array, bounds: tuple[float, float]) -> Array:
    """The range of the fit as -1…1, held BEYOND_K outside it."""
    low, high = bounds
    value = namespace(value).clip(value, low - BEYOND_K, high + BEYOND_K)
    return (value - (low + high) / 2) * (2 / (high - low))


@cache
def cycle_fits() -> dict[str, CycleFit]:
    """Every fitted refrigerant by name."""
    text = files("dctwin.physics").joinpath("refrigerant_tables.json").read_text(encoding="utf-8")
    return {
        name: CycleFit(
            refrigerant=name,
            evaporating_range_c=tuple(entry["evaporating_range_c"]),
            condensing_range_c=tuple(entry["condensing_range_c"]),
            glide_k=entry["glide_k"],
            coefficients=tuple(tuple(row) for row in entry["coefficients"]),
            max_error_frac=entry["max_error_frac"],
        )
        for name, entry in json.loads(text)["refrigerants"].items()
    }


def cycle_fit(refrigerant: str) -> CycleFit:
    """The fit of that refrigerant."""
    try:
        return cycle_fits()[refrigerant]
    except KeyError:
        known = nearest(refrigerant, cycle_fits())
        raise InputError(f"no refrigerant '{refrigerant}', {known}") from None


def isentropic_work_per_cooling_frac(
    refrigerant: str, evaporating_c: Array, condensing_c: Array
) -> Array:
    """kW of isentropic compression per kW of cooling: 1/COP, finite (zero) at zero lift."""
    return cycle_fit(refrigerant).work_per_cooling_frac(evaporating_c, condensing_c)


def isentropic_cop(refrigerant: str, evaporating_c: Array, condensing_c: Array) -> Array:
    """COP with a perfect compressor; multiply by the isentropic efficiency. Lift must be > 0."""
    return 1 / isentropic_work_per_cooling_frac(refrigerant, evaporating_c, condensing_c)


def carnot_cop(evaporating_c: Array, condensing_c: Array) -> Array:
    """T_evaporating/(T_condensing − T_evaporating), kelvin: the limit between two temperatures.

    The temperatures are those of saturation. A cycle with useful superheat and subcooling of 5 K
    reaches past both, and its isentropic COP may pass this figure by 2 % when the lift is below
    10 K; with a real compressor (efficiency below 0.97) it never does.
    """
    return (evaporating_c + KELVIN_AT_0_C) / (condensing_c - evaporating_c)
