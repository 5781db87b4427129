"""Outdoor air for tests of devices, from moist-air equations that are tested on their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from dctwin.components.component import Air
from dctwin.physics import moist_air


def outdoor(dry_bulb_c: Any, relative_humidity: Any = 0.5, pressure_pa: Any = 101_325.0) -> Air:
    dry_bulb_c = np.asarray(dry_bulb_c, dtype=float)
    humidity = moist_air.humidity_kg_per_kg(dry_bulb_c, relative_humidity, pressure_pa)
    return Air(
        dry_bulb_c,
        moist_air.wet_bulb_c(dry_bulb_c, humidity, pressure_pa),
        humidity,
        moist_air.enthalpy_kj_per_kg(dry_bulb_c, humidity),
        pressure_pa + 0.0 * dry_bulb_c,
        moist_air.density_kg_per_m3(dry_bulb_c, humidity, pressure_pa),
    )
