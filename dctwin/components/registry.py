"""Kinds of device and where their classes live; a class is imported when it is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from dctwin.components.component import Component

_WHERE = {
    "rack": "it.rack:Rack",
    "node-rack": "it.node_rack:NodeRack",
    "loop": "cooling.loop:Loop",
    "pump": "cooling.pump:Pump",
    "exchanger": "cooling.exchanger:Exchanger",
    "crah": "cooling.crah:Crah",
    "cdu": "cooling.cdu:Cdu",
    "immersion-tank": "cooling.immersion_tank:ImmersionTank",
    "outside-air": "cooling.outside_air:OutsideAir",
    "chiller": "cooling.chiller:Chiller",
    "air-chiller": "cooling.chiller:AirChiller",
    "cycle-chiller": "cooling.cycle_chiller:CycleChiller",
    "air-cycle-chiller": "cooling.cycle_chiller:AirCycleChiller",
    "tower": "cooling.tower:Tower",
    "dry-cooler": "cooling.dry_cooler:DryCooler",
    "transformer": "power.transformer:Transformer",
    "converter": "power.converter:Converter",
    "busway": "power.busway:Busway",
    "linear-converter": "power.linear_converter:LinearConverter",
    "radial-feeder": "power.radial_feeder:RadialFeeder",
    "dc-bus": "power.dc_bus:DcBus",
    "pv": "onsite.pv:PvArray",
    "battery": "onsite.battery:Battery",
}


def kinds() -> tuple[str, ...]:
    """The names of all kinds of device."""
    return tuple(_WHERE)


@cache
def device_class(kind: str) -> type[Component]:
    """The class of a kind; KeyError when there is none."""
    module, name = _WHERE[kind].split(":")
    found: type[Component] = getattr(import_module(f"dctwin.components.{module}"), name)
    return found
