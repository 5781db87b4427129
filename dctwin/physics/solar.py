"""Sun position, extraterrestrial and diffuse radiation, yield of a photovoltaic array.

Angles come in degrees; azimuth counts clockwise from north (180 faces south). Radiation is the
mean over a step. Powers are per kilowatt of rated direct current, so any array size scales them.

Sources:

* Spencer (1971), Fourier series representation of the position of the sun, Search 2(5):172:
  declination within 0.04°, equation of time within 0.7 min, distance within 0.01 %.
* Erbs, Klein & Duffie (1982), Solar Energy 28:293: diffuse fraction of hourly radiation.
* Dobos (2014), PVWatts Version 5 Manual, NREL/TP-6A20-62641: module, inverter and loss equations.
* Perez et al. (1990), Solar Energy 44:271, and Fuentes (1987), SAND85-0330, both through pvlib.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace

SOLAR_CONSTANT_W_M2 = 1361.0  # Kopp & Lean (2011), Geophys. Res. Lett. 38:L01706
STANDARD_TEST_W_M2 = 1000.0  # IEC 61215 standard test conditions
STANDARD_TEST_CELL_C = 25.0
PVWATTS_LOSSES_FRAC = 0.1408  # PVWatts default total of system losses (Dobos 2014, table 5)
# Named parts of that total, combined as 1 - product(1 - part) (Dobos 2014, table 5).
PVWATTS_LOSS_PARTS_FRAC = {
    "soiling": 0.02,
    "shading": 0.03,
    "snow": 0.0,
    "mismatch": 0.02,
    "wiring": 0.02,
    "connections": 0.005,
    "light_induced_degradation": 0.015,
    "nameplate": 0.01,
    "age": 0.0,
    "availability": 0.03,
}
# Standard crystalline module of PVWatts Version 8: -0.37 %/K, anti-reflective glass
# (PVWatts Version 8 technical reference, NREL; Version 5 had -0.47 %/K and plain glass).
PVWATTS_TEMPERATURE_FRAC_PER_K = -0.0037
_ANTI_REFLECTIVE_INDEX = 1.29  # refraction index of the coating, default of pvlib.iam.physical docs
_OPEN_RACK_NOCT_C = 45.0  # installed nominal cell temperature of an open rack (Dobos 2014, sec. 7)
_REFERENCE_INVERTER_EFFICIENCY_FRAC = 0.9637  # of the inverter whose curve is used (Dobos 2014)
GROUND_ALBEDO_FRAC = 0.2  # PVWatts default
# Up the slope of one row of two portrait modules; only the ratio to the pitch matters much
# (assumed, 2 to 4.5).
_MODULE_SLANT_M = 4.0
WIND_HEIGHT_M = 10.0  # height of wind speed in EPW files and synoptic reports (WMO-No. 8)


class Sun(NamedTuple):
    """Daily constants of the sun for one or many days."""

    declination_deg: Array
    equation_of_time_h: Array
    distance_frac: Array
    """Extraterrestrial normal radiation over the solar constant."""


def sun_of_day(day: Array) -> Sun:
    """Declination, equation of time, distance factor on day 1..365 (Spencer 1971)."""
    xp = namespace(day)
    angle = 2.0 * np.pi * (day - 1.0) / 365.0
    c1, s1, c2, s2 = xp.cos(angle), xp.sin(angle), xp.cos(2 * angle), xp.sin(2 * angle)
    c3, s3 = xp.cos(3 * angle), xp.sin(3 * angle)
    declination = (
        (0.006918 - 0.399912 * c1 + 0.070257 * s1 - 0.006758 * c2 + 0.000907 * s2)
        - 0.002697 * c3
        + 0.00148 * s3
    )
    equation = 0.000075 + 0.001868 * c1 - 0.032077 * s1 - 0.014615 * c2 - 0.040849 * s2
    distance = 1.000110 + 0.034221 * c1 + 0.001280 * s1 + 0.000719 * c2 + 0.000077 * s2
    return Sun(xp.rad2deg(declination), equation * 12.0 / np.pi, distance)


def sunset_angle_deg(latitude_deg: Array, declination_deg: Array) -> Array:
    """Hour angle of sunset, sun's centre, no refraction: 0 in polar night, 180 in polar day."""
    xp = namespace(latitude_deg, declination_deg)
    cosine = -xp.tan(xp.deg2rad(latitude_deg)) * xp.tan(xp.deg2rad(declination_deg))
    return xp.rad2deg(xp.arccos(xp.clip(cosine, -1.0, 1.0)))


