"""Outdoor air of one moment, as plain numbers."""

from __future__ import annotations

from dataclasses import fields

import air_states

from dctwin.components.component import Air


def still_air(dry_bulb_c: float) -> Air:
    air = air_states.outdoor(dry_bulb_c, 0.5, 101_325.0)
    return Air(*(float(getattr(air, f.name)) for f in fields(Air)[:6]))
