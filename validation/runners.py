"""Runners by name: each predicts one figure from a case's inputs, with dctwin's own physics.

Heavy libraries are imported by the functions that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from dctwin.physics import evaporation, fluids, moist_air, solar, vapour_compression

from . import balances, frontier, halls, lei_masanet, power, ref1, stores
from .harness import SkippedError, load_cases, read_rows

# Water that does not warm in the condenser: catalogue points give the entering temperature only.
_PLENTY_KW_PER_K = 1e9
# Mean specific heat of the towers' water, 25-35 °C (IAPWS-95).
_WATER_KJ_PER_KG_K = 4.18


def moist_air_state(
    quantity: str, dry_bulb_c: float, relative_humidity_frac: float, pressure_pa: float
) -> float:
    """Humidity, wet bulb, dew point, enthalpy or specific volume of moist air."""
    humidity = moist_air.humidity_kg_per_kg(dry_bulb_c, relative_humidity_frac, pressure_pa)
    states: Mapping[str, Callable[[], Any]] = {
        "humidity_kg_per_kg": lambda: humidity,
        "wet_bulb_c": lambda: moist_air.wet_bulb_c(dry_bulb_c, humidity, pressure_pa),
        "dew_point_c": lambda: moist_air.dew_point_c(humidity, pressure_pa),
        "enthalpy_kj_per_kg": lambda: moist_air.enthalpy_kj_per_kg(dry_bulb_c, humidity),
        "volume_m3_per_kg": lambda: moist_air.specific_volume_m3_per_kg(
            dry_bulb_c, humidity, pressure_pa
        ),
    }
    return float(states[quantity]())


def cycle_cop(
    refrigerant: str,
    evaporating_c: float,
    condensing_c: float,
    isentropic_efficiency_frac: float,
) -> float:
    """COP of the fitted refrigerant cycle that the chillers without curves use."""
    ideal = vapour_compression.isentropic_cop(refrigerant, evaporating_c, condensing_c)
    return float(isentropic_efficiency_frac * ideal)


def chiller_point(
    quantity: str,
    equipment: str,
    leaving_c: float,
    condenser_c: float,
    load_frac: float,
    capacity_kw: float = 0.0,
    reference_kw: float | None = None,
) -> float:
    """Power or capacity of a chiller of the catalogue at one operating point.

    `load_frac` is the share of `capacity_kw`, what is available at these temperatures.
    """
    machine = _chiller(equipment, reference_kw)
    if quantity == "capacity_kw":
        return float(machine.capacity_kw(leaving_c, condenser_c))
    heat_kw = load_frac * (capacity_kw or machine.capacity_kw(leaving_c, condenser_c))
    return float(_serve(machine, heat_kw, leaving_c, condenser_c).power_kw["chiller"])


def design_chiller_point(
    design: str, loop: str, stage: str, heat_kw: float, leaving_c: float, condenser_c: float
) -> float:
    """Power of a chiller of a design at one operating point. `*.yaml` are files of data/."""
    from dctwin.design import load_design

    (circuit,) = (c for c in load_design(halls.of_data(design)).circuits if c.name == loop)
    (device,) = (d for d in circuit.stages if d.name == stage)
    return float(_serve(device.component, heat_kw, leaving_c, condenser_c).power_kw["chiller"])


def cycle_chiller_point(
    machine: dict[str, Any],
    leaving_c: float,
    condenser_c: float,
    load_frac: float,
    capacity_kw: float,
) -> float:
    """Power of a chiller without curves for the heat of this point, scaled if it serves less."""
    from dctwin.components.component import Air, Duty
    from dctwin.components.cooling.cycle_chiller import CycleChiller

    unit = CycleChiller(refrigerant="R134a", max_load_frac=1.3, condenser_min_c=5.0, **machine)
    heat_kw = load_frac * capacity_kw
    flow_kw_per_k = unit.reference_kw / unit.rated_rise_k
    rejected_kw = unit.reference_kw * (1.0 + 1.0 / unit.reference_cop)
    air = Air(25.0, 18.0, 0.010, 50.0, moist_air.STANDARD_PRESSURE_PA, 1.18)  # not felt
    return_c = leaving_c + heat_kw / flow_kw_per_k
    sink_kw_per_k = rejected_kw / unit.condenser_rise_k
    duty = Duty(heat_kw, return_c, flow_kw_per_k, 0.0, air, condenser_c, sink_kw_per_k)
    service = unit.serve(duty)
    return float(service.power_kw["chiller"] / service.heat_kw) * heat_kw


def cycle_chiller_count(case: str) -> float:
    """Points of a case's tables that are within their tolerance."""
    (found,) = load_cases([case])
    hits = 0
    for quantity in found.quantities:
        table = quantity.table
        if table is None:
            continue
        for row in read_rows(table.file, table.where):
            given = {key: float(row[key]) for key in table.inputs}
            predicted = cycle_chiller_point(**quantity.inputs, **given)
            published = float(row[table.published])
            hits += abs(predicted - published) <= quantity.allowed(published)
    return float(hits)


