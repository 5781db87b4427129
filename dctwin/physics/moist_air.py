"""Moist air as a mixture of ideal gases, with the ice branch below the triple point.

Equations: ASHRAE Handbook Fundamentals 2021, chapter 1 (enthalpy eq. 30, humidity ratio eq. 20,
specific volume eq. 26, wet bulb eq. 33 and 35). The saturation pressure and the enhancement factor
(real-gas correction of the vapour pressure over dry air) are fits to CoolProp 8.0 (IAPWS-95 over
water, IAPWS 2011 sublimation over ice, RP-1485 enhancement), because two rational functions and
one exponential cost a third of Hyland and Wexler's equations.

Valid range: -60..75 °C, 55..107 kPa; tested over -40..55 °C, relative humidity 2..100 %,
60..105 kPa. Largest errors there against CoolProp's HAPropsSI are in each function's docstring.
Enthalpy is 0 for dry air and for liquid water at 0 °C, as in ASHRAE and HAPropsSI; all enthalpies
are per kg of dry air. Nothing is clamped: outside the range the fits extrapolate.
"""

from __future__ import annotations

from .arrays import Array, namespace, precise, rough

# ASHRAE Fundamentals 2021, ch. 1, eq. 30: h = 1.006 t + W (2501 + 1.86 t).
CP_AIR_KJ_PER_KG_K = 1.006
CP_VAPOUR_KJ_PER_KG_K = 1.86
LATENT_0C_KJ_PER_KG = 2501.0
# Liquid water and ice, same chapter, eq. 33 and 35 (2501 - 2.326 t, and 2830 - 0.24 t read as
# h_ice = -333.4 + 2.1 t, the table value at 0 °C rather than the rounded 2830).
CP_LIQUID_KJ_PER_KG_K = 4.186
CP_ICE_KJ_PER_KG_K = 2.1
ENTHALPY_ICE_0C_KJ_PER_KG = -333.4

# ASHRAE Fundamentals 2021, ch. 1, eq. 1 and 20: gas constant of dry air, ratio of molar masses.
GAS_CONSTANT_DRY_AIR_J_PER_KG_K = 287.042
VAPOUR_MASS_RATIO = 0.621945
ZERO_CELSIUS_K = 273.15
STANDARD_PRESSURE_PA = 101325.0

# Triple point of water (IAPWS): the two branches of the saturation pressure meet here.
TRIPLE_POINT_C = 0.01
TRIPLE_POINT_PA = 611.657

# ln(p_s/611.657) = u (a + u (b + u c))/(d + u), u = t - 0.01: least maximum error against CoolProp,
# 5e-6 over water (0.01..100 °C), 1.4e-6 over ice (-80..0.01 °C).
_WATER = (19.6666307552, -0.00836208399386, 1.14516283774e-05, 270.656227103)
_ICE = (22.7203955287, -0.00163423377645, -4.95620830921e-06, 275.894049305)

# f - 1 = a + b t² + (p/101325)(c + d t + e t²), against CoolProp HAProps_Aux('f') over -60..60 °C,
# 55..107 kPa: largest error 5e-4.
_ENHANCEMENT = (5.69037356e-04, 1.84825058e-07, 3.58161279e-03, -5.37480386e-06, 4.72351568e-07)

# Start of the saturated temperature: a rational function of X = P h/(1586 + h), P = p/101325, which
# is close to the vapour pressure (1586 = 0.622 x 2550 kJ/kg). Within 2 K over -60..75 °C.
_START_SCALE_KJ_PER_KG = 1586.0
_START_NUMERATOR = (
    (-13.573, 8.0427),
    (1666.62, -712.135),
    (35976.0, -28000.7),
    (171080.0, -28979.3),
)
_START_DENOMINATOR = ((52.3268, -32.4388), (765.949, -427.333), (1275.51, 0.0))


# The four coefficients of one saturation curve, per element where ice and water mix.
Branch = tuple[Array, Array, Array, Array]