def solar_noon_h(longitude_deg: Array, utc_offset_h: Array, equation_of_time_h: Array) -> Array:
    """Local standard clock time of solar noon."""
    return 12.0 + utc_offset_h - longitude_deg / 15.0 - equation_of_time_h


def mean_cos_zenith(
    sun: Sun, latitude_deg: float, noon_h: Array, start_h: Array, step_h: float
) -> Array:
    """Mean of max(cos zenith, 0) over [start_h, start_h + step_h) of each local day.

    Exact integral of sin(lat) sin(dec) + cos(lat) cos(dec) cos(hour angle), cut at sunrise and
    sunset, for intervals up to a day; `start_h` is the local clock hour, 0..24.
    """
    xp = namespace(sun.declination_deg, start_h)
    latitude, declination = xp.deg2rad(latitude_deg), xp.deg2rad(sun.declination_deg)
    level = xp.sin(latitude) * xp.sin(declination)
    swing = xp.cos(latitude) * xp.cos(declination)
    dusk = xp.deg2rad(sunset_angle_deg(latitude_deg, sun.declination_deg))
    begin = (start_h - noon_h) * np.pi / 12.0
    width = step_h * np.pi / 12.0
    total = 0.0
    # The clock day may lie across solar midnight: count the daylight of the neighbouring turns too.
    for turn in (-2.0 * np.pi, 0.0, 2.0 * np.pi):
        low = xp.clip(begin + turn, -dusk, dusk)
        high = xp.clip(begin + turn + width, -dusk, dusk)
        total = total + level * (high - low) + swing * (xp.sin(high) - xp.sin(low))
    return xp.maximum(total, 0.0) / width


def erbs_diffuse_frac(clearness_frac: Array) -> Array:
    """Diffuse part of hourly global radiation from hourly clearness (Erbs et al. 1982, eq. 1).

    Fitted on 65 months at four US stations, tested at Highett (Australia); clearness 0..1.
    """
    xp = namespace(clearness_frac)
    k = clearness_frac
    k2 = k * k
    middle = 0.9511 - 0.1604 * k + k2 * (4.388 - 16.638 * k + 12.336 * k2)
    return xp.where(k <= 0.22, 1.0 - 0.09 * k, xp.where(k <= 0.8, middle, 0.165))


def combined_losses_frac(*parts_frac: float) -> float:
    """Losses in series: 1 - product(1 - part) (Dobos 2014, eq. 12)."""
    left = 1.0
    for part in parts_frac:
        left *= 1.0 - part
    return 1.0 - left


def pvwatts_dc_kw(
    irradiance_w_m2: Array, cell_c: Array, rated_kw: Array, temperature_frac_per_k: float
) -> Array:
    """Direct-current power of an array: proportional to light, linear in cell temperature.

    Dobos (2014), eq. 8, without the low-light correction below 125 W/m² of that manual, as pvlib.
    """
    warm = 1.0 + temperature_frac_per_k * (cell_c - STANDARD_TEST_CELL_C)
    return rated_kw * irradiance_w_m2 / STANDARD_TEST_W_M2 * warm