def chiller_iplv(equipment: str, leaving_c: float, points: list[list[float]]) -> float:
    """Integrated part-load value: weights over the COP at loads of the full-load capacity.

    A point is [weight, share of capacity at the first point, condenser entering °C].
    Source: AHRI 550/590, integrated part-load value.
    """
    machine = _chiller(equipment, None)
    full_kw = machine.capacity_kw(leaving_c, points[0][2])
    total = 0.0
    for weight, load_frac, condenser_c in points:
        service = _serve(machine, load_frac * full_kw, leaving_c, condenser_c)
        total += weight * float(service.heat_kw / service.power_kw["chiller"])
    return total


@cache
def _chiller(equipment: str, reference_kw: float | None) -> Any:
    from dctwin.equipment import load_equipment

    machine = load_equipment(equipment).component
    return machine if reference_kw is None else machine.with_values(reference_kw=reference_kw)


def _serve(machine: Any, heat_kw: float, leaving_c: float, condenser_c: float) -> Any:
    """The chiller at work on water that leaves at `leaving_c`, 5 K colder than it came."""
    from dctwin.components.component import Air, Duty

    air = Air(25.0, 18.0, 0.010, 50.0, moist_air.STANDARD_PRESSURE_PA, 1.18)  # not felt
    flow_kw_per_k = heat_kw / 5.0
    duty = Duty(
        heat_kw=heat_kw,
        return_c=leaving_c + 5.0,
        flow_kw_per_k=flow_kw_per_k,
        flow_m3_s=flow_kw_per_k / 4200.0,
        air=air,
        sink_c=condenser_c,
        sink_kw_per_k=_PLENTY_KW_PER_K,
    )
    return machine.serve(duty)


def tower_nominal_water_c(
    water_kg_s: float,
    water_in_c: float,
    range_k: float,
    wet_bulb_c: float,
    dry_bulb_c: float,
    water_to_air: float,
) -> float:
    """Leaving water of a tower rated at this point, when it meets the same entering water."""
    air = _tower_air(dry_bulb_c, wet_bulb_c)
    water_kw_per_k = water_kg_s * _WATER_KJ_PER_KG_K
    air_kg_s = water_kg_s / water_to_air
    ua_kw_per_k = evaporation.ua_from_rating(
        water_kw_per_k * range_k, water_in_c, air, water_kw_per_k, air_kg_s
    )
    heat_kw = _tower_heat_kw(air, water_in_c, water_kw_per_k, air_kg_s, ua_kw_per_k)
    return water_in_c - heat_kw / water_kw_per_k


def tower_point(
    quantity: str,
    tower: Mapping[str, float],
    dry_bulb_c: float,
    wet_bulb_c: float,
    air_frac: float,
    water_in_c: float = 0.0,
    heat_kw: float = 0.0,
) -> float:
    """Leaving water for a given heat, or heat for a given entering water, at a given air flow.

    `tower`: ua_kw_per_k and full air flow at the inlet, water flow and its share of design.
    """
    air = _tower_air(dry_bulb_c, wet_bulb_c)
    by_wet_bulb, _ = evaporation.wet_bulb_factor(wet_bulb_c)
    ua_kw_per_k = (
        tower["ua_kw_per_k"]
        * by_wet_bulb
        * evaporation.polynomial(evaporation.UA_WATER_RATIO, tower["water_frac"])
        * evaporation.polynomial(evaporation.UA_AIR_RATIO, air_frac)
    )
    air_kg_s = air_frac * tower["air_m3_s"] * air.density_kg_per_m3
    water_kw_per_k = tower["water_kg_s"] * _WATER_KJ_PER_KG_K
    if quantity == "heat_kw":
        return _tower_heat_kw(air, water_in_c, water_kw_per_k, air_kg_s, ua_kw_per_k)
    return _leaving_water_c(heat_kw, air, water_kw_per_k, air_kg_s, ua_kw_per_k)


def _tower_air(dry_bulb_c: float, wet_bulb_c: float) -> evaporation.EnteringAir:
    """Entering air at sea level from its two bulbs (ASHRAE Fundamentals 2021, ch. 1, eq. 33)."""
    pressure_pa = moist_air.STANDARD_PRESSURE_PA
    latent, vapour = moist_air.LATENT_0C_KJ_PER_KG, moist_air.CP_VAPOUR_KJ_PER_KG_K
    liquid = moist_air.CP_LIQUID_KJ_PER_KG_K * wet_bulb_c
    saturated = moist_air.saturated_humidity_kg_per_kg(wet_bulb_c, pressure_pa)
    drier_k = dry_bulb_c - wet_bulb_c
    humidity = (
        saturated * (latent + vapour * wet_bulb_c - liquid) - moist_air.CP_AIR_KJ_PER_KG_K * drier_k
    ) / (latent + vapour * dry_bulb_c - liquid)
    return evaporation.entering_air(dry_bulb_c, humidity, pressure_pa, wet_bulb_c)