def _branch(ice: Array) -> Branch:
    """Coefficients of the saturation curve: over ice where `ice`, over water elsewhere."""
    xp = namespace(ice)
    pairs = zip(_ICE, _WATER, strict=True)
    a, b, c, d = (xp.where(ice, over_ice, over_water) for over_ice, over_water in pairs)
    return a, b, c, d


def _log_saturation(
    dry_bulb_c: Array, branch: Branch, curved: bool = False
) -> tuple[Array, Array, Array]:
    """ln(p_s/611.657), its slope in temperature and, if `curved`, its second derivative."""
    a, b, c, d = branch
    u = dry_bulb_c - TRIPLE_POINT_C
    inverse = 1.0 / (d + u)
    value = u * (a + u * (b + u * c)) * inverse
    slope = (a + u * (2.0 * b + u * (3.0 * c)) - value) * inverse
    curvature = (2.0 * b + 6.0 * c * u - 2.0 * slope) * inverse if curved else 0.0
    return value, slope, curvature


def _enhancement_less_one(dry_bulb_c: Array, pressure_pa: Array) -> tuple[Array, Array]:
    """Enhancement factor less one, and its slope in temperature."""
    a, b, c, d, e = _ENHANCEMENT
    ratio = pressure_pa / STANDARD_PRESSURE_PA
    linear, square = ratio * d, ratio * e + b
    value = (a + ratio * c) + dry_bulb_c * (linear + dry_bulb_c * square)
    return value, linear + 2.0 * dry_bulb_c * square


def _saturated(
    dry_bulb_c: Array, pressure_pa: Array, branch: Branch, curved: bool = False
) -> tuple[Array, Array, Array]:
    """Saturated humidity (kg/kg), its slope in temperature and, if `curved`, second derivative.

    The curvature of the enhancement factor (1e-6 of the humidity) is left out of the second
    derivative, which only steers Halley's step.
    """
    xp = namespace(dry_bulb_c, pressure_pa)
    log_ratio, slope, curvature = _log_saturation(dry_bulb_c, branch, curved)
    extra, extra_slope = _enhancement_less_one(dry_bulb_c, pressure_pa)
    factor = 1.0 + extra
    vapour_pa = TRIPLE_POINT_PA * xp.exp(log_ratio) * factor
    rate = slope + extra_slope / factor
    # W = 0.622 e/(p - e), e' = e rate: W' = W rate p/(p - e).
    inverse_dry = 1.0 / (pressure_pa - vapour_pa)
    humidity = VAPOUR_MASS_RATIO * vapour_pa * inverse_dry
    growth = pressure_pa * inverse_dry
    first = humidity * rate * growth
    second = first * (rate * (2.0 * growth - 1.0) + curvature / rate) if curved else 0.0
    return humidity, first, second


def _saturated_enthalpy(
    dry_bulb_c: Array, pressure_pa: Array, branch: Branch, curved: bool = False
) -> tuple[Array, Array, Array]:
    """Enthalpy of saturated air, its slope and, if `curved`, its second derivative."""
    humidity, first, second = _saturated(dry_bulb_c, pressure_pa, branch, curved)
    vapour = LATENT_0C_KJ_PER_KG + CP_VAPOUR_KJ_PER_KG_K * dry_bulb_c
    value = CP_AIR_KJ_PER_KG_K * dry_bulb_c + humidity * vapour
    slope = CP_AIR_KJ_PER_KG_K + first * vapour + humidity * CP_VAPOUR_KJ_PER_KG_K
    bend = second * vapour + 2.0 * CP_VAPOUR_KJ_PER_KG_K * first if curved else 0.0
    return value, slope, bend