def pvwatts_inverter_kw(dc_kw: Array, rated_ac_kw: float, efficiency_frac: float) -> Array:
    """Alternating-current power: part-load efficiency curve, clipped at the rating.

    Dobos (2014), eq. 10 and 11: fit to the most common inverters of the CEC list of 2010 and later.
    """
    xp = namespace(dc_kw)
    rated_dc_kw = rated_ac_kw / efficiency_frac
    scale = efficiency_frac / _REFERENCE_INVERTER_EFFICIENCY_FRAC
    load = dc_kw / rated_dc_kw
    # efficiency(load) * load, so that no division by zero happens at night
    ac_kw = rated_dc_kw * scale * (-0.0162 * load * load + 0.9858 * load - 0.0059)
    return xp.clip(xp.where(load < 1.0, ac_kw, rated_ac_kw), 0.0, rated_ac_kw)


def pv_yield_frac(
    start_utc: np.datetime64,
    step_h: float,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    dry_bulb_c: Array,
    wind_m_s: Array,
    dni_w_m2: Array,
    dhi_w_m2: Array,
    ghi_w_m2: Array,
    *,
    tilt_deg: float,
    azimuth_deg: float,
    mount: str = "fixed",
    dc_ac_ratio: float = 1.2,
    losses_frac: float = PVWATTS_LOSSES_FRAC,
    inverter_efficiency_frac: float = 0.96,
    temperature_frac_per_k: float = PVWATTS_TEMPERATURE_FRAC_PER_K,
    albedo_frac: float = GROUND_ALBEDO_FRAC,
    bifaciality_frac: float = 0.0,
    ground_cover_frac: float = 0.4,
    height_m: float = 1.5,
    max_angle_deg: float = 60.0,
    snow_loss: Callable[[Array], Array] | None = None,
) -> Array:
    """AC power per kilowatt of rated DC, one value a step, of an open-rack array.

    mount: "fixed" (tilt, azimuth); "east-west" (half the modules turned 90° to each side of the
    azimuth, on one inverter); "tracking" (horizontal single axis along the azimuth, within
    ±max_angle_deg, backtracking: Anderson & Mikofski 2020, NREL/TP-5K00-76626).
    Sun at the middle of each step's sunlit part; Perez (1990) transposition; reflection of beam and
    diffuse light by coated glass after De Soto (2006) and Marion (2017); the back of bifacial
    modules by view factors of infinite rows (Mikofski et al. 2019, IEEE PVSC), times the
    bifaciality; cell temperature after Fuentes (1987), installed NOCT 45 °C, as PVWatts; losses on
    the DC side, among them `snow_loss`, which makes a loss a step from the light on the plane;
    inverter clipped at 1/dc_ac_ratio. Left out, unlike PVWatts Version 8: shading of rows by each
    other (1 to 2 % of the light at its default spacing) and the air-mass correction of the
    spectrum. About 0.4 s per 8760 hours and plane; needs the `solar` extra: compute once per site
    and array and cache it.
    """
    try:
        import pandas as pd
        import pvlib
    except ImportError as error:  # pragma: no cover - depends on the installation
        raise InputError(
            "photovoltaic yield needs pvlib: install it with pip install 'dctwin[solar]'"
        ) from error

    steps = len(np.asarray(dry_bulb_c))
    middle = _sunlit_middle(start_utc, step_h, steps, latitude_deg, longitude_deg)
    times = pd.DatetimeIndex(middle, tz="UTC")
    position = pvlib.solarposition.get_solarposition(
        times, latitude_deg, longitude_deg, altitude=altitude_m
    )
    sky = _Sky(
        position["apparent_zenith"].to_numpy(),
        position["azimuth"].to_numpy(),
        np.asarray(dni_w_m2),
        np.asarray(ghi_w_m2),
        np.asarray(dhi_w_m2),
        pvlib.irradiance.get_extra_radiation(times).to_numpy(),
        albedo_frac,
    )
    index = pd.date_range(start_utc, periods=steps, freq=pd.Timedelta(hours=step_h))
    planes = _planes(mount, tilt_deg, azimuth_deg, max_angle_deg, ground_cover_frac, sky)
    dc_kw = np.zeros(steps)
    for tilt, azimuth in planes:
        total, absorbed = _plane_light(sky, tilt, azimuth)
        if bifaciality_frac > 0.0:
            back = _back_light(sky, tilt, azimuth, ground_cover_frac, height_m)
            total, absorbed = total + back * bifaciality_frac, absorbed + back * bifaciality_frac
        cell_c = pvlib.temperature.fuentes(
            pd.Series(total, index=index),
            np.asarray(dry_bulb_c),
            np.asarray(wind_m_s),
            noct_installed=_OPEN_RACK_NOCT_C,
            wind_height=WIND_HEIGHT_M,
            surface_tilt=float(np.mean(tilt)),
        ).to_numpy()
        one_kw = pvwatts_dc_kw(absorbed, cell_c, 1.0, temperature_frac_per_k)
        if snow_loss is not None:
            one_kw = one_kw * (1.0 - snow_loss(total))
        dc_kw = dc_kw + one_kw / len(planes)
    dc_kw = dc_kw * (1.0 - losses_frac)
    return pvwatts_inverter_kw(dc_kw, 1.0 / dc_ac_ratio, inverter_efficiency_frac)


