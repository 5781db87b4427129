"""Small halls with chosen power paths, under air that never changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import document, outdoor_air

from dctwin.design import Facility, parse_design
from dctwin.engines.flows import Boundary

HOURS = 48
UNIT_KW = 100.0


def boundary(pv: dict[str, Any] | None = None) -> Boundary:
    air = outdoor_air(np.full(HOURS, 15.0), np.full(HOURS, 0.5), np.full(HOURS, 101_325.0))
    return Boundary(air, np.arange(HOURS) % 24, 1.0, 0.0, pv or {})


def ups(count: int, redundancy: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "converter", "name": "ups", "role": "ups", "rated_kw": UNIT_KW, "count": count,
        "redundancy": redundancy, "load_frac_points": [0.1, 1.0], "efficiency_points": [0.9, 0.96],
        **more,
    }  # fmt: skip


def hall(
    power: dict[str, Any],
    racks: dict[str, Any] | None = None,
    kw: float = 400.0,
    onsite: dict[str, Any] | None = None,
) -> Facility:
    group = {
        "kind": "rack", "design_kw": kw / 10, "count": 10, "fan_frac": 0, "liquid_frac": 0,
        "load_frac": 1.0, "air": "room",
    }  # fmt: skip
    room = {
        "fluid": "air", "design_heat_kw": 2 * kw, "supply_c": 25, "rise_k": 12,
        "stages": [{
            "kind": "outside-air", "design_flow_m3_s": kw / 5, "fan_rise_pa": 300,
        }],
    }  # fmt: skip
    return parse_design(
        document(
            {
                "name": "hall", "title": "for tests",
                "it": {"racks": racks or {"all": group}},
                "cooling": {"loops": {"room": room}},
                "power": power,
                "onsite": onsite or {},
            }
        )
    )  # fmt: skip


def group(feed: str, kw: float) -> dict[str, Any]:
    return {
        "kind": "rack", "design_kw": kw, "fan_frac": 0, "load_frac": 1.0, "air": "room",
        "feed": feed,
    }  # fmt: skip