def saturation_pressure_pa(dry_bulb_c: Array) -> Array:
    """Saturation pressure of pure water, over ice below 0.01 °C.

    Rational fit of the logarithm to CoolProp; error below 1e-5 over -80..100 °C.
    0.10 ms per 8760 array.
    """
    xp = namespace(dry_bulb_c)
    dry_bulb_c = xp.asarray(dry_bulb_c)
    value, _, _ = _log_saturation(dry_bulb_c, _branch(dry_bulb_c < TRIPLE_POINT_C))
    return TRIPLE_POINT_PA * xp.exp(value)


def enhancement_factor(dry_bulb_c: Array, pressure_pa: Array) -> Array:
    """Ratio of the vapour pressure in saturated air to the pure saturation pressure.

    About 1.004 at sea level; error below 5e-4 against CoolProp over -60..60 °C, 55..107 kPa.
    """
    return 1.0 + _enhancement_less_one(dry_bulb_c, pressure_pa)[0]


def saturated_vapour_pressure_pa(dry_bulb_c: Array, pressure_pa: Array) -> Array:
    """Vapour pressure of saturated air: saturation pressure times enhancement factor."""
    return saturation_pressure_pa(dry_bulb_c) * enhancement_factor(dry_bulb_c, pressure_pa)


def vapour_pressure_pa(humidity_kg_per_kg: Array, pressure_pa: Array) -> Array:
    """Partial pressure of the vapour (ASHRAE 2021 ch. 1, eq. 20 inverted)."""
    return pressure_pa * humidity_kg_per_kg / (VAPOUR_MASS_RATIO + humidity_kg_per_kg)


def humidity_kg_per_kg(
    dry_bulb_c: Array, relative_humidity_frac: Array, pressure_pa: Array
) -> Array:
    """Humidity ratio from relative humidity (ASHRAE 2021 ch. 1, eq. 20 and 22).

    Within 0.05 % of CoolProp over the tested range. 0.15 ms per 8760 array.
    """
    vapour_pa = relative_humidity_frac * saturated_vapour_pressure_pa(dry_bulb_c, pressure_pa)
    return VAPOUR_MASS_RATIO * vapour_pa / (pressure_pa - vapour_pa)


def saturated_humidity_kg_per_kg(dry_bulb_c: Array, pressure_pa: Array) -> Array:
    """Humidity ratio of saturated air."""
    return humidity_kg_per_kg(dry_bulb_c, 1.0, pressure_pa)


def relative_humidity_frac(
    dry_bulb_c: Array, humidity_kg_per_kg: Array, pressure_pa: Array
) -> Array:
    """Relative humidity, over ice below 0.01 °C as CoolProp and ASHRAE define it."""
    saturated_pa = saturated_vapour_pressure_pa(dry_bulb_c, pressure_pa)
    return vapour_pressure_pa(humidity_kg_per_kg, pressure_pa) / saturated_pa


def enthalpy_kj_per_kg(dry_bulb_c: Array, humidity_kg_per_kg: Array) -> Array:
    """Enthalpy per kg of dry air (ASHRAE 2021 ch. 1, eq. 30).

    Within 0.6 kJ/kg of CoolProp, that at 55 °C saturated (359 kJ/kg); 0.2 kJ/kg up to 35 °C.
    """
    vapour = LATENT_0C_KJ_PER_KG + CP_VAPOUR_KJ_PER_KG_K * dry_bulb_c
    return CP_AIR_KJ_PER_KG_K * dry_bulb_c + humidity_kg_per_kg * vapour


def saturated_enthalpy_kj_per_kg(
    dry_bulb_c: Array, pressure_pa: Array, over_water: bool = False
) -> tuple[Array, Array]:
    """Enthalpy of saturated air and its slope in temperature (kJ/kg per K).

    `over_water` keeps to (supercooled) water below 0.01 °C too, as at a wet surface that flows.
    """
    xp = namespace(dry_bulb_c, pressure_pa)
    branch = _WATER if over_water else _branch(xp.asarray(dry_bulb_c) < TRIPLE_POINT_C)
    value, slope, _ = _saturated_enthalpy(dry_bulb_c, pressure_pa, branch)
    return value, slope


