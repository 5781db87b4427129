"""The contract of a cooling stage, for every machine in the catalogue that is one.

Duties are drawn by Hypothesis: load, flows, temperatures, humidity and altitude, within and well
beyond what the machines are built for.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import air_states
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dctwin.banks import serve as bank_serve
from dctwin.components.component import (
    NO_TEMPERATURE_LIMIT_C,
    Air,
    Duty,
    Place,
    Service,
    Stage,
    inside,
)
from dctwin.components.registry import device_class, kinds
from dctwin.design import Device
from dctwin.document import load_document
from dctwin.equipment import Equipment, build_component, load_equipment
from dctwin.errors import InputError
from dctwin.library import entries
from dctwin.physics import moist_air
from dctwin.units import KELVIN_AT_0_C, unit_of

AIR_KJ_PER_M3_K = 1.2 * 1.006
WATER_KJ_PER_M3_K = 4150.0
OIL_KJ_PER_M3_K = 1700.0


def _is_stage(kind: str) -> bool:
    try:
        return issubclass(device_class(kind), Stage)
    except ModuleNotFoundError:  # a kind that is announced and not written yet
        return False


STAGE_KINDS = [kind for kind in kinds() if _is_stage(kind)]
MACHINES: dict[str, Equipment] = {
    name: load_equipment(str(path))
    for name, path in entries("equipment").items()
    if path.parent.name in STAGE_KINDS
}
# Their hours chain; what they do follows the clock.
STORES = {"chilled-water-tank", "ice-tank", "snow-store"}
# Held back by power, demand or permit besides temperature: reach and order of temperatures are
# tested beside them.
OTHERWISE_LIMITED = STORES | {
    "natural-water", "lng-cold", "heat-reuse", "heat-pump", "absorption-chiller"
}  # fmt: skip
# What a duty has in numbers.
_NO_NUMBERS = ("air", "place", "charge_kwh", "humidifier", "dew_point_min_c", "watched")
NUMBERS = [f.name for f in fields(Duty) if f.name not in _NO_NUMBERS]
CHILLERS = {
    "chiller",
    "air-chiller",
    "cycle-chiller",
    "air-cycle-chiller",
    "free-cooling-chiller",
    "dx-unit",
}
# What may be wet or dry, and how its service says so: only the same state of both compares.
WET_OR_DRY = {"hybrid-cooler": "wet_frac", "indirect-evaporative": "wet_frac"}


def kind_of(name: str) -> str:
    return MACHINES[name].file.kind


machines = pytest.mark.parametrize("name", sorted(MACHINES))
drawn = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much],
)


def sizes(stage: Any) -> tuple[float, float, float]:
    """Nominal heat [kW], capacity rate [kW/K] and heat capacity of its fluid [kJ/m³/K]."""
    match stage.kind:
        case "crah" | "outside-air" | "indirect-evaporative" | "rear-door":
            rate = stage.design_flow_m3_s * AIR_KJ_PER_M3_K
            return 11.0 * rate, rate, AIR_KJ_PER_M3_K
        case "cdu" | "air-cdu":
            rate = stage.design_flow_m3_s * WATER_KJ_PER_M3_K
            return 10.0 * rate, rate, WATER_KJ_PER_M3_K
        case "immersion-tank":
            rate = stage.design_flow_m3_s * OIL_KJ_PER_M3_K
            return 8.0 * rate, rate, OIL_KJ_PER_M3_K
        case "two-phase-cdu":
            # Apparent heat capacity: evaporation over 2 K of subcooling.
            heat = 8.0 * stage.ua_kw_per_k
            return heat, heat / 2.0, heat / 2.0 / stage.design_flow_m3_s
        case "boiling-tank":
            return stage.rated_kw, stage.rated_kw / 2.0, 60_000.0
        case "exchanger":
            return 3.0 * stage.ua_kw_per_k, stage.ua_kw_per_k, WATER_KJ_PER_M3_K
        case "dx-unit":
            return stage.reference_kw, stage.reference_kw / stage.rated_rise_k, AIR_KJ_PER_M3_K
        case "dry-cooler" | "thermosyphon-cooler":
            rate = stage.rated_heat_kw / stage.rated_range_k
            return stage.rated_heat_kw, rate, WATER_KJ_PER_M3_K
        case "tower" | "closed-cooler" | "hybrid-cooler":
            rate = stage.design_water_m3_s * WATER_KJ_PER_M3_K
            return stage.rated_kw, rate, WATER_KJ_PER_M3_K
        case kind if kind in CHILLERS:
            return stage.reference_kw, stage.reference_kw / 6.0, WATER_KJ_PER_M3_K
        case "natural-water":
            rate = stage.design_flow_m3_s * stage.water_kj_per_m3_k
            return rate * stage.max_rise_k, rate, WATER_KJ_PER_M3_K
        case "chilled-water-tank" | "ice-tank" | "snow-store":
            return stage.discharge_kw, stage.discharge_kw / 8.0, WATER_KJ_PER_M3_K
        case "lng-cold":
            return 400.0 * stage.rated_kg_s, 50.0 * stage.rated_kg_s, WATER_KJ_PER_M3_K
        case "heat-reuse" | "heat-pump":
            return stage.capacity_kw, stage.capacity_kw / 10.0, WATER_KJ_PER_M3_K
        case "absorption-chiller":
            return 1.4 * stage.rated_kw, 0.15 * stage.rated_kw, WATER_KJ_PER_M3_K
    raise AssertionError(f"say how big a {stage.kind} is")


def outdoor(dry_bulb_c: float, relative_humidity: float, pressure_pa: float) -> Air:
    air = air_states.outdoor(dry_bulb_c, relative_humidity, pressure_pa)
    numbers = [float(getattr(air, f.name)) for f in fields(Air)[:6]]
    # Saturated air: the two bulbs agree to rounding, and the wet one is never the warmer.
    return replace(Air(*numbers), wet_bulb_c=min(numbers[0], numbers[1]))


def place(water_c: Any = 15.0, hour: Any = 12) -> Place:
    """A place whose natural waters all have this temperature."""
    waters = dict.fromkeys(("sea", "river", "lake", "ground"), water_c)
    return Place(
        local_hour=hour,
        year_frac=0.4 + 0.0 * water_c,
        waters=waters,
        snowfall_m_per_h=0.0 * water_c,
        price_frac=1.0 + 0.0 * water_c,
    )


airs = st.builds(outdoor, st.floats(-20, 45), st.floats(0.05, 1.0), st.floats(80_000, 103_000))


@st.composite
def duties(draw: Any, machine: Equipment, least_load: float = 0.0, most_load: float = 1.2) -> Duty:
    """Any duty of a passive device; for a chiller one near the range of its curves."""
    stage: Any = machine.component
    heat, rate, volume_kj = sizes(stage)
    flow = draw(st.floats(0.2, 1.3)) * rate
    # None, or a millionth and more: below, rounding is all that is left of a coefficient.
    some = st.floats(max(least_load, 1e-6), most_load)
    load = draw(some if least_load > 0 else st.one_of(st.just(0.0), some))
    heat_kw = load * heat
    air = draw(airs)
    return_c, sink_c = draw(st.floats(10, 65)), draw(st.floats(5, 45))
    if stage.kind in CHILLERS:
        flow = draw(st.floats(0.7, 1.3)) * rate
        leaving_c = draw(st.floats(*machine.file.valid.get("leaving_c", (5, 15))))
        return_c = leaving_c + heat_kw / flow
        sink_c = draw(st.floats(*machine.file.valid.get("condenser_entering_c", (15, 35))))
        if stage.rejects_to == "air":
            air = outdoor(sink_c, 0.5, air.pressure_pa)
    return Duty(
        heat_kw=heat_kw,
        return_c=return_c,
        flow_kw_per_k=flow,
        flow_m3_s=flow / volume_kj,
        air=air,
        sink_c=sink_c,
        sink_kw_per_k=draw(st.floats(0.2, 1.5)) * rate,
        place=place(sink_c, draw(st.integers(0, 23)) if stage.kind in STORES else 12),
        cold_kw=draw(st.floats(0.0, 1.0)) * heat if stage.makes_cold else 0.0,
        cold_c=draw(st.floats(6.0, 20.0)) if stage.makes_cold else 0.0,
    )


def served_fully(stage: Stage, duty: Duty, margin_k: float = 0.0) -> Duty:
    """The duty with the return at which all of the heat just goes, plus a margin."""
    reach_c = stage.reach_c(duty)
    return replace(duty, return_c=reach_c + duty.heat_kw / duty.flow_kw_per_k + margin_k)


def total_kw(service: Service) -> Any:
    return sum(service.power_kw.values())


def is_valid(machine: Equipment, service: Service) -> bool:
    """Within the file's valid ranges and the device's own limits."""
    ranges = all(
        inside(service.traces[key], *bounds) <= 0 for key, bounds in machine.file.valid.items()
    )
    return bool(ranges and all(limit.beyond <= 0 for limit in service.limits))


def flat(service: Service) -> dict[str, Any]:
    """Everything that a service says, by name."""
    water = service.water
    found = {"heat": service.heat_kw, "reject": service.reject_kw}
    found |= {f"power.{k}": v for k, v in service.power_kw.items()}
    found["cold"] = service.cold_kw
    store = service.store
    found |= {f"store.{f.name}": getattr(store, f.name) for f in fields(store)} if store else {}
    found |= {f"water.{f.name}": getattr(water, f.name) for f in fields(water)} if water else {}
    found |= {f"limit.{limit.name}": limit.beyond for limit in service.limits}
    return found | {f"trace.{k}": v for k, v in service.traces.items()}


def test_every_kind_of_stage_has_a_machine() -> None:
    assert {MACHINES[name].file.kind for name in MACHINES} == set(STAGE_KINDS)


@machines
def test_reports_are_named_for_their_units(name: str) -> None:
    machine = MACHINES[name]
    stage: Any = machine.component
    air = outdoor(15.0, 0.6, 101_325.0)
    duty = Duty(1.0, 20.0, 1.0, 1e-4, air, 15.0, 1.0, place())
    traces = stage.serve(duty).traces
    assert set(traces) == set(getattr(stage, "reports", ()))
    assert set(machine.file.valid) <= set(traces)
    for report in traces:
        assert unit_of(report) is not None or report in ("cop", "ntu")


@machines
@given(data=st.data())
@drawn
def test_books_close_and_nothing_is_negative(name: str, data: st.DataObject) -> None:
    stage: Any = MACHINES[name].component
    duty = data.draw(duties(MACHINES[name]))
    service = stage.serve(duty)
    came = service.heat_kw + service.cold_kw + total_kw(service)
    left = service.reject_kw
    if service.store is not None:
        came, left = came + service.store.gained_kw, left + service.store.returned_kw
        came, left = came - min(service.store.stored_kw, 0), left + max(service.store.stored_kw, 0)
        assert min(service.store.gained_kw, service.store.returned_kw) >= 0.0
    assert math.isclose(came, left, rel_tol=1e-12, abs_tol=1e-12)
    assert 0.0 <= service.cold_kw <= duty.cold_kw
    assert 0.0 <= service.heat_kw <= duty.heat_kw
    assert min(service.power_kw.values(), default=0.0) >= 0.0
    for key, value in flat(service).items():
        assert np.all(np.isfinite(value)), key
        if key.startswith("water."):
            assert value >= 0.0


@machines
@given(data=st.data())
@drawn
def test_heat_flows_downhill(name: str, data: st.DataObject) -> None:
    """No fluid leaves colder than what cools it, and no sink is warmed above what warms it."""
    machine = MACHINES[name]
    stage: Any = machine.component
    duty = data.draw(duties(machine))
    service = stage.serve(duty)
    assume(service.heat_kw > 0)
    leaving_c = duty.return_c - service.heat_kw / duty.flow_kw_per_k
    if stage.kind in CHILLERS:
        assume(is_valid(machine, service))
        # The refrigerant takes heat from warmer water and gives it to colder.
        assert service.traces.get("evaporating_c", leaving_c) <= leaving_c + 1e-9
        ambient_c = duty.sink_c if stage.rejects_to == "loop" else duty.air.dry_bulb_c
        # Second law: at least the work of a reversible machine between the same two waters.
        lift_k = ambient_c - leaving_c
        if stage.kind in ("free-cooling-chiller", "dx-unit") and lift_k < 0:
            return  # free cooling: heat goes downhill by itself
        assert total_kw(service) >= service.heat_kw * lift_k / (leaving_c + KELVIN_AT_0_C) - 1e-9
        assert service.traces.get("condensing_c", ambient_c) >= ambient_c - 1e-9
        return
    if stage.kind in OTHERWISE_LIMITED:
        match stage.kind:
            case "natural-water":
                coldest_c = duty.sink_c
            case "lng-cold":
                coldest_c = stage.fluid_c
            case "chilled-water-tank":
                coldest_c = stage.cold_c
            case "heat-reuse":
                coldest_c = stage.network_return_c
            case "absorption-chiller":
                coldest_c = duty.sink_c
            case _:  # ice and snow; a heat pump may go lower
                coldest_c = 0.0 if stage.kind in STORES else -273.15
    elif stage.rejects_to == "loop":
        coldest_c = duty.sink_c
        # Fans and pumps warm the sink's fluid by themselves, after the coil, as far as they like.
        sink_leaving_c = duty.sink_c + service.heat_kw / duty.sink_kw_per_k
        assert sink_leaving_c <= duty.return_c + 1e-9
    else:
        wet = (
            stage.kind in ("tower", "closed-cooler")
            or service.traces.get("wet_frac", 0.0) > 0
            or getattr(stage, "pad_efficiency_frac", 0.0) > 0
        )
        coldest_c = duty.air.wet_bulb_c if wet else duty.air.dry_bulb_c
    assert leaving_c >= coldest_c - 1e-9


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in sorted(MACHINES)
        if kind_of(n) not in STORES | {"lng-cold", "heat-reuse", "absorption-chiller"}
    ],
)
@given(data=st.data(), warmer_k=st.floats(0.5, 15))
@drawn
def test_warmer_surroundings_are_never_cheaper(
    name: str, data: st.DataObject, warmer_k: float
) -> None:
    """At equal heat, and equal relative humidity."""
    machine = MACHINES[name]
    stage: Any = machine.component
    duty = data.draw(duties(machine, least_load=0.1, most_load=0.9))
    air = duty.air
    humidity = moist_air.relative_humidity_frac(
        air.dry_bulb_c, air.humidity_kg_per_kg, air.pressure_pa
    )
    warm_air = outdoor(air.dry_bulb_c + warmer_k, humidity, air.pressure_pa)
    if stage.kind == "dry-cooler" and stage.pad_efficiency_frac > 0:
        # Wetting the pads buys fan power with water: only the same state of them compares.
        assume((air.dry_bulb_c > stage.wet_above_c) == (warm_air.dry_bulb_c > stage.wet_above_c))
    warm = replace(
        duty,
        air=warm_air,
        sink_c=duty.sink_c + warmer_k,
        place=place(duty.sink_c + warmer_k, duty.place.local_hour),
    )
    if stage.kind not in CHILLERS:
        warm = served_fully(stage, warm, margin_k=1.0)
    cool = replace(duty, return_c=warm.return_c)
    cheap, dear = stage.serve(cool), stage.serve(warm)
    if stage.kind in CHILLERS:
        assume(is_valid(machine, cheap) and is_valid(machine, dear))
    if state := WET_OR_DRY.get(stage.kind):
        assume(cheap.traces[state] == dear.traces[state])
    assume(min(cheap.heat_kw, dear.heat_kw) >= duty.heat_kw * (1.0 - 1e-12))
    assert total_kw(dear) >= total_kw(cheap) * (1.0 - 1e-9)


@machines
def test_nothing_asked_nothing_done(name: str) -> None:
    stage: Any = MACHINES[name].component
    heat, rate, volume_kj = sizes(stage)
    for flow in (0.0, rate):
        for return_c in (5.0, 20.0, 60.0):
            duty = Duty(
                0.0,
                return_c,
                flow,
                flow / volume_kj,
                outdoor(20.0, 0.5, 101_325.0),
                15.0,
                rate,
                place(),
            )
            service = stage.serve(duty)
            assert service.heat_kw == 0.0
            assert service.reject_kw == 0.0
            assert total_kw(service) == 0.0
            assert all(np.all(np.isfinite(value)) for value in flat(service).values())
            assert np.isfinite(stage.reach_c(duty))
    # Heat that no fluid brings cannot be removed.
    stopped = Duty(heat, 40.0, 0.0, 0.0, outdoor(20.0, 0.5, 101_325.0), 15.0, rate, place())
    assert stage.serve(stopped).heat_kw == 0.0


@machines
@given(data=st.data(), factor=st.floats(0.2, 8))
@drawn
def test_a_bigger_machine_does_more_of_the_same(
    name: str, data: st.DataObject, factor: float
) -> None:
    """Extensive parameters and duty times a factor: service times it, temperatures the same."""
    stage: Any = MACHINES[name].component
    duty = data.draw(duties(MACHINES[name]))
    bigger = stage.with_values(**{key: getattr(stage, key) * factor for key in stage.extensive})
    one, many = stage.serve(duty), bigger.serve(duty.scaled(factor))
    expected = flat(replace(one.scaled(factor), limits=(), traces=one.traces))
    actual = flat(replace(many, limits=()))
    for key, value in expected.items():
        # 1e-8 for what an iteration of relative accuracy 1e-9 leaves.
        assert actual[key] == pytest.approx(value, rel=1e-8, abs=1e-9), key
    assert bigger.reach_c(duty.scaled(factor)) == pytest.approx(stage.reach_c(duty), abs=1e-9)


@machines
@given(data=st.data())
@drawn
def test_two_units_share_a_duty(name: str, data: st.DataObject) -> None:
    stage: Any = MACHINES[name].component
    duty = data.draw(duties(MACHINES[name]))
    both = bank_serve(Device("bank", stage, 2), duty.scaled(2.0))
    for key, value in flat(stage.serve(duty).scaled(2.0)).items():
        assert flat(both)[key] == pytest.approx(value, rel=1e-12, abs=1e-12), key


@pytest.mark.parametrize("name", [n for n in sorted(MACHINES) if kind_of(n) in CHILLERS])
def test_a_chiller_is_not_limited_by_temperature(name: str) -> None:
    stage: Any = MACHINES[name].component
    assert np.all(stage.reach_c(year(stage)) == NO_TEMPERATURE_LIMIT_C)


@pytest.mark.parametrize(
    "name", [n for n in sorted(MACHINES) if kind_of(n) not in CHILLERS | OTHERWISE_LIMITED]
)
@given(data=st.data())
@drawn
def test_reach_is_where_serving_ends(name: str, data: st.DataObject) -> None:
    stage: Any = MACHINES[name].component
    duty = data.draw(duties(MACHINES[name], least_load=0.02))
    reach_c = stage.reach_c(duty)
    assert stage.reach_c(replace(duty, return_c=duty.return_c + 7.0)) == reach_c
    at_reach = stage.serve(served_fully(stage, duty))
    assert at_reach.heat_kw == pytest.approx(duty.heat_kw, rel=1e-9)
    colder = stage.serve(served_fully(stage, duty, margin_k=-0.1))
    assert colder.heat_kw < duty.heat_kw


@machines
def test_wrong_parameters_are_refused_in_one_line(name: str) -> None:
    machine = MACHINES[name]
    document = load_document(machine.path)
    for row in machine.component.parameters():
        if row["low"] is None:
            continue
        wrong = [float("nan"), float("inf"), row["low"] - 1.0, row["high"] + 1.0, "7", True, None]
        for value in wrong:
            values = dict(machine.file.params) | {row["name"]: value}
            with pytest.raises(InputError) as refused:
                build_component(machine.file.kind, values, document, ("params",))
            (fault,) = refused.value.faults
            assert row["name"] in fault.field
            assert "\n" not in str(fault)
    values = dict(machine.file.params) | {"surplus": 1.0}
    with pytest.raises(InputError, match="surplus"):
        build_component(machine.file.kind, values, document, ("params",))


def year(stage: Any, hours: int = 200) -> Duty:
    """A duty of arrays, from a fixed seed."""
    rng = np.random.default_rng(7)
    heat, rate, volume_kj = sizes(stage)
    cold = stage.kind in CHILLERS
    air = air_states.outdoor(
        rng.uniform(-15, 42, hours), rng.uniform(0.1, 1, hours), rng.uniform(82_000, 103_000, hours)
    )
    flow = rng.uniform(0.2, 1.2, hours) * rate
    return Duty(
        rng.uniform(0, 1.1, hours) * heat,
        rng.uniform(10, 25, hours) if cold else rng.uniform(15, 60, hours),
        flow,
        flow / volume_kj,
        air,
        (sink_c := rng.uniform(10, 35, hours)),
        rng.uniform(0.3, 1.3, hours) * rate,
        place(sink_c, np.arange(hours) % 24),
    )


def answers(stage: Any, duty: Duty) -> dict[str, Any]:
    return flat(stage.serve(duty)) | {"reach": stage.reach_c(duty)}


@pytest.mark.parametrize("name", [n for n in sorted(MACHINES) if kind_of(n) not in STORES])
def test_arrays_give_what_numbers_give(name: str) -> None:
    stage: Any = MACHINES[name].component
    duty = year(stage, 20)
    arrays = answers(stage, duty)
    for hour in range(20):
        air = Air(*(float(getattr(duty.air, f.name)[hour]) for f in fields(Air)[:6]))
        numbers = {key: float(np.broadcast_to(getattr(duty, key), (20,))[hour]) for key in NUMBERS}
        here = place(numbers["sink_c"], hour % 24)
        single = answers(stage, Duty(**numbers, air=air, place=here))
        for key, value in single.items():
            got = np.broadcast_to(arrays[key], (20,))[hour]
            assert got == pytest.approx(value, rel=1e-9, abs=1e-9), key


@machines
def test_designs_stack_along_the_first_axis(name: str) -> None:
    stage: Any = MACHINES[name].component
    numeric = {
        row["name"]: (getattr(stage, row["name"]), row["high"])
        for row in stage.parameters()
        if row["low"] is not None
    }
    variants = [
        {key: min(value * grow, high) for key, (value, high) in numeric.items()}
        for grow in (1.0, 1.03)
    ]
    stacked = stage.with_values(
        **{key: np.array([v[key] for v in variants])[:, None] for key in numeric}
    )
    duty = year(stage)
    together = answers(stacked, duty)
    for row, values in enumerate(variants):
        for key, value in answers(stage.with_values(**values), duty).items():
            got = np.broadcast_to(together[key], (2, 200))[row]
            np.testing.assert_allclose(got, value, rtol=1e-9, atol=1e-9, err_msg=key)


@machines
def test_numpy_and_jax_agree(name: str) -> None:
    jax = pytest.importorskip("jax")
    stage: Any = MACHINES[name].component
    duty = year(stage)
    with jax.enable_x64(True):
        as_jax = jax.numpy.asarray

        @jax.jit
        def traced(values: dict[str, Any], air: dict[str, Any]) -> dict[str, Any]:
            return answers(stage, Duty(air=Air(**air), place=duty.place, **values))

        got = traced(
            {key: as_jax(getattr(duty, key)) for key in NUMBERS},
            {f.name: as_jax(getattr(duty.air, f.name)) for f in fields(Air)[:6]},
        )
    for key, value in answers(stage, duty).items():
        np.testing.assert_allclose(np.asarray(got[key]), value, rtol=1e-9, atol=1e-9, err_msg=key)