class _Sky(NamedTuple):
    """Sun and light, one value a step; angles in degrees, radiation in W/m²."""

    zenith_deg: Array
    azimuth_deg: Array
    dni_w_m2: Array
    ghi_w_m2: Array
    dhi_w_m2: Array
    extra_w_m2: Array
    albedo_frac: float


def _planes(
    mount: str,
    tilt_deg: float,
    azimuth_deg: float,
    max_angle_deg: float,
    ground_cover_frac: float,
    sky: _Sky,
) -> list[tuple[Array, Array]]:
    """(tilt, azimuth) of each plane of the array; arrays over the steps where it turns."""
    if mount == "fixed":
        return [(tilt_deg, azimuth_deg)]
    if mount == "east-west":
        return [(tilt_deg, (azimuth_deg + side) % 360.0) for side in (-90.0, 90.0)]
    if mount == "tracking":
        import pvlib

        turned = pvlib.tracking.singleaxis(
            sky.zenith_deg,
            sky.azimuth_deg,
            axis_azimuth=azimuth_deg,
            max_angle=max_angle_deg,
            backtrack=True,
            gcr=ground_cover_frac,
        )
        # The tracker gives no angle at night; it lies flat and makes nothing.
        tilt = np.nan_to_num(np.asarray(turned["surface_tilt"]))
        azimuth = np.nan_to_num(np.asarray(turned["surface_azimuth"]), nan=azimuth_deg)
        return [(tilt, azimuth)]
    raise InputError(f"mount: must be fixed, east-west or tracking (got {mount!r})")


def _plane_light(sky: _Sky, tilt_deg: Array, azimuth_deg: Array) -> tuple[Array, Array]:
    """Light on the front of a plane, and what its glass lets through [W/m²]."""
    import pvlib

    incidence = pvlib.irradiance.aoi(tilt_deg, azimuth_deg, sky.zenith_deg, sky.azimuth_deg)
    plane = pvlib.irradiance.get_total_irradiance(
        tilt_deg,
        azimuth_deg,
        sky.zenith_deg,
        sky.azimuth_deg,
        sky.dni_w_m2,
        sky.ghi_w_m2,
        sky.dhi_w_m2,
        dni_extra=sky.extra_w_m2,
        airmass=pvlib.atmosphere.get_relative_airmass(sky.zenith_deg),
        albedo=sky.albedo_frac,
        model="perez",
    )
    total = np.nan_to_num(plane["poa_global"])
    # The integral over the sky is dear: take it at whole tilts where the plane turns.
    tilts = np.atleast_1d(np.asarray(tilt_deg, dtype=float))
    grid = tilts if tilts.size == 1 else np.linspace(0.0, 90.0, 91)
    passes = [
        pvlib.iam.marion_diffuse("physical", tilt, n_ar=_ANTI_REFLECTIVE_INDEX) for tilt in grid
    ]
    sky_frac, ground_frac = (
        np.interp(tilts, grid, np.nan_to_num([p[part] for p in passes]))
        for part in ("sky", "ground")
    )
    absorbed = np.nan_to_num(
        plane["poa_direct"] * pvlib.iam.physical(incidence, n_ar=_ANTI_REFLECTIVE_INDEX)
        + plane["poa_sky_diffuse"] * sky_frac
        + plane["poa_ground_diffuse"] * ground_frac
    )
    return total, absorbed