def specific_volume_m3_per_kg(
    dry_bulb_c: Array, humidity_kg_per_kg: Array, pressure_pa: Array
) -> Array:
    """Volume per kg of dry air (ASHRAE 2021 ch. 1, eq. 26); within 0.2 % of CoolProp."""
    dry = GAS_CONSTANT_DRY_AIR_J_PER_KG_K * (dry_bulb_c + ZERO_CELSIUS_K) / pressure_pa
    return dry * (1.0 + humidity_kg_per_kg / VAPOUR_MASS_RATIO)


def density_kg_per_m3(dry_bulb_c: Array, humidity_kg_per_kg: Array, pressure_pa: Array) -> Array:
    """Density of the moist air (dry air and vapour together)."""
    volume = specific_volume_m3_per_kg(dry_bulb_c, humidity_kg_per_kg, pressure_pa)
    return (1.0 + humidity_kg_per_kg) / volume


def pressure_at_altitude_pa(altitude_m: Array) -> Array:
    """Standard atmosphere (ASHRAE 2021 ch. 1, eq. 3), -5,000..11,000 m."""
    return STANDARD_PRESSURE_PA * (1.0 - 2.25577e-5 * altitude_m) ** 5.2559


def _saturated_start_c(enthalpy_kj_per_kg: Array, pressure_pa: Array) -> Array:
    """Temperature of saturated air to 2 K: where Newton's and Halley's steps begin."""
    ratio = pressure_pa / STANDARD_PRESSURE_PA
    x = ratio * enthalpy_kj_per_kg / (_START_SCALE_KJ_PER_KG + enthalpy_kj_per_kg)
    n0, n1, n2, n3 = (constant + ratio * slope for constant, slope in _START_NUMERATOR)
    d1, d2, d3 = (constant + ratio * slope for constant, slope in _START_DENOMINATOR)
    return (n0 + x * (n1 + x * (n2 + x * n3))) / (1.0 + x * (d1 + x * (d2 + x * d3)))


def saturated_c(enthalpy_kj_per_kg: Array, pressure_pa: Array, over_water: bool = False) -> Array:
    """Temperature of saturated air that has this enthalpy.

    A rational start (2 K) and one Halley step in single precision, one Newton step in double:
    within 1e-9 K of the exact inverse of this module's own saturated enthalpy over -60..75 °C,
    55..107 kPa. Ice or water is known beforehand from the enthalpy at the triple point, so each
    step works on a smooth curve. 0.3 ms per 8760 array at one pressure.
    """
    branch: Branch = _WATER
    if not over_water:
        at_triple, _, _ = _saturated_enthalpy(TRIPLE_POINT_C, pressure_pa, _WATER)
        branch = _branch(enthalpy_kj_per_kg < at_triple)
    enthalpy, pressure = rough(enthalpy_kj_per_kg, pressure_pa)
    temperature_c = _saturated_start_c(enthalpy, pressure)
    value, slope, bend = _saturated_enthalpy(temperature_c, pressure, branch, curved=True)
    step = (value - enthalpy) / slope
    temperature_c = precise(temperature_c - step / (1.0 - 0.5 * step * bend / slope))
    value, slope, _ = _saturated_enthalpy(temperature_c, pressure_pa, branch)
    return temperature_c - (value - enthalpy_kj_per_kg) / slope


