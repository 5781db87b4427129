"""Designs: a YAML file becomes a checked, immutable `Facility`."""

from dctwin.design.contracts import Contract
from dctwin.design.cooling import Circuit
from dctwin.design.facility import DesignFile, Facility, load_design, parse_design
from dctwin.design.it import RackGroup
from dctwin.design.onsite import OnsitePlant, source_key
from dctwin.design.power import BusSources, Feed
from dctwin.design.reader import Device, installed

__all__ = [
    "BusSources",
    "Circuit",
    "Contract",
    "DesignFile",
    "Device",
    "Facility",
    "Feed",
    "OnsitePlant",
    "RackGroup",
    "installed",
    "load_design",
    "parse_design",
    "source_key",
]