def _back_light(
    sky: _Sky, tilt_deg: Array, azimuth_deg: Array, ground_cover_frac: float, height_m: float
) -> Array:
    """Light on the back of a plane in a field of equal rows [W/m²]."""
    import pvlib

    found = pvlib.bifacial.infinite_sheds.get_irradiance(
        tilt_deg,
        azimuth_deg,
        sky.zenith_deg,
        sky.azimuth_deg,
        ground_cover_frac,
        height_m,
        _MODULE_SLANT_M / ground_cover_frac,
        sky.ghi_w_m2,
        sky.dhi_w_m2,
        sky.dni_w_m2,
        sky.albedo_frac,
    )
    return np.maximum(np.nan_to_num(np.asarray(found["poa_back"])), 0.0)


def townsend_snow_loss_frac(
    light_kwh_m2: Array,
    snowfall_m: Array,
    snowfall_events_count: Array,
    relative_humidity_frac: Array,
    dry_bulb_c: Array,
    tilt_deg: float,
    slant_height_m: float,
    lower_edge_m: float,
) -> Array:
    """Share of a month's yield lost under snow, one value a month of the inputs.

    Townsend & Powell (2011), Photovoltaics and snow: an update from two winters of measurements in
    the Sierra, IEEE PVSC 37, through pvlib. Fitted on arrays of 0° to 39° tilt at 2 200 m in
    California; wetter or milder snow may slide sooner. 0 in a month without snow.
    """
    import pvlib

    with np.errstate(invalid="ignore", divide="ignore"):
        lost = pvlib.snow.loss_townsend(
            np.asarray(snowfall_m) * 100.0,
            np.asarray(snowfall_events_count),
            tilt_deg,
            np.asarray(relative_humidity_frac) * 100.0,
            np.asarray(dry_bulb_c),
            np.asarray(light_kwh_m2) * 1000.0,
            slant_height_m,
            lower_edge_m,
        )
    snowy = np.asarray(snowfall_m) > 0.0
    return np.where(snowy, np.clip(np.nan_to_num(lost), 0.0, 1.0), 0.0)


def _sunlit_middle(
    start_utc: np.datetime64, step_h: float, steps: int, latitude_deg: float, longitude_deg: float
) -> Array:
    """The UTC time in the middle of each step, or of its part with the sun up at dawn and dusk."""
    step = np.timedelta64(round(step_h * 3_600_000), "ms")
    begin = start_utc.astype("datetime64[ms]") + step * np.arange(steps)
    day = (begin - begin.astype("datetime64[Y]")) / np.timedelta64(1, "D") + 1.0
    sun = sun_of_day(day)
    noon_h = solar_noon_h(longitude_deg, 0.0, sun.equation_of_time_h)
    clock_h = (begin - begin.astype("datetime64[D]")) / np.timedelta64(1, "h")
    # hours from the nearest solar noon, -12..12
    from_noon = (clock_h + step_h / 2.0 - noon_h + 12.0) % 24.0 - 12.0
    half_day = sunset_angle_deg(latitude_deg, sun.declination_deg) / 15.0
    low = np.clip(from_noon - step_h / 2.0, -half_day, half_day)
    high = np.clip(from_noon + step_h / 2.0, -half_day, half_day)
    shift = np.where(high > low, (low + high) / 2.0 - from_noon, 0.0) + step_h / 2.0
    return begin + np.round(shift * 3_600_000).astype("timedelta64[ms]")