def wet_bulb_c(dry_bulb_c: Array, humidity_kg_per_kg: Array, pressure_pa: Array) -> Array:
    """Thermodynamic wet-bulb temperature (ASHRAE 2021 ch. 1, eq. 33; eq. 35 for an ice bulb).

    Solves h + (W_s* - W) h_w* = h_s* by four Newton steps. In a narrow band around freezing an ice
    bulb and a water bulb both satisfy it, up to 0.9 K apart: the ice bulb is taken wherever one
    exists. CoolProp's solver lands on the ice bulb in three of four such states and on the water
    bulb in the rest. Elsewhere within 0.02 K of HAPropsSI over the tested range. Air that holds
    more than saturated air does is at its dry bulb. 0.9 ms per 8760 array.
    """
    xp = namespace(dry_bulb_c, humidity_kg_per_kg, pressure_pa)
    enthalpy = enthalpy_kj_per_kg(dry_bulb_c, humidity_kg_per_kg)
    # The equation's left side rises with temperature: positive at 0.01 °C puts the root below it.
    at_triple, _ = _wet_bulb_balance(
        TRIPLE_POINT_C,
        enthalpy,
        humidity_kg_per_kg,
        pressure_pa,
        _WATER,
        ENTHALPY_ICE_0C_KJ_PER_KG,
        CP_ICE_KJ_PER_KG_K,
    )
    ice = at_triple > 0.0
    branch = _branch(ice)
    water_0c = xp.where(ice, ENTHALPY_ICE_0C_KJ_PER_KG, 0.0)
    water_cp = xp.where(ice, CP_ICE_KJ_PER_KG_K, CP_LIQUID_KJ_PER_KG_K)
    temperature_c = _saturated_start_c(enthalpy, pressure_pa)
    for _ in range(4):
        miss, slope = _wet_bulb_balance(
            temperature_c, enthalpy, humidity_kg_per_kg, pressure_pa, branch, water_0c, water_cp
        )
        temperature_c = temperature_c - miss / slope
    # Saturated air is at its wet bulb: rounding puts it no higher, or pads would dry it.
    return xp.minimum(temperature_c, dry_bulb_c)


def _wet_bulb_balance(
    bulb_c: Array,
    enthalpy: Array,
    humidity: Array,
    pressure_pa: Array,
    branch: Branch,
    water_0c: Array,
    water_cp: Array,
) -> tuple[Array, Array]:
    """Excess of the saturated air's enthalpy over air plus evaporated water, and its slope."""
    saturated, rate, _ = _saturated(bulb_c, pressure_pa, branch)
    water = water_0c + water_cp * bulb_c
    latent = LATENT_0C_KJ_PER_KG + CP_VAPOUR_KJ_PER_KG_K * bulb_c - water
    miss = CP_AIR_KJ_PER_KG_K * bulb_c + saturated * latent + humidity * water - enthalpy
    slope = (
        CP_AIR_KJ_PER_KG_K
        + rate * latent
        + saturated * (CP_VAPOUR_KJ_PER_KG_K - water_cp)
        + humidity * water_cp
    )
    return miss, slope


def dew_point_c(humidity_kg_per_kg: Array, pressure_pa: Array) -> Array:
    """Dew point, or frost point below 0.01 °C, by three Newton steps in the logarithm.

    Undefined (NaN) for perfectly dry air. Within 0.01 K of CoolProp's HAPropsSI over the tested
    range. 0.39 ms per 8760 array.
    """
    xp = namespace(humidity_kg_per_kg, pressure_pa)
    target = xp.log(vapour_pressure_pa(humidity_kg_per_kg, pressure_pa) / TRIPLE_POINT_PA)
    # The enhancement factor counts where the branch is chosen too, or 0 °C would be 0.06 K wide.
    at_triple, _ = _enhancement_less_one(TRIPLE_POINT_C, pressure_pa)
    branch = _branch(target < _log_one_plus(at_triple))
    a, _, _, d = branch
    dew_c = d * target / (a - target)  # Magnus: the curve without its two small terms
    for _ in range(3):
        log_ratio, slope, _ = _log_saturation(dew_c, branch)
        extra, extra_slope = _enhancement_less_one(dew_c, pressure_pa)
        miss = log_ratio + _log_one_plus(extra) - target
        dew_c = dew_c - miss / (slope + extra_slope)
    return dew_c


def _log_one_plus(small: Array) -> Array:
    """ln(1 + x) to x³/3: 3e-7 at the enhancement factor's largest x, and no second logarithm."""
    return small * (1.0 - 0.5 * small)
