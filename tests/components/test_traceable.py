"""Every number of a device may be one that JAX traces while all others are plain.

A function that leaves a parameter out of `namespace(...)` hands a traced array to NumPy, and a sweep
that varies this parameter falls back from JAX to NumPy. One number at a time is traced here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from test_contract import outdoor, place, sizes

from dctwin.components.component import Air, Component, Duty, Stage
from dctwin.components.it.rack import Rack
from dctwin.components.power.stage import PowerStage
from dctwin.design import load_design
from dctwin.equipment import load_equipment
from dctwin.library import entries
from dctwin.physics.fluids import FROST_PROOF
from dctwin.physics.trees import taken_apart
from dctwin.site import load_site
from dctwin.surroundings import prepare
from dctwin.sweeps.compiled import one_design, site_arrays
from dctwin.sweeps.kernel import Bench

jax = pytest.importorskip("jax")

ALL = {name: load_equipment(str(path)).component for name, path in entries("equipment").items()}
DUTY_NUMBERS = ["heat_kw", "return_c", "flow_kw_per_k", "sink_c", "sink_kw_per_k", "cold_kw"]


def numbers(component: Component) -> list[str]:
    """Parameters that a batch may vary."""
    values = {name: getattr(component, name) for name in type(component).model_fields}
    return [
        name
        for name, value in values.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]


def branch(component: Component) -> str:
    """What selects code in a device: its kind, its words, which of its numbers are zero."""
    words = {
        name: bool(value) if name in numbers(component) else value
        for name, value in dict(component).items()
        if not isinstance(value, tuple)
    }
    return component.kind + json.dumps(words, sort_keys=True, default=repr)


def one_of_each(base: type[Component], among: Mapping[str, Component] = ALL) -> list[str]:
    """A machine of the catalogue for every branch of code."""
    found: dict[str, str] = {}
    for name, component in sorted(among.items()):
        if isinstance(component, base):
            found.setdefault(branch(component), name)
    return sorted(found.values())


def traced(work: Callable[..., Any], *examples: Any) -> None:
    """Trace it as JAX does to compile it; raises where a traced number meets NumPy."""

    def arrays(*values: Any) -> list[Any]:
        return list(taken_apart(work(*values), lambda v: isinstance(v, jax.Array))[0])

    jax.eval_shape(arrays, *examples)


NUMBER = jax.ShapeDtypeStruct((), np.float64)


def failures(names: list[str], work: Callable[..., Any], *others: Any) -> dict[str, str]:
    """Of these names those that cannot be traced, and why; work(name, number, *others)."""
    found = {}
    for name in names:
        try:
            traced(partial(work, name), NUMBER, *others)
        except Exception as problem:
            found[name] = str(problem).splitlines()[0]
    return found


def duty_of(stage: Any) -> Duty:
    """A duty in plain numbers, as of a constant load at a constant setpoint."""
    heat_kw, rate, volume_kj = sizes(stage)
    return Duty(
        heat_kw=heat_kw,
        return_c=30.0,
        flow_kw_per_k=rate,
        flow_m3_s=rate / volume_kj,
        air=outdoor(18.0, 0.6, 101_325.0),
        sink_c=20.0,
        sink_kw_per_k=rate,
        cold_kw=heat_kw * 0.1 if stage.makes_cold else 0.0,
        cold_c=12.0 if stage.makes_cold else 0.0,
    )


# Weather and clock of a site are always traced.
SITE = [jax.ShapeDtypeStruct((24,), np.float64)] * (len(fields(Air)) + 2)


def at_site(duty: Duty, site: Sequence[Any]) -> Duty:
    *air, water_c, hour = site
    return replace(duty, air=Air(*air), place=place(water_c, hour))


@pytest.mark.parametrize("name", one_of_each(Stage))
def test_each_number_of_a_cooling_stage(name: str) -> None:
    stage: Any = ALL[name]
    duty = duty_of(stage)

    def work(parameter: str, number: Any, *site: Any) -> Any:
        one, here = stage.with_values(**{parameter: number}), at_site(duty, site)
        return one.serve(here), one.reach_c(here)

    assert failures(numbers(stage), work, *SITE) == {}


@pytest.mark.parametrize("name", one_of_each(Stage))
def test_each_number_of_a_duty(name: str) -> None:
    stage: Any = ALL[name]
    duty = duty_of(stage)

    def work(parameter: str, number: Any, *site: Any) -> Any:
        here = at_site(replace(duty, **{parameter: number}), site)
        return stage.serve(here), stage.reach_c(here)

    assert failures(DUTY_NUMBERS, work, *SITE) == {}


@pytest.mark.parametrize("name", one_of_each(PowerStage))
def test_each_number_of_a_power_device(name: str) -> None:
    device: Any = ALL[name]
    output_kw = 0.5 * device.rated_kw

    def work(parameter: str, number: Any) -> Any:
        one = device if parameter == "load" else device.with_values(**{parameter: number})
        load_kw = number if parameter == "load" else output_kw
        return one.loss_kw(load_kw), one.limits(load_kw), one.peak_load_fracs()

    assert failures(["load", *numbers(device)], work) == {}


@pytest.mark.parametrize("name", one_of_each(Rack))
def test_each_number_of_a_rack(name: str) -> None:
    rack: Any = ALL[name]

    def work(parameter: str, number: Any) -> Any:
        given = dict.fromkeys(given_names, 1.0) | {"load": 0.8, "inlet_c": 25.0, "coolant_c": 40.0}
        given |= {parameter: number}
        one = rack if parameter in given_names else rack.with_values(**{parameter: number})
        most_kw = one.most_liquid_kw(
            given["load"], given["coolant_c"], lambda heat_kw: heat_kw / 10.0 + 1.0
        )
        return (
            one.power(given["load"], given["inlet_c"], given["density_frac"]),
            one.allowed_load(given["load"], given["inlet_c"], most_kw),
        )

    given_names = ["load", "inlet_c", "coolant_c", "density_frac"]
    assert failures([*given_names, *numbers(rack)], work) == {}


LOOPS = {
    f"{name}.{circuit.name}": circuit.loop
    for name in entries("designs")
    for circuit in load_design(name).circuits
    if circuit.loop.fluid not in FROST_PROOF  # settled by the site
}


@pytest.mark.parametrize("name", one_of_each(Component, LOOPS))
def test_each_number_of_a_loop(name: str) -> None:
    loop = LOOPS[name]

    def work(parameter: str, number: Any, *air: Any) -> Any:
        heat_kw = number if parameter == "heat" else 0.5 * loop.design_heat_kw
        one = loop if parameter == "heat" else loop.with_values(**{parameter: number})
        here = Air(*air)
        flow = one.flow_kw_per_k(heat_kw, here.dry_bulb_c)
        supply_c = one.setpoint_c(here, one.load_frac(heat_kw))
        return (
            flow,
            supply_c,
            one.inlet_c(supply_c, heat_kw, flow),
            one.plate_c(supply_c),
            one.return_c(supply_c, heat_kw, flow),
            one.volume_kj_per_m3_k(here.pressure_pa),
        )

    assert failures(["heat", *numbers(loop)], work, *SITE[: len(fields(Air))]) == {}


PUMPS = {name: one for name, one in ALL.items() if one.kind == "pump"}


@pytest.mark.parametrize("name", one_of_each(Component, PUMPS))
def test_each_number_of_a_pump(name: str) -> None:
    pump: Any = PUMPS[name]

    def work(parameter: str, number: Any) -> Any:
        flow_m3_s = number if parameter == "flow" else 0.5 * pump.design_flow_m3_s
        one = pump if parameter == "flow" else pump.with_values(**{parameter: number})
        return one.power(flow_m3_s), one.power(flow_m3_s, 0.5)

    assert failures(["flow", *numbers(pump)], work) == {}


def onsite(one: Any, kw: Any, air_c: Any) -> Any:
    """What the engine asks of an on-site device in one step."""
    match one.kind:
        case "battery":
            return one.cell_c(air_c), one.drawn_kw(kw, one.ohmic_frac_per_kw(air_c))
        case "genset":
            return one.fuel_kw(kw), one.heat_recovered_kw(kw), one.standby_kw(kw), one.limits(kw)
        case "electrolyser":
            return one.hydrogen_kg_per_h(kw)
        case "fuel-cell":
            return one.fuel_kw(kw)
    # The yield of sun and wind is computed before the engine runs, in NumPy.
    return one.output_kw(0.5)


ONSITE_KINDS = ("battery", "genset", "electrolyser", "fuel-cell", "wind", "pv", "series")
ONSITE = {name: one for name, one in ALL.items() if one.kind in ONSITE_KINDS}


@pytest.mark.parametrize("name", one_of_each(Component, ONSITE))
def test_each_number_of_an_onsite_device(name: str) -> None:
    device: Any = ONSITE[name]

    def work(parameter: str, number: Any, air_c: Any) -> Any:
        one = device if parameter == "load" else device.with_values(**{parameter: number})
        return onsite(one, number if parameter == "load" else 100.0, air_c)

    assert failures(["load", *numbers(device)], work, SITE[0]) == {}


@pytest.mark.parametrize(
    "place",
    [
        ("racks", 0, "load_frac"),
        ("racks", 0, "daily_profile_frac", 3),
        ("circuits", 0, "loop", "ventilation_m3_s"),
        ("onsite", "heat_monthly_frac", 5),
    ],
    ids=str,
)
def test_a_number_of_the_design(place: tuple[str | int, ...]) -> None:
    bench = Bench(load_design("standby-diesel-outage-ac"), prepare(load_site("inzai")), (place,))
    site, empty = site_arrays(bench)
    traced(one_design(bench, empty), jax.ShapeDtypeStruct((1,), np.float64), site)
