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
    "rear-door": "cooling.rear_door:RearDoor",
    "cdu": "cooling.cdu:Cdu",
    "air-cdu": "cooling.air_cdu:AirCdu",
    "two-phase-cdu": "cooling.two_phase_cdu:TwoPhaseCdu",
    "immersion-tank": "cooling.immersion_tank:ImmersionTank",
    "boiling-tank": "cooling.boiling_tank:BoilingTank",
    "outside-air": "cooling.outside_air:OutsideAir",
    "chiller": "cooling.chiller:Chiller",
    "air-chiller": "cooling.chiller:AirChiller",
    "cycle-chiller": "cooling.cycle_chiller:CycleChiller",
    "air-cycle-chiller": "cooling.cycle_chiller:AirCycleChiller",
    "free-cooling-chiller": "cooling.free_cooling_chiller:FreeCoolingChiller",
    "dx-unit": "cooling.dx_unit:DxUnit",
    "indirect-evaporative": "cooling.indirect_evaporative:IndirectEvaporative",
    "closed-cooler": "cooling.closed_cooler:ClosedCooler",
    "hybrid-cooler": "cooling.closed_cooler:HybridCooler",
    "thermosyphon-cooler": "cooling.thermosyphon_cooler:ThermosyphonCooler",
    "tower": "cooling.tower:Tower",
    "dry-cooler": "cooling.dry_cooler:DryCooler",
    "natural-water": "cooling.natural_water:NaturalWater",
    "chilled-water-tank": "cooling.store:ChilledWaterTank",
    "ice-tank": "cooling.store:IceTank",
    "snow-store": "cooling.snow_store:SnowStore",
    "lng-cold": "cooling.lng_cold:LngCold",
    "heat-reuse": "cooling.heat_reuse:HeatReuse",
    "heat-pump": "cooling.heat_reuse:HeatPump",
    "absorption-chiller": "cooling.absorption:AbsorptionChiller",
    "transformer": "power.transformer:Transformer",
    "converter": "power.converter:Converter",
    "loss-law": "power.loss_law:LossLaw",
    "busway": "power.busway:Busway",
    "radial-feeder": "power.radial_feeder:RadialFeeder",
    "dc-bus": "power.dc_bus:DcBus",
    "ride-through": "power.ride_through:RideThrough",
    "pv": "onsite.pv:PvArray",
    "wind": "onsite.wind:WindTurbine",
    "series": "onsite.series:GenerationSeries",
    "battery": "onsite.battery:Battery",
    "genset": "onsite.genset:Genset",
    "electrolyser": "onsite.electrolyser:Electrolyser",
    "hydrogen-tank": "onsite.hydrogen_tank:HydrogenTank",
    "fuel-cell": "onsite.fuel_cell:FuelCell",
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