def _leaving_water_c(
    heat_kw: float,
    air: evaporation.EnteringAir,
    water_kw_per_k: float,
    air_kg_s: float,
    ua_kw_per_k: float,
) -> float:
    leaving_air_c = evaporation.leaving_air_c(heat_kw, air_kg_s, air)
    return float(
        evaporation.coldest_water_c(
            heat_kw, air, leaving_air_c, water_kw_per_k, air_kg_s, ua_kw_per_k
        )
    )


def _tower_heat_kw(
    air: evaporation.EnteringAir,
    water_in_c: float,
    water_kw_per_k: float,
    air_kg_s: float,
    ua_kw_per_k: float,
) -> float:
    """The heat at which the water leaves as cold as its own range says."""
    from scipy.optimize import brentq

    def miss_k(heat_kw: float) -> float:
        leaving_c = _leaving_water_c(heat_kw, air, water_kw_per_k, air_kg_s, ua_kw_per_k)
        return leaving_c + heat_kw / water_kw_per_k - water_in_c

    most_kw = water_kw_per_k * (water_in_c - float(air.wet_bulb_c))
    return float(brentq(miss_k, 1e-6 * most_kw, most_kw, xtol=1e-9))


def boiling(fluid: str, quantity: str, pressure_pa: float) -> float:
    """A property of a boiling fluid at a pressure."""
    return float(getattr(fluids.saturation(fluid, pressure_pa), quantity))


def liquid(fluid: str, quantity: str, temperature_c: float) -> float:
    """A property of a loop fluid from the fits that the loops use."""
    return float(getattr(fluids.fluid(fluid), quantity)(temperature_c))


def pv_dc_kw(
    irradiance_w_m2: float, cell_c: float, rated_kw: float, temperature_frac_per_k: float
) -> float:
    """DC power of an array after PVWatts."""
    return float(solar.pvwatts_dc_kw(irradiance_w_m2, cell_c, rated_kw, temperature_frac_per_k))


def pv_losses_percent(parts_frac: Mapping[str, float]) -> float:
    """Losses in series after PVWatts [%]."""
    return 100.0 * solar.combined_losses_frac(*parts_frac.values())


def pv_yield_kwh_per_kw(
    weather: str,
    tilt_deg: float,
    azimuth_deg: float,
    dc_ac_frac: float,
    losses_frac: float,
    inverter_efficiency_frac: float,
) -> float:
    """Yearly AC energy per rated kilowatt of a fixed array, from a weather file."""
    if find_spec("pvlib") is None:
        raise SkippedError("needs pvlib: pip install 'dctwin[solar]'")
    year = ref1.us_weather(weather)
    yield_frac = solar.pv_yield_frac(
        year.times_utc[0],
        year.step_h,
        year.latitude_deg,
        year.longitude_deg,
        year.altitude_m,
        year.dry_bulb_c,
        year.wind_m_s,
        year.dni_w_m2,
        year.dhi_w_m2,
        year.ghi_w_m2,
        tilt_deg=tilt_deg,
        azimuth_deg=azimuth_deg,
        dc_ac_ratio=dc_ac_frac,
        losses_frac=losses_frac,
        inverter_efficiency_frac=inverter_efficiency_frac,
    )
    return float(yield_frac.sum()) * year.step_h


def wind_mwh(weather: str, turbine: str) -> float:
    """Yearly energy of one turbine before farm losses, from a weather file [MWh]."""
    from dctwin.components.onsite.wind import WindTurbine
    from dctwin.equipment import load_equipment

    year = ref1.us_weather(weather)
    machine = load_equipment(turbine).component
    assert isinstance(machine, WindTurbine)
    share = machine.yield_frac(year.wind_m_s, year.dry_bulb_c, year.density_kg_per_m3)
    return float(share.sum()) * machine.rated_kw * year.step_h / 1000.0


RUNNERS: dict[str, Callable[..., float]] = {
    "moist-air": moist_air_state,
    "closure": balances.closure,
    "tower-first-law": balances.tower_first_law,
    "metric": balances.metric,
    "cycle-cop": cycle_cop,
    "chiller-point": chiller_point,
    "chiller-iplv": chiller_iplv,
    "design-chiller-point": design_chiller_point,
    "cycle-chiller-point": cycle_chiller_point,
    "cycle-chiller-count": cycle_chiller_count,
    "tower-nominal-water": tower_nominal_water_c,
    "tower-point": tower_point,
    "boiling": boiling,
    "liquid": liquid,
    "chain-efficiency": power.chain_efficiency,
    "chain-difference": power.chain_difference,
    "busbar": power.busbar,
    "pv-dc": pv_dc_kw,
    "pv-losses": pv_losses_percent,
    "pv-yield": pv_yield_kwh_per_kw,
    "frontier-power": frontier.frontier_power,
    "battery-round-trip": stores.battery_round_trip_percent,
    "wind-energy": wind_mwh,
    "ref1": ref1.total,
    "ref1-hourly": ref1.hourly_cv_rmse_percent,
    "days-mean": halls.days_mean,
    "year-metric": halls.year_metric,
    "metric-difference": halls.metric_difference,
    "rank-correlation": halls.rank_correlation,
    "zones-inside": lei_masanet.zones_inside,
    "all-inside": lei_masanet.all_inside,
}
